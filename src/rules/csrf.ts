/**
 * CSRF: the gates an unsafe request passes before anything of it is believed. The origin gate asks
 * where it was sent from; the token, sent in a header and in a cookie, is signed and bound to one
 * session, so neither a planted cookie nor another session's token is worth anything.
 *
 * @see OWASP CSRF Prevention Cheat Sheet (signed double-submit cookie); OWASP ASVS 5.0 V3.5
 * @module
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Keys } from './keys.ts'

const safe = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Whether a method may change anything. What is unknown may. */
export const isUnsafe = (method: string): boolean => !safe.has(method)

/** Where a request says it comes from. */
export interface Sent {
  readonly origin: string | null
  readonly secFetchSite: string | null
  /** Whether it carries any cookie of ours. */
  readonly cookies: boolean
}

export interface Origins {
  readonly publicOrigin: string
  /** Other origins of the same site that may call with credentials. */
  readonly allowed: readonly string[]
}

/**
 * The origin gate.
 *
 * @returns Why it is refused (for the record), or nothing.
 */
export function originFault(sent: Sent, { publicOrigin, allowed }: Origins): string | undefined {
  const { origin, secFetchSite: site } = sent
  const listed = origin !== null && allowed.includes(origin)
  if (site !== null && site !== 'same-origin' && !(site === 'same-site' && listed))
    return 'sec-fetch-site'
  if (origin !== null && origin !== publicOrigin && !listed) return 'origin'
  if (origin === null && site === null && sent.cookies) return 'no origin'
  return undefined
}

const shape = /^[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/

/** HMAC-SHA-256 over `"csrf/1" ‖ len ‖ sid ‖ len ‖ nonce`; `sid` and `nonce` are 16 bytes each. */
function macOf(key: KeyObject, sid: string, nonce: Buffer): Buffer {
  const id = Buffer.from(sid, 'base64url')
  return createHmac('sha256', key)
    .update('csrf/1')
    .update(Buffer.of(id.length))
    .update(id)
    .update(Buffer.of(nonce.length))
    .update(nonce)
    .digest()
}

/**
 * A token for one session: `b64u(nonce).b64u(mac)`.
 *
 * @param nonce 16 random bytes.
 */
export function mintCsrf(keys: Keys, sid: string, nonce: Buffer): string {
  const mac = macOf(keys.active('csrf').mac, sid, nonce)
  return `${nonce.toString('base64url')}.${mac.toString('base64url')}`
}

/** Whether `token` was minted for session `sid` under a key that is still in use. */
export function isCsrf(keys: Keys, sid: string, token: string): boolean {
  if (keys.genuine.csrf.get(token) === sid) return true
  if (!shape.test(token)) return false
  const [nonce, mac] = token.split('.').map((part) => Buffer.from(part, 'base64url'))
  if (!nonce || !mac) return false
  // One exact encoding: the last character of unpadded base64url has bits that decoding ignores.
  if (`${nonce.toString('base64url')}.${mac.toString('base64url')}` !== token) return false
  const genuine = keys.ids.some((id) => {
    const key = keys.forMac('csrf', id)
    return key !== undefined && timingSafeEqual(macOf(key, sid, nonce), mac)
  })
  if (genuine) keys.genuine.csrf.keep(token, sid)
  return genuine
}

/**
 * The token gate: header and cookie are the same token, and it is this session's.
 *
 * @returns Why it is refused (for the record), or nothing.
 */
export function tokenFault(
  keys: Keys,
  sid: string,
  header: string | null,
  cookie: string | undefined,
): string | undefined {
  if (!header) return 'no header'
  if (!cookie) return 'no cookie'
  // Both pass through `isCsrf` below, whose comparison takes constant time; this one compares two
  // values that the sender chose.
  if (header !== cookie) return 'header is not cookie'
  return isCsrf(keys, sid, header) ? undefined : 'not of this session'
}
