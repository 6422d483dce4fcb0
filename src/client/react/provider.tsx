/**
 * The client, handed down. The session stays outside React, so every component that reads it sees the
 * same one, and drawing twice, in strict mode or on a server, asks nobody twice.
 */

import { createContext, type ReactNode, use, useEffect, useSyncExternalStore } from 'react'
import type { Client, ClientError, SessionState } from '../client.ts'

/** While something is not known. `error` is there once the server could not be asked. */
export interface Waiting {
  readonly error: ClientError | undefined
  /** Epoch milliseconds of the next attempt. */
  readonly retryAt: number | undefined
  /** Asks now. */
  readonly retry: () => void
}

/** What is shown meanwhile. */
export type Loading = ReactNode | ((waiting: Waiting) => ReactNode)

interface Given {
  readonly client: Client
  readonly loading: Loading
}

const GivenContext = createContext<Given | undefined>(undefined)

export interface ClientProviderProps {
  /** Made once, outside of React; on a server one for each request. */
  readonly value: Client
  /** What guards show while they do not know, unless they say otherwise themselves. */
  readonly loading?: Loading
  readonly children?: ReactNode
}

/** Gives the client to everything below, and has it ask who is signed in where nobody has yet. */
export function ClientProvider({ value, loading = whileAway, children }: ClientProviderProps) {
  useEffect(() => {
    const { session, check } = value
    if (session.get() === session.initial) void check()
  }, [value])
  return <GivenContext value={{ client: value, loading }}>{children}</GivenContext>
}

/** Nothing for as long as that is a moment; then what is the matter, and a way to try again. */
function whileAway({ error, retry }: Waiting): ReactNode {
  if (!error) return <span role="status" aria-busy="true" />
  return (
    <p role="alert">
      The server cannot be reached.{' '}
      <button type="button" onClick={retry}>
        Try again
      </button>
    </p>
  )
}

function useGiven(): Given {
  const given = use(GivenContext)
  if (!given) throw new Error('useClient: no <ClientProvider value={client}> above this component')
  return given
}

/** The client given to the nearest `ClientProvider`; throws when there is none. */
export const useClient = (): Client => useGiven().client

/** The session as the client knows it now; renders again when it changes, in this tab or another. */
export function useSession(): SessionState {
  const { session } = useClient()
  return useSyncExternalStore(session.watch, session.get, () => session.initial)
}

/** What to show while something is not known: the guard's own, or the provider's. */
export function useLoading(own: Loading | undefined): (waiting: Waiting) => ReactNode {
  const shown = useGiven().loading
  const loading = own === undefined ? shown : own
  return (waiting) => (typeof loading === 'function' ? loading(waiting) : loading)
}
