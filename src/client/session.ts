/**
 * The session as this tab knows it. Three states, and one idea: only a 401 of the server, or another
 * tab that got one, signs out; everything else leaves the state as it was, adds `error`, and asks
 * again after 1, 2, 4 … 30 seconds.
 */

import type { Signed } from '../wire.ts'
import { type ClientError, isAway, ProblemError, UnreachableError } from './errors.ts'
import { knowTabs } from './tabs.ts'
import { type Watchable, watchable } from './watchable.ts'

/** There while the server cannot be asked. `retryAt`: epoch milliseconds of the next attempt. */
interface Trouble {
  readonly error?: ClientError
  readonly retryAt?: number
}

/**
 * `unknown` until the server was asked for the first time. `reason` says why a session ended:
 * `expired`, or the reason of `session_revoked` (`logout`, `revoked`, `evicted`, …); absent when
 * there was none.
 */
export type SessionState =
  | ({ readonly status: 'unknown' } & Trouble)
  | ({ readonly status: 'authenticated' } & Signed & Trouble)
  | ({ readonly status: 'unauthenticated'; readonly reason?: string | undefined } & Trouble)

/** `initial` is what it was before anything was asked: what a page drawn by a server shows. */
export type WatchedSession = Watchable<SessionState> & { readonly initial: SessionState }

export interface KeptSession {
  readonly state: WatchedSession
  /** @param passive Whether no person caused it. */
  readonly check: (passive?: boolean) => Promise<void>
  readonly enter: (signed: Signed) => void
  readonly leave: (reason: string) => void
  /** Remembers now, so that what a call learns is weighed against what happened since. */
  readonly listen: () => (error: unknown) => void
  readonly close: () => void
}

const second = 1000
/** A clock that runs ahead of the server's must not make every check lead to the next at once. */
const soonestRecheck = 30 * second
const latestRecheck = 12 * 60 * 60 * second

/** @param ask `GET /auth/me`; passive when no person caused it. */
export function keepSession(
  baseUrl: string,
  initial: SessionState,
  ask: (passive: boolean) => Promise<Signed>,
): KeptSession {
  const state = watchable(initial)
  let generation = 0
  let failures = 0
  let askedAt = 0
  let asking: Promise<void> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const tabs = knowTabs(baseUrl, (news) => {
    if (news.session === sessionId()) {
      if (news.kind === 'out') become({ status: 'unauthenticated', reason: news.reason })
    } else if (news.kind === 'in') {
      forgetAnswersUnderway()
      void check()
    }
  })

  function sessionId(): string | undefined {
    const now = state.get()
    return now.status === 'authenticated' ? now.session.id : undefined
  }

  function forgetAnswersUnderway() {
    generation++
    asking = undefined
  }

  function become(next: SessionState) {
    const id = next.status === 'authenticated' ? next.session.id : undefined
    if (id === undefined || id !== sessionId()) forgetAnswersUnderway()
    failures = 0
    if (next.status === 'authenticated') {
      const { idleUntil, expiresAt } = next.session
      const left = Math.min(Date.parse(idleUntil), Date.parse(expiresAt)) + second - Date.now()
      schedule(Math.min(Math.max(left, soonestRecheck), latestRecheck))
    } else {
      clearTimeout(timer)
    }
    state.set(next)
  }

  function schedule(delay: number) {
    clearTimeout(timer)
    timer = setTimeout(() => void check(true), delay)
  }

  function out(reason: string | undefined) {
    const before = state.get()
    const session = sessionId()
    const kept = before.status === 'unauthenticated' ? before.reason : undefined
    const told = reason ?? (session === undefined ? kept : 'expired')
    become({ status: 'unauthenticated', reason: told })
    if (session !== undefined) tabs.tell({ kind: 'out', session, reason: told ?? 'expired' })
  }

  function fail(error: ClientError) {
    const backOff = Math.min(2 ** failures++, 30)
    const wait = error instanceof ProblemError ? (error.retryAfter ?? 0) : 0
    const delay = Math.max(backOff, wait) * second
    schedule(delay)
    state.set({ ...state.get(), error, retryAt: Date.now() + delay })
  }

  async function look(passive: boolean) {
    tabs.join()
    const asked = generation
    askedAt = Date.now()
    try {
      const signed = await ask(passive)
      if (asked === generation) become({ status: 'authenticated', ...signed })
    } catch (error) {
      if (asked !== generation) return
      if (isOver(error)) out(reasonOf(error))
      else if (error instanceof ProblemError || error instanceof UnreachableError) fail(error)
      else throw error
    }
  }

  function check(passive = false): Promise<void> {
    if (asking) return asking
    const own = look(passive).finally(() => {
      if (asking === own) asking = undefined
    })
    asking = own
    return own
  }

  const stopAttending = attend((restored) => {
    const stale = Date.now() - askedAt > 10 * second
    if (askedAt > 0 && (restored || stale || state.get().error)) void check(true)
  })

  return {
    state: { ...state, initial },
    check,
    enter: (signed) => {
      become({ status: 'authenticated', ...signed })
      tabs.tell({ kind: 'in', session: signed.session.id })
    },
    leave: out,
    listen: () => {
      const asked = generation
      return (error) => {
        if (asked !== generation) return
        if (isOver(error)) out(reasonOf(error))
        // With an error told already, the next attempt has its time: many calls must not hurry it.
        else if (isAway(error) && !state.get().error) void check(true)
      }
    },
    close: () => {
      forgetAnswersUnderway()
      clearTimeout(timer)
      stopAttending()
      tabs.close()
    },
  }
}

/** A wrong password is a 401 too, and says nothing about a session. */
function isOver(error: unknown): error is ProblemError {
  return (
    error instanceof ProblemError &&
    ['not_authenticated', 'session_expired', 'session_revoked'].includes(error.code)
  )
}

function reasonOf({ code, problem }: ProblemError): string | undefined {
  if (code === 'session_revoked') return problem.reason ?? 'revoked'
  return code === 'session_expired' ? 'expired' : undefined
}

/** Calls `look` when the page comes back to a person or the network changes; where there is a page. */
function attend(look: (restored: boolean) => void): () => void {
  if (typeof window === 'undefined') return () => {}
  const end = new AbortController()
  const on = (target: EventTarget, name: string, heard: (event: Event) => void) =>
    target.addEventListener(name, heard, end)
  const changed = () => look(true)
  on(window, 'online', changed)
  on(window, 'offline', changed)
  // Out of the browser's memory of pages left, and so as old as that.
  on(window, 'pageshow', (event) => 'persisted' in event && event.persisted && look(true))
  on(document, 'visibilitychange', () => document.visibilityState === 'visible' && look(false))
  return () => end.abort()
}
