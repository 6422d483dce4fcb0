/**
 * One call to the server: JSON both ways, the CSRF header on everything that changes something, a
 * time limit so that nothing hangs, and every failure as one of two typed errors.
 */

import type { Problem } from '../wire.ts'
import { ProblemError, UnreachableError } from './errors.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface CallOptions {
  /** Sent as JSON when given. */
  readonly body?: unknown
  /** Ends the call early; it then rejects with the signal's own reason. */
  readonly signal?: AbortSignal
  /** For calls no person asked for: the server does not count them as activity. */
  readonly passive?: boolean
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

export interface TransportOptions {
  readonly baseUrl: string
  readonly fetch: typeof globalThis.fetch
  /** Milliseconds one request may take, its body included. */
  readonly timeout: number
}

export function createTransport({ baseUrl, fetch, timeout }: TransportOptions): Call {
  return async function call<T>(method: Method, path: string, options: CallOptions = {}) {
    try {
      // The one cast: see `Call` on why the shape is trusted.
      return (await send(method, path, options, csrfCookie())) as T
    } catch (error) {
      if (method === 'GET' || !isCsrfRejected(error)) throw error
      const token = await freshToken(options.signal)
      if (token === undefined) throw error
      return (await send(method, path, options, token)) as T
    }
  }

  /** The token comes from the answer: the cookie set with it may be one that script cannot see. */
  async function freshToken(signal?: AbortSignal): Promise<string | undefined> {
    try {
      const answer = await send('GET', '/auth/csrf', signal ? { signal } : {}, undefined)
      return isObject(answer) && typeof answer.token === 'string' ? answer.token : undefined
    } catch (error) {
      if (error instanceof ProblemError) return undefined
      throw error
    }
  }

  async function send(
    method: Method,
    path: string,
    { body, signal, passive }: CallOptions,
    token: string | undefined,
  ): Promise<unknown> {
    const headers: Record<string, string> = { Accept: 'application/json' }
    if (body !== undefined) headers['Content-Type'] = 'application/json'
    if (passive) headers['X-Sallyport-Passive'] = '1'
    if (token !== undefined && method !== 'GET') headers['X-CSRF-Token'] = token

    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(), timeout)
    try {
      const response = await fetch(baseUrl + path, {
        method,
        headers,
        // Also to a server on another origin of the site: its list of origins decides.
        credentials: 'include',
        cache: 'no-store',
        signal: signal ? AbortSignal.any([signal, limit.signal]) : limit.signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return read(response, await response.text())
    } catch (cause) {
      if (signal?.aborted) throw signal.reason
      if (cause instanceof ProblemError || cause instanceof UnreachableError) throw cause
      throw new UnreachableError(limit.signal.aborted ? 'timeout' : 'network', { cause })
    } finally {
      clearTimeout(timer)
    }
  }
}

/** A proxy's own error page is not our server speaking, so it is never taken for a refusal. */
function read(response: Response, text: string): unknown {
  if (response.ok && text === '') return undefined
  const parsed = parse(text)
  if (response.ok && parsed !== undefined) return parsed
  if (!response.ok && isProblem(parsed)) throw new ProblemError(parsed)
  throw new UnreachableError('foreign', { cause: `status ${response.status}` })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isProblem(value: unknown): value is Problem {
  return isObject(value) && typeof value.code === 'string' && typeof value.status === 'number'
}

function isCsrfRejected(error: unknown): boolean {
  return error instanceof ProblemError && error.code === 'csrf_rejected'
}

/** The prefixed names first: where they exist, a plain one was not set by the server. */
function csrfCookie(): string | undefined {
  if (typeof document === 'undefined') return undefined
  const pairs = document.cookie.split(';').map((pair) => pair.trim())
  for (const name of ['__Host-csrf', '__Secure-csrf', 'csrf']) {
    const found = pairs.find((pair) => pair.startsWith(`${name}=`))
    if (found) return found.slice(name.length + 1)
  }
  return undefined
}
