/**
 * One request to the server: the CSRF header on everything that changes something, a time limit so
 * that nothing hangs, and every failure as one of two typed errors.
 */

import type { Problem } from '../wire.ts'
import { ProblemError, UnreachableError } from './errors.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface CallOptions {
  /** Sent as JSON when given. */
  readonly body?: unknown
  /** Ends the call early; it then rejects with the signal's own reason. */
  readonly signal?: AbortSignal | null | undefined
  /** For calls no person asked for: the server does not count them as activity. */
  readonly passive?: boolean
  /** Milliseconds it may take, its answer included, where that is not the usual. */
  readonly timeout?: number
}

/**
 * Calls `path` (below the base URL) and answers the parsed body, `undefined` when there is none.
 * Throws `ProblemError` when the server refuses and `UnreachableError` when it does not answer.
 * `T` is trusted, not checked: client and server ship as one version.
 */
export type Call = <T = undefined>(
  method: Method,
  path: string,
  options?: CallOptions,
) => Promise<T>

/** As the browser's own `fetch`. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

export interface Transport {
  /** @param longest Milliseconds it may take, its body included, where not the usual. */
  readonly call: <T>(
    method: Method,
    path: string,
    options?: CallOptions,
    longest?: number,
  ) => Promise<T>
  /**
   * Any request, its answer unread. Throws `ProblemError`, with the answer as its `cause`, when the
   * server refuses; whatever else answers is answered.
   */
  readonly fetch: (url: string | URL, init: RequestInit) => Promise<Response>
}

export interface TransportOptions {
  readonly baseUrl: string
  readonly fetch: typeof globalThis.fetch
  /** Milliseconds one call may take, its body included. What goes through `fetch` has no limit. */
  readonly timeout: number
  /** The name of the CSRF cookie without its prefix, where the server was given another one. */
  readonly csrfCookie?: string | undefined
}

export const isSafe = (method = 'GET'): boolean => /^(GET|HEAD|OPTIONS)$/i.test(method)

export function createTransport({
  baseUrl,
  fetch,
  timeout,
  csrfCookie = 'csrf',
}: TransportOptions): Transport {
  /** What the server last gave, for pages of another origin, which cannot read its cookie. */
  let given: string | undefined
  return { call, fetch: send }

  async function call<T>(
    method: Method,
    path: string,
    { body, signal, passive, timeout: own = timeout }: CallOptions = {},
    longest = own,
  ): Promise<T> {
    const limit = AbortSignal.timeout(longest)
    const init = inJson(method, json, body)
    if (passive) init.headers.set('X-Sallyport-Passive', '1')
    init.signal = signal ? AbortSignal.any([signal, limit]) : limit
    try {
      const response = await send(baseUrl + path, { ...init, cache: 'no-store' })
      const text = await response.text().catch(unanswered)
      const answer = parse(text)
      // A proxy's own page is not our server speaking, so it is never taken for an answer.
      if (!response.ok || (answer === undefined && response.status !== 204))
        throw new UnreachableError('foreign', { cause: `status ${response.status}` })
      // The one cast: see `Call` on why the shape is trusted.
      return answer as T
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw limit.aborted ? new UnreachableError('timeout', { cause: error }) : error
    }
  }

  /** Sends it with the token at hand and, where that is rejected, once more with a fresh one. */
  async function send(url: string | URL, init: RequestInit): Promise<Response> {
    if (!isOurs(url, baseUrl)) return fetch(url, init)
    if (isSafe(init.method)) return sendOnce(url, init, undefined)
    try {
      return await sendOnce(url, init, cookieNamed(csrfCookie) ?? given)
    } catch (error) {
      if (!(error instanceof ProblemError && error.code === 'csrf_rejected')) throw error
      given = await freshToken(init.signal)
      if (!given) throw error
      return sendOnce(url, init, given)
    }
  }

  async function sendOnce(
    url: string | URL,
    init: RequestInit,
    token: string | undefined,
  ): Promise<Response> {
    const headers = new Headers(init.headers)
    if (token !== undefined) headers.set('X-CSRF-Token', token)
    // Also to a server on another origin of the site: its list of origins decides.
    const said: RequestInit = { ...init, headers, credentials: 'include' }
    const response = await fetch(url, said).catch(unanswered)
    if (response.ok) return response
    const problem = parse(await response.clone().text().catch(unanswered))
    if (isProblem(problem)) throw new ProblemError(problem, { cause: response })
    return response
  }

  /** The token comes from the answer: the cookie set with it may be one that script cannot see. */
  async function freshToken(signal: AbortSignal | null | undefined): Promise<string | undefined> {
    try {
      const answer = await call<{ token?: string }>('GET', '/auth/csrf', { signal })
      return answer?.token
    } catch (error) {
      if (error instanceof ProblemError) return undefined
      throw error
    }
  }
}

const json = 'application/json'

/** What asks for `accept`, with `body` as JSON when there is one. */
export function inJson(
  method: Method,
  accept: string,
  body: unknown,
): RequestInit & { readonly headers: Headers } {
  const headers = new Headers({ Accept: accept })
  if (body === undefined) return { method, headers }
  headers.set('Content-Type', json)
  return { method, headers, body: JSON.stringify(body) }
}

function unanswered(cause: unknown): never {
  throw new UnreachableError('network', { cause })
}

/** Whether `url` leads to this origin or to the server's: nobody else is sent cookies or a token. */
function isOurs(url: string | URL, baseUrl: string): boolean {
  const here = globalThis.location?.href ?? 'http://localhost'
  const { origin } = new URL(url, here)
  return origin === new URL(here).origin || origin === new URL(baseUrl, here).origin
}

/** JSON, or `undefined` when it is none. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The shape is looked at as far as it decides something. */
function isProblem(value: unknown): value is Problem {
  const { code, status } = Object(value)
  return typeof code === 'string' && typeof status === 'number'
}

/** The prefixed names first: where they exist, a plain one was not set by the server. */
function cookieNamed(name: string): string | undefined {
  for (const prefix of ['__(?:Host|Secure)-', '']) {
    const found = globalThis.document?.cookie.match(`(?:^|; *)${prefix + name}=([^;]*)`)
    if (found) return found[1]
  }
  return undefined
}
