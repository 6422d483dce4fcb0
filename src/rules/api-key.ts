/**
 * API keys: what a program proves itself with. A key acts for its owner, within its scopes and within
 * what the owner may do now; it is kept as a keyed digest and shown once.
 *
 * A key is `sp_<id>_<secret>_<checksum>`: 22, 43 and 6 characters of base64url. The checksum lets a
 * scanner tell a leaked key from noise without asking anybody; it proves nothing.
 *
 * @see OWASP ASVS 5.0 V13.3 (secrets), V14.2.1 (never in a URL); NIST SP 800-63B-4, 3.1.2 (look-up secrets)
 * @module
 */
import { createHmac, hash, type KeyObject, timingSafeEqual } from 'node:crypto'
import { type Access, may } from './access.ts'
import type { ApiKey, User } from './facts.ts'
import type { Keys } from './keys.ts'
import { type FieldRefusal, type Refusal, refuse } from './refusal.ts'
import { day, type Instant, type Millis, minute } from './time.ts'

/** A person has no more keys. */
export const mostKeys = 50

/** No key lives longer. */
const longestLife: Millis = 365 * day

/** The clock of whoever asks for the longest life may be that much ahead of ours. */
const grace: Millis = minute

/** The last use is written no more often. */
const usedEvery: Millis = minute

/** A key as it was presented, well formed. */
export interface Presented {
  readonly id: string
  /** All of it. */
  readonly text: string
  /** SHA-256 of all but its checksum, base64url: what it is remembered by, so that no key is. */
  readonly hash: string
}

const form = /^sp_[\w-]{22}_[\w-]{43}_[\w-]{6}$/

const hashOf = (body: string): string => hash('sha256', body, 'base64url')

/** 36 bits of SHA-256 over all that stands before it, base64url. */
const checksumIn = (hashed: string): string => hashed.slice(0, 6)

/** What everybody may see of a key: enough to find it by. */
export const prefixOf = (id: string): string => `sp_${id}`

/** @param secret 32 random bytes. */
export function keyText(id: string, secret: Buffer): string {
  const body = `${prefixOf(id)}_${secret.toString('base64url')}`
  return `${body}_${checksumIn(hashOf(body))}`
}

/** Reads a key; `undefined` for what none can be. Never throws, whatever it is given. */
export function readKey(text: string): Presented | undefined {
  if (!form.test(text)) return undefined
  const hashed = hashOf(text.slice(0, -7))
  return text.endsWith(checksumIn(hashed))
    ? { id: text.slice(3, 25), text, hash: hashed }
    : undefined
}

