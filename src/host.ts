/**
 * The host's own routes: what a host and a mount are given to ask who calls them.
 *
 * @module
 */
import { apiHeaders } from './http/headers.ts'
import { hostGuard, hostOrigin, type Need } from './http/host-guard.ts'
import { type Plain, plainOf, responseFrom } from './http/plain.ts'
import { requestIds } from './http/request-id.ts'
import type { From, Head, Site } from './http/site.ts'
import { callerViews } from './http/view.ts'
import { Unavailable } from './ports.ts'
import { type Refusal, type RefusalCode, refuse } from './rules/refusal.ts'
import type { ApiKey, Signed } from './wire.ts'

/** Who calls a route of the host's own: somebody signed in, or a program by an API key. */
export type HostCaller = { readonly ok: true } & (
  | (Signed & { readonly key?: undefined })
  | HostKeyCaller
)

/** A program that acts for `user`; `permissions` are those that both the key and its owner have. */
export interface HostKeyCaller extends Omit<Signed, 'session'> {
  readonly session?: undefined
  readonly key: ApiKey
}

/** Nobody, or nobody who may; `response` is the problem to answer with. */
export interface HostRefusal {
  readonly ok: false
  readonly code: RefusalCode
  /** Made when it is asked for. */
  readonly response: Response
  /** The same for a mount that writes it itself. */
  readonly plain: Plain
}

/**
 * Asks who is calling. The answer is there at once, unless something has to be read or written for it.
 *
 * @param scope Where a permission is asked, as in `department:sales`; everywhere, when it is left out.
 */
export type HostGuard = (
  request: Head,
  from?: From,
  scope?: string,
) => HostCaller | HostRefusal | Promise<HostCaller | HostRefusal>

export interface HostGate {
  /**
   * Who is calling a route of the host's own. An unsafe method passes the origin and CSRF gates.
   *
   * With the database away it is a refusal like any other, 503.
   */
  callerOf(request: Head, from?: From): Promise<HostCaller | HostRefusal>
  /**
   * For mounts: {@link callerOf} for one kind of route, of somebody who may call it. What it answers is
   * the same object for the same session, and cannot be changed.
   *
   * @throws {Error} For a role or a permission that there is not.
   */
  guard(need?: Need): HostGuard
  /** For mounts, of a route that anyone may call: why an unsafe request does not pass the origin gate. */
  foreign(request: Head, from?: From): HostRefusal | undefined | Promise<HostRefusal | undefined>
}

export function hostOf(site: Site): HostGate {
  const { world } = site
  const headers = apiHeaders(new URL(world.publicOrigin))
  const views = callerViews(world)
  const newRequestId = requestIds(world.random)

  function refused(refusal: Refusal, request: Head): HostRefusal {
    const plain = plainOf(refusal, request, newRequestId(), headers)
    return {
      ok: false,
      code: refusal.code,
      plain,
      get response() {
        return responseFrom(plain)
      },
    }
  }

  function guard(need: Need = {}): HostGuard {
    const ask = hostGuard(site, need)
    return (request, from = {}, scope) => {
      const caller = ask(request, from, scope)
      if (caller instanceof Promise)
        return caller
          .catch(unlessAway)
          .then((known) => (known.ok ? views(known) : refused(known, request)))
      return caller.ok ? views(caller) : refused(caller, request)
    }
  }
  const signedIn = guard()

  return {
    guard,
    callerOf: async (request, from) => signedIn(request, from),
    foreign(request, from = {}) {
      const astray = hostOrigin(site, request, from)
      if (!(astray instanceof Promise)) return astray && refused(astray, request)
      return astray.catch(unlessAway).then((known) => known && refused(known, request))
    },
  }
}

/** The database being away is an answer, and the answer is no. */
function unlessAway(error: unknown): Refusal {
  if (error instanceof Unavailable) return refuse('unavailable')
  throw error
}
