/**
 * The browser's side of Sallyport, for any front end and with no dependency. It keeps no secret:
 * the session lives in cookies that script cannot read, and this only knows what the server says.
 */

import type { LogIn, Page, Session, SetUp, SetupStatus, Signed, SteppedUp } from '../wire.ts'
import type { ConnectionState } from './connection.ts'
import { keepEvents } from './events.ts'
import { patient } from './patience.ts'
import { renewing } from './renewal.ts'
import { keepSession, type WatchedSession } from './session.ts'
import { keepSocket, type Socket } from './socket.ts'
import { readStream, type StreamEvent, type StreamOptions } from './stream.ts'
import { type Call, createTransport, type Fetch, isSafe, type Method } from './transport.ts'
import type { Watchable } from './watchable.ts'

export type { LogIn, Page, Problem, Session, SetUp, SetupStatus, Signed, User } from '../wire.ts'
export type { ConnectionState } from './connection.ts'
export { type ClientError, isAway, ProblemError, UnreachableError } from './errors.ts'
export { returnPath } from './return-path.ts'
export type { SessionState, WatchedSession } from './session.ts'
export type { Filters, Socket, SocketEvent, SocketState, Subscription } from './socket.ts'
export type { StreamEvent, StreamOptions } from './stream.ts'
export type { Call, CallOptions, Fetch, Method } from './transport.ts'
export type { Watchable } from './watchable.ts'

export interface ClientOptions {
  /** Where the API lives, without a slash at the end. Default `/api/v1`, on this origin. */
  readonly baseUrl?: string
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Milliseconds one call may take. Default 15,000. */
  readonly timeout?: number
  /** `cookies.names.csrf` of the server, where that was set. */
  readonly csrfCookie?: string | undefined
  /**
   * Who is signed in as far as the server knew that drew this page, `null` for nobody: `session`
   * begins with it. Left out, it begins `unknown`.
   */
  readonly initial?: Signed | null | undefined
}

/** Every call throws `ProblemError` when refused and `UnreachableError` when there is no answer. */
export interface Client {
  /** The session as this tab knows it, the same in every tab. `unknown` until `check` was called. */
  readonly session: WatchedSession

  /** Asks the server who is signed in, renewing the session first where it has to be. Never throws. */
  readonly check: () => Promise<void>

  /**
   * Signs in. Refusals: `invalid_credentials`, `account_locked`, `rate_limited`, `busy`,
   * `session_limit_reached`; with `retryAfter` where waiting helps.
   */
  readonly signIn: (proof: LogIn) => Promise<Signed>

  /**
   * Claims the instance and signs its first owner in. Refusals: `forbidden` (wrong token),
   * `already_set_up`, `validation_failed` with `fields`.
   */
  readonly setUp: (owner: SetUp) => Promise<Signed>

  /**
   * Ends the session on the server. When it throws, the person is still signed in, or it is not
   * known: `session` does not pretend otherwise, and calling again is safe.
   */
  readonly signOut: () => Promise<void>

  /**
   * Takes a new password and goes on in a new session; every other one ends. A wrong current password
   * is `wrong_password` and changes nothing; also `validation_failed`, `account_locked`.
   */
  readonly changePassword: (passwords: {
    readonly currentPassword: string
    readonly newPassword: string
  }) => Promise<Signed>

  /** Shows the password once more, for what needs it fresh. Refusals: `wrong_password`, `account_locked`. */
  readonly stepUp: (password: string) => Promise<SteppedUp>

  /** Whether the instance still needs its owner, and what a password must be like. */
  readonly setupStatus: (signal?: AbortSignal) => Promise<SetupStatus>

  /** The caller's own live sessions, newest first; `limit` 1–200, 50 when not given. */
  readonly sessions: (ask?: PageAsk) => Promise<Page<Session>>

  /** Ends one session; of the current one it is a sign-out, as honest as `signOut`. */
  readonly endSession: (id: string) => Promise<void>

  /** Ends every session of the person but this one. */
  readonly endOtherSessions: () => Promise<{ readonly revoked: number }>

  /**
   * Any other call. Where the session has to be renewed that is done, once for all tabs, and the call
   * made again; any other 401 signs out here as everywhere.
   */
  readonly call: Call

  /**
   * As the browser's own `fetch`, for calls of your own: with the CSRF header, a renewal where it has
   * to be, and up to two more tries of a safe call that was told to wait 5 s or less. Other origins than
   * this one and the server's are asked plainly. A body that is a stream is sent once.
   */
  readonly fetch: Fetch

  /**
   * Calls `url` and reads its answer as an event stream, to its end or to the event `until`, which is
   * told as well. Throws as `call` does; an end without `until` is `UnreachableError`, `incomplete`.
   */
  readonly stream: <T = unknown>(
    url: string,
    options?: StreamOptions,
  ) => AsyncGenerator<StreamEvent<T>>

  /**
   * Security events as they happen, the own and, where allowed, everybody's, as long as somebody is
   * signed in. The answer stops it.
   */
  readonly events: (listener: (event: StreamEvent) => void) => () => void

