/**
 * The access token: a short signed note that this instance opened this session. It proves where it
 * came from and nothing else: whether the session still stands is looked up.
 *
 * JWS compact, HS256 only. The reader never parses a header: it looks the raw segment up among the
 * few that this instance writes, so there is no algorithm to confuse and no key id to inject.
 *
 * @see RFC 7515, RFC 7519, RFC 8725; OWASP ASVS 5.0 V9
 * @module
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Genuine } from './genuine.ts'
import type { Checking, Keys } from './keys.ts'
import { day, type Instant, type Millis, second } from './time.ts'

/** The longest token that is looked at, in characters. */
const maxLength = 2048
const skew: Millis = 5 * second
/** No setting lets a session, and so its token, last longer; what a setting says today is not asked. */
const longestLife: Millis = 90 * day
const idShape = /^[A-Za-z0-9_-]{22}$/

/** What a token says. Instants in epoch seconds, as RFC 7519 wants them. */
export interface Claims {
  /** The public origin. */
  readonly iss: string
  /** The instance id. */
  readonly aud: string
  /** The user id. */
  readonly sub: string
  /** The session id. */
  readonly sid: string
  /** The user's version when the session was opened. */
  readonly ver: number
  readonly jti: string
  readonly iat: number
  readonly exp: number
}

/** What the reader holds a token against. */
export interface TokenContext {
  readonly keys: Checking
  readonly issuer: string
  readonly audience: string
  /** What was found genuine under these very keys, for this issuer and audience. */
  readonly genuine?: Genuine<Claims>
}

/** `expired` is a token that was ours; `foreign` is anything else. */
export type Read =
  | { readonly kind: 'valid'; readonly claims: Claims }
  | { readonly kind: 'expired'; readonly claims: Claims }
  | { readonly kind: 'foreign' }

const foreign: Read = { kind: 'foreign' }

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const headerOf = (kid: string): string => encoded({ alg: 'HS256', kid, typ: 'at+jwt' })
const macOf = (key: KeyObject, signed: string): string =>
  createHmac('sha256', key).update(signed).digest('base64url')

/** Writes a token under the active key. */
export function issueToken(keys: Keys, claims: Claims): string {
  const { id, mac } = keys.active('access')
  const { iss, aud, sub, sid, ver, jti, iat, exp } = claims
  const signed = `${headerOf(id)}.${encoded({ iss, aud, sub, sid, ver, jti, iat, exp })}`
  return `${signed}.${macOf(mac, signed)}`
}

/**
 * Remembers a token that was just issued, as if it had been read: it comes back at once, and often. One
 * that a reader would refuse is left to the reader.
 */
export function rememberToken(token: string, claims: Claims, context: TokenContext): void {
  if (token.length <= maxLength && isClaims(claims) && fits(claims, context))
    context.genuine?.keep(token, claims)
}

/** Reads a token; never throws, whatever it is given. */
export function readToken(token: string, now: Instant, context: TokenContext): Read {
  const known = context.genuine?.get(token)
  if (known) return whenRead(known, now)
  if (token.length > maxLength) return foreign
  const parts = token.split('.')
  const [header, payload, mac] = parts
  if (parts.length !== 3 || !header || !payload || !mac) return foreign

  const kid = context.keys.ids.find((id) => headerOf(id) === header)
  const key = kid === undefined ? undefined : context.keys.forMac('access', kid)
  if (!key || !sameText(mac, macOf(key, `${header}.${payload}`))) return foreign

  const claims = claimsIn(payload)
  if (!claims || !fits(claims, context)) return foreign
  context.genuine?.keep(token, claims)
  return whenRead(claims, now)
}

/** What becomes of a genuine token with the time. */
function whenRead(claims: Claims, now: Instant): Read {
  if (claims.iat * second > now + skew) return foreign
  return { kind: now < claims.exp * second + skew ? 'valid' : 'expired', claims }
}

function claimsIn(payload: string): Claims | undefined {
  const bytes = Buffer.from(payload, 'base64url')
  if (bytes.toString('base64url') !== payload) return undefined
  let value: unknown
  try {
    value = JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
  return isClaims(value) ? value : undefined
}

const texts = ['iss', 'aud', 'sub', 'sid', 'jti'] as const
const numbers = ['ver', 'iat', 'exp'] as const

function isClaims(value: unknown): value is Claims {
  if (typeof value !== 'object' || value === null) return false
  const kept = value as Record<string, unknown>
  return (
    Object.keys(kept).length === texts.length + numbers.length &&
    texts.every((name) => typeof kept[name] === 'string') &&
    numbers.every((name) => Number.isSafeInteger(kept[name]) && Number(kept[name]) >= 0)
  )
}

function fits(claims: Claims, context: TokenContext): boolean {
  const { iss, aud, sub, sid, jti, iat, exp } = claims
  return (
    iss === context.issuer &&
    aud === context.audience &&
    [sub, sid, jti].every((id) => idShape.test(id)) &&
    exp > iat &&
    (exp - iat) * second <= longestLife
  )
}

/** Compares two texts in time that depends on their length only. */
function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
