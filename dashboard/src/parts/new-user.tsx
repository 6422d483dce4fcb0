/**
 * Adding a person. What was filled in stays while the password is asked for once more, and when the
 * server refuses.
 */

import { Button, NativeSelect, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { type Created, createUser } from 'sallyport/admin'
import { ProblemError } from 'sallyport/client'
import { useClient } from 'sallyport/react'
import { texts } from '../texts.ts'
import { useDeed } from './deed.ts'
import { Dialog, DialogButtons } from './dialog.tsx'
import { useReach } from './roles.ts'
import { fieldErrors, Refusal } from './trouble.tsx'

export interface NewUserProps {
  readonly close: () => void
  readonly done: (created: Created) => void
}

const words = texts.admin.newUser

export function NewUser({ close, done }: NewUserProps) {
  const client = useClient()
  const offered = useReach().givable()
  const form = useForm({
    initialValues: { username: '', displayName: '', role: 'member' },
    validate: { username: (value) => (value.trim() ? null : words.usernameMissing) },
  })
  const add = useDeed<typeof form.values, Created>({
    work: async ({ username, displayName, role }) => {
      try {
        const name = displayName.trim()
        // Where what it began with may not be given, the list shows the first.
        const given = offered.some(({ value }) => value === role) ? role : offered[0]?.value
        const who = { username: username.trim(), role: given ?? role }
        return await createUser(client, name ? { ...who, displayName: name } : who)
      } catch (error) {
        refused(error)
        throw error
      }
    },
    touches: ['users', 'overview'],
    refusedInPlace: true,
    after: done,
  })

  function refused(error: unknown) {
    const errors = fieldErrors(error)
    if (error instanceof ProblemError && error.code === 'username_taken')
      errors.username = words.usernameTaken
    form.setErrors(errors)
    const [first] = Object.keys(errors)
    if (first !== undefined) form.getInputNode(first)?.focus()
  }

  const atFields = Object.keys(form.errors).length > 0
  return (
    <Dialog title={words.title} close={close} busy={add.pending}>
      <p>{words.lead}</p>
      <form
        onSubmit={form.onSubmit(
          (values) => add.run(values),
          (errors) => form.getInputNode(Object.keys(errors)[0] ?? '')?.focus(),
        )}
        noValidate
      >
        <Stack gap="md">
          {add.error !== undefined && !atFields && <Refusal error={add.error} />}
          <TextInput
            label={words.username}
            description={words.usernameHelp}
            name="new-username"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            {...form.getInputProps('username')}
          />
          <TextInput
            label={words.displayName}
            description={words.displayNameHelp}
            name="new-name"
            autoComplete="off"
            {...form.getInputProps('displayName')}
          />
          <NativeSelect label={words.role} data={offered} {...form.getInputProps('role')} />
        </Stack>
        <DialogButtons>
          <Button variant="default" onClick={close} disabled={add.pending}>
            {texts.cancel}
          </Button>
          <Button type="submit" loading={add.pending}>
            {words.submit}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
