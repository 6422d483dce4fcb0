/**
 * Cookies: the four names of ours, read strictly and written with one set of attributes. What is
 * ours but malformed is passed on as it came, never taken as absent: the reader of tokens refuses it.
 *
 * @module
 */
import { type Genuine, genuine } from '../rules/genuine.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'

export type CookieKind = 'session' | 'refresh' | 'csrf' | 'device'

/** The names in use and the attributes they share; settled at start, never from a request. */
export interface CookieJar {
  readonly names: Readonly<Record<CookieKind, string>>
  /** What every cookie of ours carries besides `HttpOnly` and `Max-Age`, ready to append. */
  readonly attributes: string
}

export interface CookieSettings {
  /** The public origin: decides prefix and `Secure`. */
  readonly origin: URL
  /** A domain whose subdomains share the session; costs the lock to one host. */
  readonly domain?: string | undefined
  readonly sameSite: 'strict' | 'lax'
  /** Without their prefix. */
  readonly names?: Readonly<Record<CookieKind, string>>
}

const usualNames = { session: 'session', refresh: 'refresh', csrf: 'csrf', device: 'device' }

/** What a request carried of ours, byte for byte. */
export interface Cookies {
  readonly ok: true
  readonly session?: string
  readonly refresh?: string
  readonly csrf?: string
  readonly device?: string
}

const kinds = ['session', 'refresh', 'csrf', 'device'] as const
const longestHeader = 16 * 1024
const sameSites = { strict: 'Strict', lax: 'Lax' } as const

/** Whether a host, as `URL.hostname` spells it, is this machine itself. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

/**
 * Settles names and attributes: `__Host-` and `Secure`; `__Secure-` with a domain; neither when the
 * origin is plain http on loopback. Plain http elsewhere keeps them, so that nothing leaks.
 *
 * @throws {TypeError} When the domain is not a plain host name; the settings complain first.
 * @see RFC 6265bis 4.1.3; OWASP ASVS 5.0 V3.3.1–V3.3.3
 */
export function cookieJar(settings: CookieSettings): CookieJar {
  const { origin, domain, sameSite, names = usualNames } = settings
  if (domain !== undefined && !/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(domain)) {
    throw new TypeError(`cookie domain: ${JSON.stringify(domain)} is not a lower-case host name`)
  }
  const plain = origin.protocol === 'http:' && isLoopback(origin.hostname)
  const prefix = plain ? '' : domain === undefined ? '__Host-' : '__Secure-'
  return {
    names: {
      session: prefix + names.session,
      refresh: prefix + names.refresh,
      csrf: prefix + names.csrf,
      device: prefix + names.device,
    },
    attributes: [
      '; Path=/',
      domain === undefined ? '' : `; Domain=${domain}`,
      plain ? '' : '; Secure',
      `; SameSite=${sameSites[sameSite]}`,
    ].join(''),
  }
}

/**
 * Reads the cookies of ours. Names are exact, values are neither decoded nor unquoted; spaces are
 * dropped only in front of a pair. Cookies of others are passed over, whatever they look like.
 *
 * @param header The `Cookie` header; `null` when there is none.
 * @returns `malformed_request` when one of ours came twice or the header is over 16 KB.
 */
export function readCookies(header: string | null, names: CookieJar['names']): Cookies | Refusal {
  if (header === null) return { ok: true }
  if (header.length > longestHeader) return refuse('malformed_request', { why: 'cookies_too_long' })

  const found: { -readonly [K in keyof Cookies]: Cookies[K] } = { ok: true }
  for (let at = 0; at <= header.length; at += 1) {
    const semicolon = header.indexOf(';', at)
    const end = semicolon < 0 ? header.length : semicolon
    while (header[at] === ' ' || header[at] === '\t') at += 1
    for (const kind of kinds) {
      const value = valueIn(header, at, end, names[kind])
      if (value === undefined) continue
      if (found[kind] !== undefined) return refuse('malformed_request', { why: 'duplicate_cookie' })
      found[kind] = value
    }
    at = end
  }
  return found
}

/**
 * What whole `Cookie` headers said: a browser sends the same one each time, and to take it apart costs more
 * than all else of a session check. Only for headers that let somebody in.
 */
export function heardCookies({ session }: CookieJar['names']): Genuine<Cookies> {
  // By the end of its session cookie, a MAC: the last cookie may be a host's own, and the same for all.
  return genuine(undefined, (header) => {
    const semicolon = header.indexOf(';', header.indexOf(`${session}=`))
    const end = semicolon < 0 ? header.length : semicolon
    return header.slice(Math.max(0, end - 12), end)
  })
}

/** What stands behind a name; nothing where another begins. */
function valueIn(header: string, at: number, end: number, name: string): string | undefined {
  // Most names are told apart by their last letter.
  const last = name.length - 1
  if (header.charCodeAt(at + last) !== name.charCodeAt(last)) return undefined
  if (!header.startsWith(name, at)) return undefined
  const after = at + name.length
  if (header[after] === '=' && after < end) return header.slice(after + 1, end)
  // Without its `=`, or with a space before it, a cookie of ours is there, but says nothing.
  return /^[ \t]*(?:=|$)/.test(header.slice(after, end)) ? '' : undefined
}

/**
 * One `Set-Cookie` value. Only the CSRF cookie can be read by script.
 *
 * @param value ASCII without space, quote, comma, semicolon and backslash, not empty.
 * @param maxAge Whole seconds, or until the browser closes.
 * @throws {TypeError} On any other value or age: those are made by us.
 */
export function setCookie(
  jar: CookieJar,
  kind: CookieKind,
  value: string,
  maxAge: number | 'browser-session',
): string {
  if (!/^[!#-+\--:<-[\]-~]+$/.test(value)) throw new TypeError(`cookie ${kind}: unfit value`)
  if (maxAge !== 'browser-session' && !(Number.isSafeInteger(maxAge) && maxAge >= 0)) {
    throw new TypeError(`cookie ${kind}: Max-Age ${maxAge} is not a whole number of seconds`)
  }
  const age = maxAge === 'browser-session' ? '' : `; Max-Age=${maxAge}`
  return `${jar.names[kind]}=${value}${attributesOf(jar, kind)}${age}`
}

/** The `Set-Cookie` value that clears a cookie: the attributes it was set with, and no time left. */
export function clearCookie(jar: CookieJar, kind: CookieKind): string {
  return `${jar.names[kind]}=${attributesOf(jar, kind)}; Max-Age=0`
}

function attributesOf(jar: CookieJar, kind: CookieKind): string {
  return kind === 'csrf' ? jar.attributes : `${jar.attributes}; HttpOnly`
}
