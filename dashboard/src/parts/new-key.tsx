/**
 * Making an API key: what will use it, what it may do, and how long. Nothing is allowed that was not
 * ticked.
 */

import { Button, Checkbox, NativeSelect, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { type IssuedKey, issueKey } from 'sallyport/account'
import { useClient } from 'sallyport/react'
import { texts } from '../texts.ts'
import { useDeed } from './deed.ts'
import { Dialog, DialogButtons } from './dialog.tsx'
import { fieldErrors, Refusal } from './trouble.tsx'

const words = texts.keys
const lives = [7, 30, 90, 180, 365] as const
const day = 86_400_000

export interface NewKeyProps {
  /** What the person may do, and so what may be passed on. */
  readonly permissions: readonly string[]
  readonly close: () => void
  readonly done: (issued: IssuedKey) => void
}

export function NewKey({ permissions, close, done }: NewKeyProps) {
  const client = useClient()
  const form = useForm({
    initialValues: { name: '', scopes: [] as string[], days: '90' },
    validate: { name: (value) => (value.trim() ? null : words.nameMissing) },
  })
  const make = useDeed<typeof form.values, IssuedKey>({
    work: async ({ name, scopes, days }) => {
      try {
        const expiresAt = new Date(Date.now() + Number(days) * day).toISOString()
        return await issueKey(client, { name: name.trim(), scopes, expiresAt })
      } catch (error) {
        form.setErrors(fieldErrors(error))
        throw error
      }
    },
    touches: ['keys', 'activity'],
    refusedInPlace: true,
    after: done,
  })
  const atFields = Object.keys(form.errors).length > 0

  return (
    <Dialog title={words.makeTitle} close={close} busy={make.pending}>
      <form
        onSubmit={form.onSubmit(
          (values) => make.run(values),
          () => form.getInputNode('name')?.focus(),
        )}
        noValidate
      >
        <Stack gap="md">
          {make.error !== undefined && !atFields && <Refusal error={make.error} />}
          <TextInput
            label={words.name}
            description={words.nameHelp}
            name="key-name"
            autoComplete="off"
            autoFocus
            {...form.getInputProps('name')}
          />
          <Checkbox.Group
            label={words.scopes}
            {...form.getInputProps('scopes')}
            error={form.errors.scopes ?? form.errors.expiresAt}
          >
            <Stack gap={8} mt={6}>
              {permissions.length === 0 && <span>{words.noScopes}</span>}
              {permissions.map((permission) => (
                <Checkbox
                  key={permission}
                  value={permission}
                  label={words.permissions[permission] ?? permission}
                />
              ))}
            </Stack>
          </Checkbox.Group>
          <NativeSelect
            label={words.life}
            data={lives.map((days) => ({ value: String(days), label: words.days(days) }))}
            {...form.getInputProps('days')}
          />
        </Stack>
        <DialogButtons>
          <Button variant="default" onClick={close} disabled={make.pending}>
            {texts.cancel}
          </Button>
          <Button type="submit" loading={make.pending}>
            {words.submit}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
