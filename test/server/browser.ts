/**
 * A client that knows the contract (`api.md`) and nothing of the code: HTTP over a socket, a cookie
 * jar of its own, an `Origin` where a browser sends one.
 *
 * @module
 */
import { type Agent, type IncomingHttpHeaders, request as open } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { leaked, learnFrom, learnFromSent } from '../gate/canary.ts'
import { misdescribed } from '../gate/described.ts'
import { watched } from '../gate/form.ts'

export interface Sending {
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as it is. */
  readonly body?: string
  /** Over the usual ones; null leaves one out. */
  readonly headers?: Readonly<Record<string, string | null>>
}

/** What bodies hold, as far as tests ask for it by name. */
export type Json = Readonly<Record<string, unknown>> & {
  readonly user: { readonly id: string; readonly username: string; readonly role: string }
  readonly session: { readonly id: string; readonly current: boolean }
}

export interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** `Set-Cookie` values, in order. */
  readonly set: readonly string[]
  readonly text: string
  /** The body as JSON; an empty object when there is none. */
  readonly json: Json
}

export interface Browser {
  readonly jar: Map<string, string>
  /** @param path Below the base path, as in `/auth/me`; with `//` in front it is the whole path. */
  send(method: string, path: string, sending?: Sending): Promise<Got>
  setUp(setupToken: string, username?: string): Promise<Got>
  logIn(username?: string, password?: string): Promise<Got>
}

export const password = 'correct horse battery staple'

/** Where a browser is sent to, and what it believes to be the origin. */
export interface Target {
  readonly port: number
  /** What `Origin` and `Host` say; the loopback origin of the port when left out. */
  readonly origin?: string
  /** One connection kept open, as browsers do; a new one each time when left out. */
  readonly agent?: Agent
}

/** A browser of its own, with an empty jar. */
export function browser({ port, origin = `http://localhost:${port}`, agent }: Target): Browser {
  const jar = new Map<string, string>()

  async function send(method: string, path: string, sending: Sending = {}): Promise<Got> {
    const { json, body = json === undefined ? undefined : JSON.stringify(json) } = sending
    const headers = new Map<string, string>([
      ['host', new URL(origin).host],
      ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0'],
    ])
    if (jar.size > 0) headers.set('cookie', [...jar].map((pair) => pair.join('=')).join('; '))
    if (method !== 'GET' && method !== 'HEAD') {
      headers.set('origin', origin)
      headers.set('sec-fetch-site', 'same-origin')
      const token = jar.get('csrf') ?? jar.get('__Host-csrf')
      if (token) headers.set('x-csrf-token', token)
    }
    if (json !== undefined) headers.set('content-type', 'application/json')
    if (body !== undefined) headers.set('content-length', String(Buffer.byteLength(body)))
    for (const [name, value] of Object.entries(sending.headers ?? {})) {
      if (value === null) headers.delete(name.toLowerCase())
      else headers.set(name.toLowerCase(), value)
    }
    const whole = path.startsWith('//') ? path.slice(1) : `/api/v1${path}`
    return new Promise((resolve, reject) => {
      const to = { host: '127.0.0.1', port, method, path: whole, agent: agent ?? false }
      open({ ...to, headers: Object.fromEntries(headers) })
        .on('error', reject)
        .on('response', (response) => {
          const answered = textOf(response).then((text) => {
            const set = response.headers['set-cookie'] ?? []
            keep(set)
            const status = response.statusCode ?? 0
            learnFromSent(json, status)
            const asked = { method, path: whole.split('?')[0] ?? '' }
            const found = watched && leaked(learnFrom(asked, { status, set, text }))
            if (found) throw new Error(`${method} ${path}: ${status} tells ${found}`)
            const type = response.headers['content-type'] ?? null
            // Every answer of ours fits the description; by its whole path others are asked too.
            const ours = !path.startsWith('//') && method !== 'HEAD' && type !== 'text/event-stream'
            const wrong = ours && misdescribed({ method, path, status, type, text })
            if (wrong) throw new Error(`not as described: ${wrong}`)
            // Lines of JSON are no JSON.
            const isJson = /\/(?:problem\+)?json\b/.test(type ?? '')
            resolve({
              status,
              headers: response.headers,
              set,
              text,
              json: isJson ? JSON.parse(text) : {},
            })
          })
          answered.catch(reject)
        })
        .end(body)
    })
  }

  function keep(set: readonly string[]): void {
    for (const cookie of set) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (/; ?Max-Age=0(?:;|$)/i.test(cookie)) jar.delete(name)
      else jar.set(name, value)
    }
  }

  return {
    jar,
    send,
    setUp: (setupToken, username = 'ada') =>
      send('POST', '/auth/setup', { json: { setupToken, username, password } }),
    logIn: (username = 'ada', secret = password) =>
      send('POST', '/auth/login', { json: { username, password: secret } }),
  }
}
