/**
 * The refresh token: used once, then replaced by its successor. The successor is derived, not drawn,
 * so that whoever asks again within the leeway, a second tab or a retry after a lost answer, is given
 * the very same one; whoever comes later with a used token ends the session.
 *
 * @see RFC 9700 4.14 (refresh token protection); OWASP ASVS 5.0 V10.4.5
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Session } from './facts.ts'
import type { Keys } from './keys.ts'

/** Bytes: version 1, key id 6, session id 16, generation 4, secret 32, MAC 16. */
const length = 75
const signed = length - 16
const version = 1

/** A genuine token, taken apart. */
export interface RefreshToken {
  /** The key id of the root it was made under. */
  readonly kid: string
  /** The session id. */
  readonly sid: string
  /** Counts from 0; each successor is one more. */
  readonly generation: number
  /** 32 bytes. */
  readonly secret: Buffer
  /** What the session's row keeps of it: HMAC-SHA-256, base64url. */
  readonly digest: string
  /** As it goes into the cookie: 100 characters, base64url. */
  readonly text: string
}

/** What a text is: a token of ours, one of a root that is not at hand, or nothing. */
export type RefreshRead =
  | { readonly kind: 'token'; readonly token: RefreshToken }
  | { readonly kind: 'unknown-key' }
  | { readonly kind: 'foreign' }

function keyOf(keys: Keys, purpose: 'refresh' | 'refresh-derive' | 'token-index', kid: string) {
  const key = keys.forMac(purpose, kid)
  if (!key) throw new Error(`refresh token: no root ${kid}`)
  return key
}

const macOf = (keys: Keys, kid: string, body: Buffer): Buffer =>
  createHmac('sha256', keyOf(keys, 'refresh', kid))
    .update(body)
    .digest()
    .subarray(0, 16)

function tokenOf(keys: Keys, kid: string, sid: string, generation: number, secret: Buffer) {
  const count = Buffer.alloc(4)
  count.writeUInt32BE(generation)
  const [id, session] = [Buffer.from(kid, 'base64url'), Buffer.from(sid, 'base64url')]
  const body = Buffer.concat([Buffer.of(version), id, session, count, secret])
  const text = Buffer.concat([body, macOf(keys, kid, body)]).toString('base64url')
  const index = createHmac('sha256', keyOf(keys, 'token-index', kid)).update(text)
  return { kid, sid, generation, secret, digest: index.digest('base64url'), text }
}

/**
 * The first token of a session.
 *
 * @param secret 32 random bytes.
 */
export function firstToken(keys: Keys, sid: string, secret: Buffer): RefreshToken {
  return tokenOf(keys, keys.active('refresh').id, sid, 0, secret)
}

/**
 * The successor of a token: the same for the same token, salt and root, on every node.
 *
 * @param salt 16 random bytes, drawn at the rotation and kept on the session's row.
 * @param kid The root it is made under, kept there too.
 */
export function successorOf(
  keys: Keys,
  { sid, generation, secret }: RefreshToken,
  salt: string,
  kid: string,
): RefreshToken {
  const count = Buffer.alloc(4)
  count.writeUInt32BE(generation + 1)
  const derived = createHmac('sha256', keyOf(keys, 'refresh-derive', kid))
    .update('rt/1')
    .update(Buffer.from(sid, 'base64url'))
    .update(count)
    .update(Buffer.from(salt, 'base64url'))
    .update(secret)
    .digest()
  return tokenOf(keys, kid, sid, generation + 1, derived)
}

/** Reads a cookie's value; never throws, whatever it is given. */
export function readRefresh(keys: Keys, text: string): RefreshRead {
  const known = keys.genuine.refresh.get(text)
  if (known) return { kind: 'token', token: known }
  if (text.length !== (length / 3) * 4) return { kind: 'foreign' }
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== length || bytes.toString('base64url') !== text || bytes[0] !== version)
    return { kind: 'foreign' }
  const kid = bytes.subarray(1, 7).toString('base64url')
  if (!keys.ids.includes(kid)) return { kind: 'unknown-key' }
  const mac = macOf(keys, kid, bytes.subarray(0, signed))
  if (!timingSafeEqual(mac, bytes.subarray(signed))) return { kind: 'foreign' }
  const sid = bytes.subarray(7, 23).toString('base64url')
  const token = tokenOf(keys, kid, sid, bytes.readUInt32BE(23), bytes.subarray(27, signed))
  keys.genuine.refresh.keep(text, token)
  return { kind: 'token', token }
}

/** The key id in a text that was read as a token of an unknown root. */
export const rootNamedIn = (text: string): string =>
  Buffer.from(text, 'base64url').subarray(1, 7).toString('base64url')

/** What a token is to the session it names. */
export type Presented = 'current' | 'predecessor' | 'used' | 'ahead'

/** Places a genuine token among those its session has had. */
export function placed(session: Session, token: RefreshToken): Presented {
  const { generation, digest, previousDigest } = session
  if (token.generation === generation && token.digest === digest) return 'current'
  if (token.generation === generation - 1 && token.digest === previousDigest) return 'predecessor'
  // A genuine token that no row knows as next was made by a database that was rolled back.
  return token.generation < generation ? 'used' : 'ahead'
}
