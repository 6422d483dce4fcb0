/**
 * Changing how a person is called, and the role held everywhere.
 */

import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { changeUser } from 'sallyport/admin'
import type { User } from 'sallyport/client'
import { useClient } from 'sallyport/react'
import { texts } from '../texts.ts'
import { useDeed } from './deed.ts'
import { useReach } from './roles.ts'
import { Section } from './section.tsx'
import { fieldErrors, Refusal } from './trouble.tsx'
import classes from './user-edit.module.css'

const words = texts.admin.user

export function UserEdit({ user }: { user: User }) {
  const client = useClient()
  const { givable } = useReach()
  const before = { displayName: user.displayName ?? '', role: user.role }
  const form = useForm({ initialValues: before })
  const save = useDeed<typeof before>({
    work: async ({ displayName, role }) => {
      try {
        const name = displayName.trim()
        return await changeUser(client, user.id, {
          // Only what has changed: a role is part of who may change it.
          ...(name !== before.displayName && { displayName: name || null }),
          ...(role !== before.role && { role }),
        })
      } catch (error) {
        form.setErrors(fieldErrors(error))
        throw error
      }
    },
    done: () => words.saved,
    touches: ['users'],
    refusedInPlace: true,
  })
  const { displayName, role } = form.values
  const changed = displayName.trim() !== before.displayName || role !== before.role
  const atFields = Object.keys(form.errors).length > 0

  return (
    <Section title={words.edit}>
      <form onSubmit={form.onSubmit((values) => save.run(values))} noValidate>
        {save.error !== undefined && !atFields && <Refusal error={save.error} />}
        <div className={classes.fields}>
          <TextInput
            label={words.displayName}
            name="display-name"
            autoComplete="off"
            {...form.getInputProps('displayName')}
          />
          <NativeSelect
            label={words.role}
            data={givable(before.role)}
            {...form.getInputProps('role')}
          />
          <Button type="submit" loading={save.pending} disabled={!changed}>
            {words.save}
          </Button>
        </div>
      </form>
    </Section>
  )
}
