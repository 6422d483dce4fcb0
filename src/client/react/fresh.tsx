/**
 * Step-up in place: a call that needs the password fresh asks for it where the person is, and is made
 * again once it was shown. Nothing that was typed elsewhere is lost.
 */

import { createContext, type ReactNode, use, useCallback, useEffect, useRef, useState } from 'react'
import type { ClientError } from '../client.ts'
import { ProblemError } from '../errors.ts'
import { AskPassword } from './ask-password.tsx'
import { useClient, useSession } from './provider.tsx'

/** Makes a call and, where it needs the password fresh, asks for it and makes the call again. */
export type Fresh = <T>(call: () => Promise<T>) => Promise<T>

/** What whoever asks for the password needs to know. */
export interface Asking {
  /** Whose password it is. */
  readonly username: string
  readonly submit: (password: string) => Promise<void>
  /** Gives up: the calls fail as they did. */
  readonly cancel: () => void
  readonly pending: boolean
  /** Why the last try did not do: `wrong_password`, `account_locked` with `retryAfter`, or no answer. */
  readonly error: ClientError | undefined
}

const FreshContext = createContext<Fresh | undefined>(undefined)

/** How to make a call that may need the password fresh; throws when no `RequireFresh` is above. */
export function useFresh(): Fresh {
  const fresh = use(FreshContext)
  if (!fresh) throw new Error('useFresh: no <RequireFresh> above this component')
  return fresh
}

interface Waiting {
  readonly proven: () => void
  readonly refused: (error: unknown) => void
  /** What the call said that needs the password. */
  readonly why: unknown
}

export interface RequireFreshProps {
  readonly children?: ReactNode
  /** Draws the question, in place of a plain dialog. */
  readonly ask?: (asking: Asking) => ReactNode
}

/** Asks for the password when a call made through `useFresh` below it needs that; once for all such calls. */
export function RequireFresh({ children, ask }: RequireFreshProps) {
  const { stepUp } = useClient()
  const session = useSession()
  const waiting = useRef<Waiting[]>([])
  const [asking, setAsking] = useState(false)
  const [pending, setPending] = useState(false)
  const [error, setError] = useState<ClientError>()
  const username = session.status === 'authenticated' ? session.user.username : undefined

  const settle = useCallback((settled: (one: Waiting) => void) => {
    const all = waiting.current
    waiting.current = []
    setAsking(false)
    setError(undefined)
    for (const one of all) settled(one)
  }, [])
  const cancel = useCallback(() => settle(({ refused, why }) => refused(why)), [settle])

  // Whoever is signed out meanwhile has nothing to show any more, nor has a page that is left, and
  // what one person asked for is not done by the next.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it ends with whoever it was asked of.
  useEffect(() => cancel, [cancel, username])

  const fresh = useCallback<Fresh>(async (call) => {
    try {
      return await call()
    } catch (why) {
      if (!(why instanceof ProblemError && why.code === 'step_up_required')) throw why
      await new Promise<void>((proven, refused) => {
        waiting.current.push({ proven, refused, why })
        setAsking(true)
      })
      return call()
    }
  }, [])

  async function submit(password: string) {
    setPending(true)
    try {
      await stepUp(password)
      settle(({ proven }) => proven())
    } catch (caught) {
      // The one cast: a call fails in these two ways.
      setError(caught as ClientError)
    } finally {
      setPending(false)
    }
  }

  const about = username !== undefined && { username, submit, cancel, pending, error }
  return (
    <FreshContext value={fresh}>
      {children}
      {asking && about && (ask ? ask(about) : <AskPassword {...about} />)}
    </FreshContext>
  )
}
