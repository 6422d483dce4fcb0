/** What comes in by itself: the WebSocket and the event stream, for as long as a component is there. */

import { useEffect, useRef, useSyncExternalStore } from 'react'
import type { ConnectionState, SocketState, StreamEvent, Subscription } from '../client.ts'
import { useClient } from './provider.tsx'

export interface SocketOptions extends Subscription {
  /** False to stay away. Whoever is not signed in is not connected either way. */
  readonly enabled?: boolean
}

export type UsedSocket = SocketState & {
  /** Connects at once, also once it is `exhausted`. */
  readonly retry: () => void
}

const idle: SocketState = { status: 'idle' }

/**
 * Hears channels while the component is there. All components share one socket; leaving takes away
 * only what this one asked for. Another `onEvent` with each drawing is no matter.
 */
export function useSocket({
  channels,
  filters,
  onEvent,
  enabled = true,
}: SocketOptions): UsedSocket {
  const { socket } = useClient()
  const tell = useLatest(onEvent)
  // By what they say: lists that are written where they are used are new ones at each drawing.
  const asked = JSON.stringify({ channels, filters })

  useEffect(() => {
    if (!enabled) return undefined
    return socket.subscribe({ ...JSON.parse(asked), onEvent: (event) => tell.current(event) })
  }, [socket, asked, enabled, tell])

  const state = useSyncExternalStore(socket.state.watch, socket.state.get, () => idle)
  return { ...state, retry: socket.retry }
}

/** Hears the server's security events while the component is there. */
export function useEvents(onEvent: (event: StreamEvent) => void): ConnectionState {
  const { events, eventsState } = useClient()
  const tell = useLatest(onEvent)

  useEffect(() => events((event) => tell.current(event)), [events, tell])
  return useSyncExternalStore(eventsState.watch, eventsState.get, () => idle)
}

function useLatest<T>(value: T) {
  const latest = useRef(value)
  useEffect(() => {
    latest.current = value
  })
  return latest
}
