/**
 * The WebSocket of a tab: one, whoever uses it, with a one-use ticket for each connecting. It closes
 * the moment the session is known to be over, and asks the server when the server closed it.
 */

import { type Connecting, type ConnectionState, keepConnection } from './connection.ts'
import { type Call, parse } from './transport.ts'
import type { Watchable } from './watchable.ts'

/** What a channel tells; what else is in it is the channel's own matter. */
export interface SocketEvent {
  readonly channel: string
  readonly [field: string]: unknown
}

export type Filters = Readonly<Record<string, string | number | boolean>>

export interface Subscription {
  /** Those the person may not hear stay silent. */
  readonly channels: readonly string[]
  /** Only events whose fields equal these; of several for one channel the last one counts. */
  readonly filters?: Filters | undefined
  readonly onEvent: (event: SocketEvent) => void
}

export interface SocketState extends ConnectionState {
  /** Those the server said it will tell. */
  readonly channels?: readonly string[]
  /** What it last complained of. */
  readonly error?: string
}

export interface Socket {
  readonly state: Watchable<SocketState>
  /** Hears channels until the answer is called. The first to do so connects, the last one closes. */
  readonly subscribe: (subscription: Subscription) => () => void
  /** Connects at once, also after twenty attempts that failed. */
  readonly retry: () => void
}

/** Characters; longer messages are not read. */
const longest = 131_072

export function keepSocket(
  baseUrl: string,
  call: Call,
  around: Omit<Connecting, 'connect'>,
): Socket & { readonly close: () => void } {
  let socket: WebSocket | undefined

  const { state, listeners, listen, retry, close } = keepConnection<Subscription, SocketState>({
    ...around,
    async connect(opened, signal) {
      const ask = { body: {}, signal, passive: true }
      const { ticket } = await call<{ ticket: string }>('POST', '/auth/ws-ticket', ask)
      signal.throwIfAborted()
      // A ticket in the address would reach logs.
      const url = `${new URL(baseUrl, location.href)}/ws`.replace(/^http/, 'ws')
      const own = new WebSocket(url, ['sallyport', `ticket.${ticket}`])
      signal.addEventListener('abort', () => {
        socket = undefined
        own.close()
      })
      return new Promise((resolve) => {
        own.onopen = () => {
          socket = own
          opened()
          for (const subscription of listeners) say('subscribe', subscription)
        }
        own.onmessage = ({ data }) => signal.aborted || hear(data)
        own.onclose = ({ code }) => {
          if (socket === own) socket = undefined
          resolve(code === 4401 ? 'ended' : code === 4403 ? 'refused' : undefined)
        }
      })
    },
  })

  function say(action: string, { channels, filters }: Omit<Subscription, 'onEvent'>) {
    if (channels.length > 0) socket?.send(JSON.stringify({ action, channels, filters }))
  }

  function hear(data: unknown) {
    const told = typeof data === 'string' && data.length <= longest ? parse(data) : undefined
    const { channel, channels, error } = Object(told)
    if (error !== undefined) state.set({ ...state.get(), error: String(error).slice(0, 200) })
    else if (channels) state.set({ ...state.get(), channels })
    else
      for (const subscription of [...listeners])
        if (subscription.channels.includes(channel)) subscription.onEvent(Object(told))
  }

  return {
    state,
    retry,
    close,
    subscribe(said) {
      // One of its own, so that the same one twice is told twice and stopped once.
      const own = { ...said, channels: [...new Set(said.channels)] }
      const leave = listen(own)
      say('subscribe', own)
      return () => {
        leave()
        const still = [...listeners].flatMap(({ channels }) => channels)
        say('unsubscribe', { channels: own.channels.filter((one) => !still.includes(one)) })
      }
    },
  }
}
