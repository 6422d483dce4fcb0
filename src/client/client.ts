/**
 * The browser's side of Sallyport, for any front end and with no dependency. It keeps no secret:
 * the session lives in cookies that script cannot read, and this only knows what the server says.
 */

import type { LogIn, Page, Session, SetUp, SetupStatus, Signed } from '../wire.ts'
import { isAway } from './errors.ts'
import { renewing } from './renewal.ts'
import { keepSession, type SessionState } from './session.ts'
import { type Call, createTransport } from './transport.ts'
import type { Watchable } from './watchable.ts'

export type { LogIn, Page, Problem, Session, SetUp, SetupStatus, Signed, User } from '../wire.ts'
export { type ClientError, isAway, ProblemError, UnreachableError } from './errors.ts'
export { returnPath } from './return-path.ts'
export type { SessionState } from './session.ts'
export type { Call, CallOptions, Method } from './transport.ts'
export type { Watchable } from './watchable.ts'

export interface ClientOptions {
  /** Where the API lives, without a slash at the end. Default `/api/v1`, on this origin. */
  readonly baseUrl?: string
  readonly fetch?: typeof globalThis.fetch
  /** Milliseconds one request may take. Default 15,000. */
  readonly timeout?: number
}

/** Every call throws `ProblemError` when refused and `UnreachableError` when there is no answer. */
export interface Client {
  /** The session as this tab knows it, the same in every tab. `unknown` until `check` was called. */
  readonly session: Watchable<SessionState>

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

  /** Whether the instance still needs its owner, and what a password must be like. */
  readonly setupStatus: (signal?: AbortSignal) => Promise<SetupStatus>

  /** The caller's own live sessions, newest first; `limit` 1–200, 50 when not given. */
  readonly sessions: (ask?: PageAsk) => Promise<Page<Session>>

  /**
   * Any other call. Where the session has to be renewed that is done, once for all tabs, and the call
   * made again; any other 401 signs out here as everywhere.
   */
  readonly call: Call

  /** Stops asking, listening and retrying. */
  readonly close: () => void
}

export interface PageAsk {
  /** `nextCursor` of the page before. */
  readonly cursor?: string
  readonly limit?: number
  readonly signal?: AbortSignal
}

/** Makes a client. Nothing is sent before the first call; `check()` is the usual one. */
export function createClient(options: ClientOptions = {}): Client {
  const { baseUrl = '/api/v1', timeout = 15_000 } = options
  // Called as a plain function: the browser's own refuses to run as a method of something else.
  const fetch: typeof globalThis.fetch = options.fetch ?? ((...ask) => globalThis.fetch(...ask))
  const once = createTransport({ baseUrl, fetch, timeout })
  // An answer that is lost must be asked for again soon, while the old token is still excused.
  const soon = createTransport({ baseUrl, fetch, timeout: Math.min(timeout, 5_000) })
  const { call: send, alone } = renewing(once, () => soon('POST', '/auth/refresh'), baseUrl)
  const kept = keepSession(baseUrl, (passive) => send<Signed>('GET', '/auth/me', { passive }))

  const call: Call = async (method, path, callOptions) => {
    const learn = kept.listen()
    try {
      return await send(method, path, callOptions)
    } catch (error) {
      learn(error)
      throw error
    }
  }

  async function enter(path: string, body: LogIn | SetUp): Promise<Signed> {
    try {
      const signed = await alone(() => once<Signed>('POST', path, { body }))
      kept.enter(signed)
      return signed
    } catch (error) {
      // The answer may have been lost on its way, and its cookies not: ask how things stand.
      if (isAway(error)) void kept.check()
      throw error
    }
  }

  return {
    session: kept.state,
    check: kept.check,
    signIn: (proof) => enter('/auth/login', proof),
    setUp: (owner) => enter('/auth/setup', owner),
    signOut: async () => {
      const learn = kept.listen()
      try {
        await alone(() => once('POST', '/auth/logout'))
      } catch (error) {
        learn(error)
        // Refused because there is no session any more: that is what was asked for.
        if (kept.state.get().status !== 'unauthenticated') throw error
      }
      kept.leave('logout')
    },
    setupStatus: (signal) => call('GET', '/auth/setup', signal ? { signal } : {}),
    sessions: ({ cursor, limit, signal } = {}) => {
      const query = new URLSearchParams()
      if (cursor !== undefined) query.set('cursor', cursor)
      if (limit !== undefined) query.set('limit', String(limit))
      const path = query.size > 0 ? `/auth/sessions?${query}` : '/auth/sessions'
      return call('GET', path, signal ? { signal } : {})
    },
    call,
    close: kept.close,
  }
}
