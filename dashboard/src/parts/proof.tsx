/**
 * Showing the password once more, in place: a call that is refused with `step_up_required` waits
 * while its person does so, and is then made again. Nothing that was filled in is lost.
 */

import { Button, Stack } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { createContext, type ReactNode, use, useCallback, useEffect, useRef, useState } from 'react'
import { stepUp } from 'sallyport/account'
import { ProblemError } from 'sallyport/client'
import { useClient, useSession } from 'sallyport/react'
import { texts } from '../texts.ts'
import { Dialog, DialogButtons } from './dialog.tsx'
import { PasswordField } from './password-field.tsx'
import { Refusal } from './trouble.tsx'
import { useWait, WaitText } from './wait.tsx'

/** Thrown in place of the refusal when the person would rather not. */
export class Unproven extends Error {
  override readonly name = 'Unproven'
}

/** Does `work`, and once more after the password was shown where that is asked for. */
export type Proving = <T>(work: () => Promise<T>) => Promise<T>

const ProofContext = createContext<Proving>((work) => work())

export const useProof = () => use(ProofContext)

interface Asked {
  readonly shown: () => void
  readonly declined: () => void
}

export function Proof({ children }: { children: ReactNode }) {
  const [asked, setAsked] = useState<Asked>()
  const underway = useRef<Promise<void>>(undefined)
  const open = useRef<Asked>(undefined)

  // One dialog for all that wait for it.
  const ask = useCallback((): Promise<void> => {
    underway.current ??= new Promise<void>((resolve, reject) => {
      const over = (then: () => void) => () => {
        underway.current = undefined
        open.current = undefined
        setAsked(undefined)
        then()
      }
      open.current = { shown: over(resolve), declined: over(() => reject(new Unproven())) }
      setAsked(open.current)
    })
    return underway.current
  }, [])

  // Whoever is signed out meanwhile will not show it any more.
  useEffect(() => () => open.current?.declined(), [])

  const proving = useCallback<Proving>(
    async (work) => {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof ProblemError) || error.code !== 'step_up_required') throw error
        await ask()
        return work()
      }
    },
    [ask],
  )

  return (
    <ProofContext value={proving}>
      {children}
      {asked && <ProofDialog {...asked} />}
    </ProofContext>
  )
}

function ProofDialog({ shown, declined }: Asked) {
  const client = useClient()
  const session = useSession()
  const [password, setPassword] = useState('')
  const [missing, setMissing] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const prove = useMutation({ mutationFn: () => stepUp(client, password), onSuccess: shown })
  const wait = useWait(prove.error, prove.submittedAt)
  const wrong = prove.error instanceof ProblemError && prove.error.code === 'wrong_password'
  const fault = missing ? texts.proof.missing : wrong ? texts.proof.wrong : undefined

  return (
    <Dialog title={texts.proof.title} close={declined} busy={prove.isPending}>
      <p>{texts.proof.lead}</p>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          setMissing(password === '')
          if (password === '') field.current?.focus()
          else prove.mutate(undefined, { onError: () => field.current?.select() })
        }}
      >
        <Stack gap="md">
          {prove.error && !wrong && (
            <Refusal error={prove.error}>
              <WaitText {...wait} />
            </Refusal>
          )}
          {/* For password managers, which want to know whose password it is. */}
          <input
            className="visually-hidden"
            type="text"
            name="username"
            autoComplete="username"
            value={session.status === 'authenticated' ? session.user.username : ''}
            readOnly
            tabIndex={-1}
            aria-hidden="true"
          />
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
          <Button variant="default" onClick={declined} disabled={prove.isPending}>
            {texts.cancel}
          </Button>
          <Button type="submit" loading={prove.isPending} disabled={wait.seconds > 0}>
            {texts.proof.submit}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
