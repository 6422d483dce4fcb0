/** The server's own event stream: one of a tab, whoever listens, while somebody is signed in. */

import { type Connecting, type ConnectionState, keepConnection } from './connection.ts'
import { bodyOf, eventStream, readEvents, type StreamEvent } from './stream.ts'
import type { Fetch } from './transport.ts'
import type { Watchable } from './watchable.ts'

export interface Events {
  readonly state: Watchable<ConnectionState>
  readonly listen: (listener: (event: StreamEvent) => void) => () => void
  readonly close: () => void
}

/** Milliseconds. The server says something every 15 s, so a line silent for longer is broken. */
const longestSilence = 45_000

export function keepEvents(url: string, ask: Fetch, around: Omit<Connecting, 'connect'>): Events {
  const { state, listeners, listen, close } = keepConnection<{
    tell: (event: StreamEvent) => void
  }>({
    ...around,
    async connect(opened, signal) {
      const silence = new AbortController()
      let timer: ReturnType<typeof setTimeout> | undefined
      const alive = () => {
        clearTimeout(timer)
        timer = setTimeout(() => silence.abort(), longestSilence)
      }
      try {
        alive()
        const either = AbortSignal.any([signal, silence.signal])
        const headers = { Accept: eventStream }
        const body = bodyOf(await ask(url, { headers, signal: either, cache: 'no-store' }))
        opened()
        for await (const event of readEvents(body, alive)) {
          for (const { tell } of [...listeners]) tell(event)
          if (event.event === 'revoked') return 'ended'
        }
        return undefined
      } finally {
        clearTimeout(timer)
      }
    },
  })
  // A wrapper of its own, so that one function listening twice is told twice and stopped once.
  return { state, close, listen: (tell) => listen({ tell }) }
}
