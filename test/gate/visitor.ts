/**
 * A visitor: a browser as far as cookies, origin and CSRF header go, and no further. What it sends
 * beyond that a test says itself.
 *
 * @module
 */
import type { Sallyport } from '../../src/index.ts'
import type { Problem, Signed } from '../../src/wire.ts'
import { learnFromSent } from './canary.ts'
import { misdescribed } from './described.ts'
import { origin, setupToken } from './gate.ts'
import { turnsAt } from './turns.ts'

export const password = 'correct horse battery staple'

export interface Sending {
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as it is. */
  readonly body?: string
  /** Over the usual ones; null leaves one out. */
  readonly headers?: Readonly<Record<string, string | null>>
}

export interface Got {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON; an empty object when there is none. */
  readonly json: Problem & Signed & Record<string, unknown>
  /** `Set-Cookie` values. */
  readonly set: readonly string[]
}

export interface Visitor {
  readonly jar: Map<string, string>
  send(method: string, path: string, sending?: Sending): Promise<Got>
  setUp(username?: string): Promise<Got>
  logIn(username: string, secret?: string): Promise<Got>
}

/** A browser of its own at `gate`, with an empty cookie jar; or in another place, with another's. */
export function visitor(
  gate: Pick<Sallyport, 'handle'>,
  address = '198.51.100.7',
  { base = '/api/v1', jar = new Map<string, string>() } = {},
): Visitor {
  const next = turnsAt(gate)

  async function send(method: string, path: string, sending: Sending = {}): Promise<Got> {
    const headers = new Headers({
      'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0',
    })
    if (jar.size > 0) headers.set('Cookie', [...jar].map((pair) => pair.join('=')).join('; '))
    if (method !== 'GET') {
      headers.set('Origin', origin)
      headers.set('Sec-Fetch-Site', 'same-origin')
      const token = jar.get('__Host-csrf')
      if (token) headers.set('X-CSRF-Token', token)
    }
    const body = sending.json === undefined ? sending.body : JSON.stringify(sending.json)
    if (sending.json !== undefined) headers.set('Content-Type', 'application/json')
    for (const [name, value] of Object.entries(sending.headers ?? {})) {
      if (value === null) headers.delete(name)
      else headers.set(name, value)
    }
    // As bytes: for a text the platform would add a type of its own.
    const bytes = body === undefined ? null : new TextEncoder().encode(body)
    const request = new Request(`${origin}${base}${path}`, { method, headers, body: bytes })
    const got = await keepCookies(await next().handle(request, { address }))
    const { status, text } = got
    learnFromSent(sending.json, status)
    const type = got.headers.get('content-type')
    const wrong =
      base === '/api/v1' && method !== 'HEAD' && type !== 'text/event-stream'
        ? misdescribed({ method, path, status, type, text })
        : undefined
    // Every answer that a test is given fits the description.
    if (wrong !== undefined) throw new Error(`not as described: ${wrong}`)
    return got
  }

  async function keepCookies(response: Response): Promise<Got> {
    const set = response.headers.getSetCookie()
    for (const cookie of set) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (/Max-Age=0(?:;|$)/.test(cookie)) jar.delete(name)
      else jar.set(name, value)
    }
    // A stream would never end.
    const endless = response.headers.get('content-type') === 'text/event-stream'
    if (endless) await response.body?.cancel()
    const text = endless ? '' : await response.text()
    const { status, headers } = response
    // Lines of JSON are no JSON.
    const isJson = /\/(?:problem\+)?json\b/.test(headers.get('content-type') ?? '')
    return { status, headers, text, json: isJson && text !== '' ? JSON.parse(text) : {}, set }
  }

  return {
    jar,
    send,
    setUp: (username = 'ada') =>
      send('POST', '/auth/setup', { json: { setupToken, username, password } }),
    logIn: (username, secret = password) =>
      send('POST', '/auth/login', { json: { username, password: secret } }),
  }
}