const macOf = (key: KeyObject, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest()

/** How a key is kept: the root secret's key id, `$`, HMAC-SHA-256 in base64url. */
export function digestOf(keys: Keys, text: string): string {
  const { id, mac } = keys.active('api-key')
  return `${id}$${macOf(mac, text).toString('base64url')}`
}

type Match = 'right' | 'wrong' | 'unreadable'

function matches(keys: Keys, { text, hash }: Presented, digest: string | null): Match {
  if (digest === null) return 'wrong'
  if (keys.genuine.key.get(hash) === digest) return 'right'
  const [keyId = '', mac = ''] = digest.split('$')
  const key = keys.forMac('api-key', keyId)
  if (!key) return 'unreadable'
  const [ours, kept] = [macOf(key, text), Buffer.from(mac, 'base64url')]
  if (ours.length !== kept.length || !timingSafeEqual(ours, kept)) return 'wrong'
  keys.genuine.key.keep(hash, digest)
  return 'right'
}

/** Which secret of a key was presented. */
export type Proof = 'current' | 'earlier'

/**
 * Whether what was presented is this key: its secret, or the one before it while that still lives.
 *
 * @returns `not_authenticated` with why; `unavailable` where the digest is of a root secret that this
 *   node does not have.
 */
export function proofOf(
  keys: Keys,
  key: ApiKey,
  presented: Presented,
  now: Instant,
): { readonly ok: true; readonly proof: Proof } | Refusal {
  const current = matches(keys, presented, key.digest)
  if (current === 'right') return { ok: true, proof: 'current' }
  const lives = key.rotatesAt !== null && now < key.rotatesAt
  const earlier = lives ? matches(keys, presented, key.previousDigest) : 'wrong'
  if (earlier === 'right') return { ok: true, proof: 'earlier' }
  return current === 'unreadable' || earlier === 'unreadable'
    ? refuse('unavailable', { why: 'key of another root secret' })
    : refuse('not_authenticated', { why: 'secret' })
}

/** Whether a key stands: neither revoked nor expired, its owner neither disabled nor deleted. */
export function keyStanding(
  key: ApiKey | undefined,
  owner: User | undefined,
  now: Instant,
): Refusal | undefined {
  const no = (why: string) => refuse('not_authenticated', { why })
  if (!key || !owner || owner.id !== key.userId) return no('unknown')
  if (now >= key.expiresAt) return no('expired')
  return owner.disabledAt !== null || owner.deletedAt !== null ? no('owner') : undefined
}

/** The scopes of records that were asked before: a key is asked with every request. */
const scopesOf = new WeakMap<object, readonly string[]>()

/** The scopes of a key: permissions. */
export function keyScopes(key: Pick<ApiKey, 'scopes'>): readonly string[] {
  const known = scopesOf.get(key)
  if (known) return known
  // Written only by us, from a list of permissions.
  const scopes = Object.freeze(JSON.parse(key.scopes) as string[])
  scopesOf.set(key, scopes)
  return scopes
}

/** What a key may do: what is in its scopes and what its owner may do, everywhere or in `scope`; both. */
export const keyMay = (
  access: Access,
  key: Pick<ApiKey, 'scopes'>,
  owner: Pick<User, 'role' | 'scopes'>,
  permission: string,
  scope?: string,
): boolean => keyScopes(key).includes(permission) && may(access, owner, permission, scope)

/** The permissions that a key has now. */
export const keyPermissions = (
  access: Access,
  key: Pick<ApiKey, 'scopes'>,
  owner: Pick<User, 'role' | 'scopes'>,
): readonly string[] => keyScopes(key).filter((permission) => may(access, owner, permission))

/** What a key is made of. */
export interface NewKey {
  readonly id: string
  readonly userId: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly expiresAt: Instant
  readonly text: string
}

export function newKey(keys: Keys, asked: NewKey, now: Instant): ApiKey {
  const { id, userId, name, scopes, expiresAt, text } = asked
  return {
    id,
    userId,
    name,
    scopes: JSON.stringify([...new Set(scopes)].sort()),
    createdAt: now,
    expiresAt: Math.min(expiresAt, now + longestLife),
    lastUsedAt: null,
    digest: digestOf(keys, text),
    lastFour: text.slice(-4),
    previousDigest: null,
    rotatesAt: null,
  }
}

/** What is wrong with when a key is to expire: it must be still to come, and within 365 days. */
export function expiryFault(expiresAt: Instant, now: Instant): FieldRefusal | undefined {
  if (expiresAt > now && expiresAt <= now + longestLife + grace) return undefined
  const detail = 'A key expires within 365 days from now.'
  return { name: 'expiresAt', code: 'not_allowed', detail }
}

/**
 * The key with another secret. The one before it lives for `overlap`; one that was before that is over.
 *
 * @param text The new key, of the same id.
 */
export function rotatedKey(
  keys: Keys,
  key: ApiKey,
  text: string,
  overlap: Millis,
  now: Instant,
): ApiKey {
  return {
    ...key,
    digest: digestOf(keys, text),
    lastFour: text.slice(-4),
    previousDigest: overlap > 0 ? key.digest : null,
    rotatesAt: overlap > 0 ? Math.min(now + overlap, key.expiresAt) : null,
  }
}

/**
 * The key as used now, if that is to be written: at most once a minute. A digest under a root secret
 * that is no longer the active one is made anew, so that the old one can be retired.
 */
export function usedKey(
  keys: Keys,
  key: ApiKey,
  { text }: Presented,
  proof: Proof,
  now: Instant,
): ApiKey | undefined {
  const recent = key.lastUsedAt !== null && now - key.lastUsedAt < usedEvery
  const stale = proof === 'current' && !key.digest.startsWith(`${keys.active('api-key').id}$`)
  if (recent && !stale) return undefined
  return { ...key, lastUsedAt: now, ...(stale && { digest: digestOf(keys, text) }) }
}
