/**
 * Signing in: a name, a password, and for every way it can be refused what to do next. Where to go
 * afterwards is the gate's business, which sees the session change.
 */

import { Button, Checkbox, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { useLocation } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { ProblemError } from 'sallyport/client'
import { useClient, useSession } from 'sallyport/react'
import { Door } from '../parts/frames.tsx'
import { Notice } from '../parts/notice.tsx'
import { PageTitle } from '../parts/page.tsx'
import { PasswordField } from '../parts/password-field.tsx'
import { Refusal } from '../parts/trouble.tsx'
import { useWait, WaitText } from '../parts/wait.tsx'
import { texts } from '../texts.ts'

/** Whether this server lets anybody be remembered; it writes so into the page. */
const remembers =
  document.querySelector('meta[name="sallyport-remembers"][content="true"]') !== null

export function SignIn() {
  return (
    <Door>
      <PageTitle name={texts.signIn.title}>{texts.signIn.title}</PageTitle>
      <SignInForm />
    </Door>
  )
}

/** Why somebody stands at the door who was inside a moment ago, or came with a used claim link. */
function WhyHere() {
  const session = useSession()
  const { claimed } = useLocation({ select: ({ state }) => state })
  const reason = session.status === 'unauthenticated' ? session.reason : undefined
  const ended = reason === undefined ? undefined : (texts.ended[reason] ?? texts.endedOther)
  const text = claimed ? texts.signIn.claimed : ended

  if (text === undefined) return null
  return <Notice tone="calm">{text}</Notice>
}

function SignInForm() {
  const client = useClient()
  const signIn = useMutation({ mutationFn: client.signIn })
  const wait = useWait(signIn.error, signIn.submittedAt)
  const username = useRef<HTMLInputElement>(null)
  const password = useRef<HTMLInputElement>(null)
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { username: '', password: '', remember: false },
    validate: {
      username: (value) => (value.trim() ? null : texts.signIn.usernameMissing),
      password: (value) => (value ? null : texts.signIn.passwordMissing),
    },
  })

  useEffect(() => {
    // On a touch screen the keyboard would cover what the page has to say.
    if (window.matchMedia('(pointer: fine)').matches) username.current?.focus()
  }, [])

  /** A name that rests keeps nobody else out. */
  function anotherName() {
    const { error } = signIn
    if (error instanceof ProblemError && error.code === 'account_locked') signIn.reset()
  }

  // What a password manager fills in is the name as the person knows it; the server folds its case.
  const submit = form.onSubmit(
    (values) =>
      signIn.mutate(
        { ...values, username: values.username.trim() },
        { onError: () => password.current?.select() },
      ),
    (errors) => (errors.username ? username : password).current?.focus(),
  )

  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        {signIn.isIdle && <WhyHere />}
        {signIn.error && (
          <Refusal error={signIn.error}>
            <WaitText {...wait} />
          </Refusal>
        )}
        <TextInput
          ref={username}
          label={texts.signIn.username}
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          size="md"
          key={form.key('username')}
          {...form.getInputProps('username')}
          onInput={anotherName}
        />
        <PasswordField
          ref={password}
          label={texts.signIn.password}
          name="password"
          autoComplete="current-password"
          size="md"
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
        {remembers && (
          <Checkbox
            label={texts.signIn.remember}
            name="remember"
            key={form.key('remember')}
            {...form.getInputProps('remember', { type: 'checkbox' })}
          />
        )}
        <Button type="submit" size="md" loading={signIn.isPending} disabled={wait.seconds > 0}>
          {texts.signIn.submit}
        </Button>
      </Stack>
    </form>
  )
}
