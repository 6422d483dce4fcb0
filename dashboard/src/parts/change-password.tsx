/**
 * The form that changes the own password: the current one, and a new one held against the same
 * reasons as on the server. What the server refuses stands at its field, in our words.
 */

import { Button, Stack } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useRef } from 'react'
import { ProblemError, type SetupStatus } from 'sallyport/client'
import { useClient, useSession } from 'sallyport/react'
import { setupQuery } from '../queries.ts'
import { texts } from '../texts.ts'
import { NewPassword, newPasswordFault } from './new-password.tsx'
import { PasswordField } from './password-field.tsx'
import { fieldErrors, Refusal } from './trouble.tsx'
import { useWait, WaitText } from './wait.tsx'
import { WhosePassword } from './whose-password.tsx'

export interface ChangePasswordProps {
  /** What the password of now is called. */
  readonly current: string
  readonly submit: string
  readonly done?: () => void
}

export function ChangePassword(props: ChangePasswordProps) {
  const { data } = useQuery(setupQuery(useClient()))
  return data ? <Form {...props} policy={data.passwordPolicy} /> : null
}

function Form({
  current,
  submit,
  done,
  policy,
}: ChangePasswordProps & { policy: SetupStatus['passwordPolicy'] }) {
  const client = useClient()
  const session = useSession()
  const before = useRef<HTMLInputElement>(null)
  const after = useRef<HTMLInputElement>(null)
  const form = useForm({
    initialValues: { currentPassword: '', newPassword: '' },
    validate: {
      currentPassword: (value) => (value ? null : texts.changePassword.currentMissing),
      newPassword: (value) => newPasswordFault(value, policy),
    },
  })
  const change = useMutation({
    mutationFn: (typed: typeof form.values) => client.changePassword(typed),
    onSuccess: () => {
      form.reset()
      done?.()
    },
    onError: refused,
  })
  const wait = useWait(change.error, change.submittedAt)

  const focus = (name: string | undefined) =>
    (name === 'currentPassword' ? before : after).current?.focus()

  function refused(error: unknown) {
    const errors = fieldErrors(error)
    if (error instanceof ProblemError && error.code === 'wrong_password')
      errors.currentPassword = texts.changePassword.currentWrong
    form.setErrors(errors)
    const [first] = Object.keys(errors)
    if (first !== undefined) focus(first)
  }

  const atFields = Object.keys(form.errors).length > 0
  return (
    <form
      onSubmit={form.onSubmit(
        (typed) => change.mutate(typed),
        (errors) => focus(Object.keys(errors)[0]),
      )}
      noValidate
    >
      <Stack gap="md">
        {change.error !== null && !atFields && (
          <Refusal error={change.error}>
            <WaitText {...wait} />
          </Refusal>
        )}
        <WhosePassword username={session.status === 'authenticated' ? session.user.username : ''} />
        <PasswordField
          ref={before}
          label={current}
          name="current-password"
          autoComplete="current-password"
          size="md"
          {...form.getInputProps('currentPassword')}
        />
        <NewPassword
          ref={after}
          label={texts.changePassword.new}
          policy={policy}
          name="new-password"
          size="md"
          {...form.getInputProps('newPassword')}
        />
        <Button type="submit" size="md" loading={change.isPending} disabled={wait.seconds > 0}>
          {submit}
        </Button>
      </Stack>
    </form>
  )
}
