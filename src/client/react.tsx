/**
 * The client in React. The provider only hands it down; the session stays outside React, so every
 * component that reads it sees the same one.
 */

import { createContext, type Provider, use, useSyncExternalStore } from 'react'
import type { Client, SessionState } from './client.ts'

const ClientContext = createContext<Client | undefined>(undefined)

/** Gives `value`, made once outside of React, to everything below. */
export const ClientProvider: Provider<Client | undefined> = ClientContext.Provider

/** The client given to the nearest `ClientProvider`; throws when there is none. */
export function useClient(): Client {
  const client = use(ClientContext)
  if (!client) throw new Error('useClient: no <ClientProvider value={client}> above this component')
  return client
}

/** The session as the client knows it now; renders again when it changes, in this tab or another. */
export function useSession(): SessionState {
  const { session } = useClient()
  return useSyncExternalStore(session.watch, session.get, session.get)
}