  /** Whether events come in. */
  readonly eventsState: Watchable<ConnectionState>

  /** The WebSocket of this tab; connected while somebody is signed in and subscribed. */
  readonly socket: Socket

  /** Stops asking, listening and retrying. */
  readonly close: () => void
}

export interface PageAsk {
  /** `nextCursor` of the page before. */
  readonly cursor?: string
  readonly limit?: number
  readonly signal?: AbortSignal | undefined
}

/** Makes a client. Nothing is sent before the first call; `check()` is the usual one. */
export function createClient(options: ClientOptions = {}): Client {
  const { baseUrl = '/api/v1', timeout = 15_000, initial } = options
  // Called as a plain function: the browser's own refuses to run as a method of something else.
  const fetch: typeof globalThis.fetch = options.fetch ?? ((...ask) => globalThis.fetch(...ask))
  const once = createTransport({ ...options, baseUrl, fetch, timeout })
  // An answer that is lost must be asked for again soon, while the old token is still excused.
  const soon = Math.min(timeout, 5_000)
  const refresh = () => once.call('POST', '/auth/refresh', {}, soon)
  const { renewed, alone } = renewing(refresh, baseUrl)
  const kept = keepSession(
    baseUrl,
    initial
      ? { status: 'authenticated', ...initial }
      : { status: initial === null ? 'unauthenticated' : 'unknown' },
    (passive) => renewed(() => once.call<Signed>('GET', '/auth/me', { passive })),
  )

  /** The way of every request but the session's own: waits, renews, and tells what its failing means. */
  async function made<T>(
    repeatable: boolean,
    signal: AbortSignal | null | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const learn = kept.listen()
    try {
      return await patient(repeatable, signal, () => renewed(work, signal))
    } catch (error) {
      learn(error)
      throw error
    }
  }

  const call: Call = (method, path, said) =>
    made(method === 'GET', said?.signal, () => once.call(method, path, said))

  /** As `fetch` of the client, but a refusal is thrown. */
  const ask: Fetch = async (input, init = {}) => {
    if (input instanceof Request) {
      const { url, method, headers, signal } = input
      // Read now: it may have to be sent again.
      const body = isSafe(method) ? null : await input.blob()
      return ask(url, { method, headers, signal, body, ...init })
    }
    const repeatable = isSafe(init.method) || new Headers(init.headers).has('idempotency-key')
    return made(repeatable, init.signal, () => once.fetch(input, init))
  }

  /** For what sets or clears the cookies itself. */
  const alter = <T>(method: Method, path: string, body?: unknown): Promise<T> =>
    made(false, null, () => alone(() => once.call<T>(method, path, { body })))

  async function enter(path: string, body: unknown): Promise<Signed> {
    const signed = await alter<Signed>('POST', path, body)
    kept.enter(signed)
    return signed
  }

  async function leave(method: Method, path: string): Promise<void> {
    await alter(method, path).catch((error) => {
      // Refused because there is no session any more: that is what was asked for.
      if (kept.state.get().status !== 'unauthenticated') throw error
    })
    kept.leave('logout')
  }

  const around = { session: kept.state, check: () => kept.check(true) }
  const socket = keepSocket(baseUrl, call, around)
  const events = keepEvents(`${baseUrl}/events`, ask, around)

  return {
    session: kept.state,
    check: () => kept.check(),
    signIn: (proof) => enter('/auth/login', proof),
    setUp: (owner) => enter('/auth/setup', owner),
    signOut: () => leave('POST', '/auth/logout'),
    changePassword: (passwords) => enter('/auth/change-password', passwords),
    stepUp: (password) => call('POST', '/auth/step-up', { body: { password } }),
    setupStatus: (signal) => call('GET', '/auth/setup', { signal }),
    sessions: ({ cursor, limit, signal } = {}) => {
      const query = new URLSearchParams()
      if (cursor !== undefined) query.set('cursor', cursor)
      if (limit !== undefined) query.set('limit', String(limit))
      return call('GET', query.size > 0 ? `/auth/sessions?${query}` : '/auth/sessions', { signal })
    },
    endSession: (id) => {
      const path = `/auth/sessions/${encodeURIComponent(id)}`
      const now = kept.state.get()
      const current = now.status === 'authenticated' && now.session.id === id
      return current ? leave('DELETE', path) : call('DELETE', path)
    },
    endOtherSessions: () => call('POST', '/auth/sessions/revoke-others'),
    call,
    async fetch(input, init) {
      try {
        return await ask(input, init)
      } catch (error) {
        // The answer that was refused, or what the browser's own would have thrown.
        const { cause } = Object(error)
        if (cause instanceof Response) return cause
        throw cause ?? error
      }
    },
    stream: (url, said) => readStream(ask, url, said),
    events: events.listen,
    eventsState: events.state,
    socket,
    close: () => {
      socket.close()
      events.close()
      kept.close()
    },
  }
}
