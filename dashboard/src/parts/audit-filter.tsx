/**
 * What of the audit is to be seen: one kind of event, one person, some days.
 */

import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useEffect } from 'react'
import type { AuditExport } from 'sallyport/admin'
import { useClient } from 'sallyport/react'
import { texts } from '../texts.ts'
import classes from './audit-filter.module.css'
import { idOf, usePerson } from './person.tsx'

const words = texts.audit.filter

/** As it stands in the address: days without a zone, which are those of whoever looks. */
export interface Narrowed {
  readonly type?: string
  /** An id. */
  readonly user?: string
  /** `YYYY-MM-DD`, both days included. */
  readonly from?: string
  readonly to?: string
}

/** As it is asked of the server; days that are none are left out. */
export function askedIn({ type, user, from, to }: Narrowed): AuditExport {
  const begin = instantOf(from, 0)
  const end = instantOf(to, 1)
  return {
    ...(type && { type }),
    ...(user && { user }),
    ...(begin && { from: begin }),
    ...(end && { to: end }),
  }
}

const days = /^(\d{4})-(\d\d)-(\d\d)$/

export const isDay = (text: string): boolean => days.test(text)

/** The beginning of a day in the own zone, so many days later. */
function instantOf(day: string | undefined, later: number): string | undefined {
  const [, year, month, date] = days.exec(day ?? '') ?? []
  if (year === undefined) return undefined
  return new Date(Number(year), Number(month) - 1, Number(date) + later).toISOString()
}

const types = [
  { value: '', label: words.anyType },
  ...Object.entries(texts.audit.areas).map(([area, group]) => ({
    group,
    items: [
      { value: area, label: words.all(group) },
      ...Object.entries(texts.audit.events)
        .filter(([type]) => type.startsWith(`${area}.`))
        .map(([value, label]) => ({ value, label })),
    ],
  })),
]

export interface AuditFilterProps {
  readonly narrowed: Narrowed
  readonly narrow: (next: Narrowed) => void
}

export function AuditFilter({ narrowed, narrow }: AuditFilterProps) {
  const client = useClient()
  const { type = '', user, from = '', to = '' } = narrowed
  const person = usePerson(user)
  const username = user === undefined ? '' : (person?.username ?? '')
  const form = useForm({ initialValues: { type, username, from, to } })

  // Also by a way back, and once the name behind an id is known.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only by what stands in the address.
  useEffect(() => form.setValues({ type, username, from, to }), [type, username, from, to])

  async function submit(wanted: typeof form.values) {
    const name = wanted.username.trim()
    const wantedUser = name === username ? user : await idOf(client, name).catch(() => undefined)
    if (name && wantedUser === undefined) return form.setFieldError('username', words.unknownUser)
    narrow({
      ...(wanted.type && { type: wanted.type }),
      ...(name && wantedUser !== undefined && { user: wantedUser }),
      ...(wanted.from && { from: wanted.from }),
      ...(wanted.to && { to: wanted.to }),
    })
  }

  return (
    <form
      className={classes.filter}
      aria-label={words.label}
      noValidate
      onSubmit={form.onSubmit((wanted) => void submit(wanted))}
    >
      <NativeSelect label={words.type} data={types} {...form.getInputProps('type')} />
      <TextInput
        label={words.user}
        placeholder={words.userHelp}
        name="audit-user"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        {...form.getInputProps('username')}
      />
      <TextInput label={words.from} type="date" {...form.getInputProps('from')} />
      <TextInput label={words.to} type="date" {...form.getInputProps('to')} />
      <div className={classes.buttons}>
        <Button type="submit">{words.show}</Button>
        {Object.keys(narrowed).length > 0 && (
          <Button variant="default" onClick={() => narrow({})}>
            {words.clear}
          </Button>
        )}
      </div>
    </form>
  )
}
