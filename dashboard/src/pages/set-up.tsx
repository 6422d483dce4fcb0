/**
 * Set-up: whoever holds the claim token becomes the owner. The form asks for the token only when
 * the claim link did not bring it.
 */

import { Button, Code, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { ProblemError, type SetupStatus } from 'sallyport/client'
import { useClient } from 'sallyport/react'
import { useClaim } from '../claim.ts'
import { claimTokenIn, takeClaimToken } from '../claim-token.ts'
import { Door } from '../parts/frames.tsx'
import { NewPassword, newPasswordFault } from '../parts/new-password.tsx'
import { Heading } from '../parts/page.tsx'
import { Refusal } from '../parts/trouble.tsx'
import { useWait, WaitText } from '../parts/wait.tsx'
import { setupKey, setupQuery } from '../queries.ts'
import { texts } from '../texts.ts'
import classes from './set-up.module.css'

export function SetUp() {
  const { data } = useQuery({ ...setupQuery(useClient()), enabled: false })
  const [token, setToken] = useClaim()

  useEffect(() => {
    // A claim link followed while this page is open changes only the fragment.
    const take = () => setToken((before) => takeClaimToken() ?? before)
    window.addEventListener('hashchange', take)
    return () => window.removeEventListener('hashchange', take)
  }, [setToken])

  return (
    <Door>
      <Heading title={texts.setUp.title} lead={texts.setUp.lead} />
      {data && <SetUpForm policy={data.passwordPolicy} token={token} setToken={setToken} />}
    </Door>
  )
}

interface SetUpFormProps {
  readonly policy: SetupStatus['passwordPolicy']
  readonly token: string | undefined
  readonly setToken: (token: string | undefined) => void
}

function SetUpForm({ policy, token, setToken }: SetUpFormProps) {
  const client = useClient()
  const queries = useQueryClient()
  const setUp = useMutation({ mutationFn: client.setUp })
  const wait = useWait(setUp.error, setUp.submittedAt)
  const form = useForm({
    initialValues: { token: '', username: '', displayName: '', password: '' },
    validate: {
      token: (value) => (token || claimTokenIn(value) ? null : texts.setUp.tokenMissing),
      username: (value) => (value.trim() ? null : texts.setUp.usernameMissing),
      password: (value) => newPasswordFault(value, policy),
    },
  })

  function refused(error: unknown) {
    if (!(error instanceof ProblemError)) return
    if (error.code === 'already_set_up') {
      // The gate sees it and leads to the sign-in page, which says why.
      queries.setQueryData<SetupStatus>(setupKey, { needsOwner: false, passwordPolicy: policy })
    } else if (error.code === 'forbidden') {
      setToken(undefined)
      form.setErrors({ token: texts.setUp.tokenWrong })
      form.getInputNode('token')?.focus()
    } else {
      const told = error.fields.map(({ name, code, detail }) => [
        name === 'setupToken' ? 'token' : name,
        texts.fields[code] ?? detail,
      ])
      form.setErrors(Object.fromEntries(told))
      form.getInputNode(told[0]?.[0] ?? '')?.focus()
    }
  }

  const submit = form.onSubmit(
    ({ token: pasted, username, displayName, password }) => {
      const setupToken = token ?? claimTokenIn(pasted) ?? ''
      const name = displayName.trim()
      const owner = { setupToken, username: username.trim(), password }
      setUp.mutate(name ? { ...owner, displayName: name } : owner, { onError: refused })
    },
    (errors) => form.getInputNode(Object.keys(errors)[0] ?? '')?.focus(),
  )
  const atFields = Object.keys(form.errors).length > 0

  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        {setUp.error && !atFields && (
          <Refusal error={setUp.error}>
            <WaitText {...wait} />
          </Refusal>
        )}
        {token === undefined && (
          <>
            <TextInput
              label={texts.setUp.token}
              description={texts.setUp.tokenHelp}
              name="token"
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              size="md"
              {...form.getInputProps('token')}
            />
            <WhereTheTokenIs />
          </>
        )}
        <TextInput
          label={texts.setUp.username}
          description={texts.setUp.usernameHelp}
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          size="md"
          {...form.getInputProps('username')}
        />
        <TextInput
          label={
            <>
              {texts.setUp.displayName} <span className={classes.optional}>{texts.optional}</span>
            </>
          }
          description={texts.setUp.displayNameHelp}
          name="displayName"
          autoComplete="name"
          size="md"
          {...form.getInputProps('displayName')}
        />
        <NewPassword
          label={texts.setUp.password}
          policy={policy}
          name="password"
          size="md"
          {...form.getInputProps('password')}
        />
        <Button type="submit" size="md" loading={setUp.isPending} disabled={wait.seconds > 0}>
          {texts.setUp.submit}
        </Button>
      </Stack>
    </form>
  )
}

function WhereTheTokenIs() {
  const [printed, file, rest] = texts.setUp.tokenWhereText
  return (
    <details className={classes.where}>
      <summary>{texts.setUp.tokenWhere}</summary>
      <p>
        {printed} <Code>{texts.setUp.tokenLine}</Code> {file} <Code>{texts.setUp.tokenFile}</Code>{' '}
        {rest}
      </p>
    </details>
  )
}
