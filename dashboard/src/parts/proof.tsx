/**
 * Showing the password once more, in place: a call that is refused with `step_up_required` waits
 * while its person does so, and is then made again. Nothing that was filled in is lost.
 */

import { Button, Stack } from '@mantine/core'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { ProblemError } from 'sallyport/client'
import { type Asking, RequireFresh } from 'sallyport/react'
import { texts } from '../texts.ts'
import { Dialog, DialogButtons } from './dialog.tsx'
import { PasswordField } from './password-field.tsx'
import { Refusal } from './trouble.tsx'
import { useWait, WaitText } from './wait.tsx'
import { WhosePassword } from './whose-password.tsx'

/** Around all pages inside: `useFresh` below it asks in a dialog of ours. */
export function Proof({ children }: { children: ReactNode }) {
  return <RequireFresh ask={(asking) => <ProofDialog {...asking} />}>{children}</RequireFresh>
}

/** Whether the person would rather not show it: the call then fails as it did. */
export const isUnproven = (error: unknown): boolean =>
  error instanceof ProblemError && error.code === 'step_up_required'

function ProofDialog({ username, submit, cancel, pending, error }: Asking) {
  const [password, setPassword] = useState('')
  const [missing, setMissing] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const [triedAt, setTriedAt] = useState(0)
  const wait = useWait(error, triedAt)
  const wrong = error instanceof ProblemError && error.code === 'wrong_password'

  // Refused: the next try begins by typing over it.
  useEffect(() => {
    if (error) field.current?.select()
  }, [error])

  async function show() {
    setMissing(password === '')
    if (password === '') return field.current?.focus()
    await submit(password)
    setTriedAt(Date.now())
  }
  const fault = missing ? texts.proof.missing : wrong ? texts.proof.wrong : undefined

  return (
    <Dialog title={texts.proof.title} close={cancel} busy={pending}>
      <p>{texts.proof.lead}</p>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void show()
        }}
      >
        <Stack gap="md">
          {error && !wrong && (
            <Refusal error={error}>
              <WaitText {...wait} />
            </Refusal>
          )}
          <WhosePassword username={username} />
          <PasswordField
            ref={field}
            label={texts.proof.password}
            name="password"
            autoComplete="current-password"
            size="md"
            value={password}
            error={fault}
            autoFocus
            onChange={({ currentTarget }) => {
              setPassword(currentTarget.value)
              setMissing(false)
            }}
          />
        </Stack>
        <DialogButtons>
          <Button variant="default" onClick={cancel} disabled={pending}>
            {texts.cancel}
          </Button>
          <Button type="submit" loading={pending} disabled={wait.seconds > 0}>
            {texts.proof.submit}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
