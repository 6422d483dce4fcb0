/**
 * A connection that stands while somebody is signed in: made when it is wanted, made again after
 * 1, 2, 4 … 30 seconds when it broke, given up after twenty attempts, and gone at once with the
 * session it was made for.
 */

import { ProblemError } from './errors.ts'
import type { SessionState } from './session.ts'
import { type Settable, type Watchable, watchable } from './watchable.ts'

/**
 * `idle` while nobody wants it or nobody is signed in; `waiting` until `retryAt` (epoch
 * milliseconds); `exhausted` after twenty attempts, until `retry`; `refused` when the server said
 * that this session may not.
 */
export interface ConnectionState {
  readonly status: 'idle' | 'connecting' | 'open' | 'waiting' | 'exhausted' | 'refused'
  readonly retryAt?: number
}

export interface Connection<S extends ConnectionState, L> {
  readonly state: Settable<S | ConnectionState>
  readonly listeners: ReadonlySet<L>
  /** Listens, until the answer is called; the connection is there while anybody does. */
  readonly listen: (listener: L) => () => void
  /** Tries at once, also after it was given up. */
  readonly retry: () => void
  readonly close: () => void
}

export interface Connecting {
  readonly session: Watchable<SessionState>
  /** Asks the server whether the session stands. */
  readonly check: () => Promise<void>
  /**
   * Connects and calls `opened`. Settles when the connection is over: `refused` to stay away,
   * `ended` when it broke with the session; rejects as a call does.
   */
  readonly connect: (
    opened: () => void,
    signal: AbortSignal,
  ) => Promise<'refused' | 'ended' | undefined>
}

const second = 1000
const mostAttempts = 20
/** A connection that broke sooner does not make the next pause short again. */
const settledAfter = 10 * second

/** @typeParam S The state with what is known only while it is open: each change of status forgets it. */
export function keepConnection<L extends object, S extends ConnectionState = ConnectionState>({
  session,
  check,
  connect,
}: Connecting): Connection<S, L> {
  const state = watchable<S | ConnectionState>({ status: 'idle' })
  const listeners = new Set<L>()
  let attempts = 0
  let running: AbortController | undefined
  let holder: string | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let troubled = false

  const stopWatching = session.watch(follow)

  function follow() {
    const now = session.get()
    const next = now.status === 'authenticated' && listeners.size > 0 ? now.session.id : undefined
    const over = troubled && !now.error
    troubled = now.error !== undefined
    if (next !== holder) {
      stop()
      holder = next
      if (next) void attempt()
      // The server is back: what waits for it need not wait any longer.
    } else if (over) retry()
  }

  function stop() {
    running?.abort()
    running = undefined
    clearTimeout(timer)
    attempts = 0
    state.set({ status: 'idle' })
  }

  function retry() {
    if (!holder || running) return
    attempts = 0
    void attempt()
  }

  async function attempt() {
    const own = new AbortController()
    running = own
    clearTimeout(timer)
    state.set({ status: 'connecting' })
    let openedAt = 0
    let least = 0
    let outcome: Awaited<ReturnType<Connecting['connect']>>
    try {
      outcome = await connect(() => {
        openedAt = Date.now()
        if (!own.signal.aborted) state.set({ status: 'open' })
      }, own.signal)
      if (outcome === 'ended' && !own.signal.aborted) await check()
    } catch (error) {
      if (error instanceof ProblemError) {
        least = error.retryAfter ?? 0
        if (error.status === 403) outcome = 'refused'
      }
    }
    if (own.signal.aborted) return
    running = undefined
    if (openedAt && Date.now() - openedAt > settledAfter) attempts = 0
    if (outcome === 'refused') return state.set({ status: 'refused' })
    if (++attempts >= mostAttempts) return state.set({ status: 'exhausted' })
    // Not all at once when a server goes that held thousands.
    const pause = Math.min(2 ** (attempts - 1), 30) * (1 - Math.random() / 5)
    const delay = Math.max(pause, least) * second
    timer = setTimeout(attempt, delay)
    state.set({ status: 'waiting', retryAt: Date.now() + delay })
  }

  return {
    state,
    retry,
    listeners,
    listen: (listener) => {
      listeners.add(listener)
      follow()
      return () => {
        listeners.delete(listener)
        follow()
      }
    },
    close: () => {
      stopWatching()
      holder = undefined
      stop()
    },
  }
}
