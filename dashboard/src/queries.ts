/**
 * What the pages ask the server and how long they remember it. What was asked for one session is
 * forgotten with it, and a server that is away is asked again, ever less often, until it answers.
 */

import { QueryClient, queryOptions } from '@tanstack/react-query'
import { type Client, isAway } from 'sallyport/client'
import { useSession } from 'sallyport/react'

/** The instance's own state; the same for everybody. */
export const setupKey = ['setup'] as const

export const setupQuery = (client: Client) =>
  queryOptions({ queryKey: setupKey, queryFn: ({ signal }) => client.setupStatus(signal) })

/** Everything asked in one session is kept below this. */
export const sessionKey = (sessionId: string) => ['session', sessionId] as const

/** The key of everything asked in the session that is shown. */
export function useSessionKey() {
  const session = useSession()
  return sessionKey(session.status === 'authenticated' ? session.session.id : '')
}

export function createQueries(client: Client): QueryClient {
  const queries = new QueryClient({
    defaultOptions: {
      queries: {
        // The browser's own idea of being online is wrong too often to wait for it.
        networkMode: 'always',
        retry: (_, error) => isAway(error),
        retryDelay: (failures) => Math.min(2 ** failures, 30) * 1000,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  })

  let session: string | undefined
  let away = false
  client.session.watch(() => {
    const now = client.session.get()
    const id = now.status === 'authenticated' ? now.session.id : undefined
    if (id !== session) {
      if (session !== undefined) queries.removeQueries({ queryKey: sessionKey(session) })
      // Somebody came in, so there is an owner: what was known before may be otherwise.
      else queries.removeQueries({ queryKey: setupKey })
      session = id
    }
    // Back again: what failed meanwhile need not wait for its own next attempt.
    if (away && !now.error) {
      void queries.refetchQueries({ predicate: ({ state }) => state.fetchFailureCount > 0 })
    }
    away = now.error !== undefined
  })
  return queries
}
