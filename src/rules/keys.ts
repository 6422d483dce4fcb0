/**
 * Keys: every key is derived from a root secret, one a purpose and generation, so that no key serves
 * two ends and a rotation is one new root. A key id comes from the secret itself: no list is kept.
 *
 * @module
 */
import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { Claims } from './access-token.ts'
import { type Genuine, genuine } from './genuine.ts'
import type { RefreshToken } from './refresh-token.ts'

/** What a key is good for; a key of one purpose proves nothing for another. */
export const purposes = [
  'access',
  'csrf',
  'refresh',
  'refresh-derive',
  'token-index',
  'device',
  'ticket',
  'cursor',
  'pepper',
  'audit',
  'pseudonym',
  'setup',
  'api-key',
  'doctor',
] as const

export type Purpose = (typeof purposes)[number]

/** One generation of the root secret. */
export interface Root {
  /** 8 characters, see {@link keyIdOf}; public. */
  readonly id: string
  /** At least 32 bytes. */
  readonly secret: Buffer
}

/** The root new things are made with, and those that only check older ones. */
export interface Ring {
  readonly active: Root
  readonly verify: readonly Root[]
  /** Leaked ones: passwords and API keys kept, and names charged, under them are still known. */
  readonly passwordsOnly?: readonly Root[]
  /** Retired ones: records sealed under them can still be checked. */
  readonly auditOnly?: readonly Root[]
}

/** Keys to check with. */
export interface Checking {
  /** The key of a generation, 32 bytes; `undefined` when no root in the ring is good for that. */
  byId(purpose: Purpose, id: string): Buffer | undefined
  /** The same key for `createHmac`, made once: one made of bytes each time costs six times the MAC. */
  forMac(purpose: Purpose, id: string): KeyObject | undefined
  /** Every generation that checks everything, the active one first. */
  readonly ids: readonly string[]
}

export interface Keys extends Checking {
  /** The key that makes new things, 32 bytes; and the same for `createHmac`. */
  active(purpose: Purpose): { readonly id: string; readonly key: Buffer; readonly mac: KeyObject }
  /** The keys before the active one, as far as they are good for that; the newest first. */
  older(purpose: Purpose): readonly Buffer[]
  /** All that are good for that, retired ones too, the active one first; for `createHmac`. */
  every(purpose: Purpose): readonly KeyObject[]
  /** What was found genuine under the keys that check everything: access tokens, and sessions by CSRF token. */
  readonly genuine: {
    readonly access: Genuine<Claims>
    readonly csrf: Genuine<string>
    /** API keys by their hash, and the digest that each is kept under. */
    readonly key: Genuine<string>
    /** For the length of a request: it is looked at in every gate on its way. */
    readonly refresh: Genuine<RefreshToken>
  }
  /** Of the leaked ones: whoever shows something made under them can be told that it is void. */
  readonly leaked: Checking
}

/** Names a root secret without telling anything of it: 48 bits, base64url, 8 characters. */
export function keyIdOf(secret: Buffer): string {
  return createHmac('sha256', secret).update('sallyport/key-id').digest('base64url').slice(0, 8)
}

export function rootOf(secret: Buffer): Root {
  return { id: keyIdOf(secret), secret }
}

/**
 * HKDF-SHA-256, extract and expand.
 *
 * @param length Bytes to put out.
 * @see RFC 5869
 */
export function hkdf(secret: Buffer, salt: Buffer, info: Buffer, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, length))
}

/**
 * Derives all keys of a ring, once; asking for one is a look into a map.
 *
 * @param instanceId The salt: two installations with one secret share no key.
 * @throws {Error} When two roots have one id, which is one secret named twice.
 */
export function deriveKeys(ring: Ring, instanceId: string): Keys {
  const { active, verify, passwordsOnly = [], auditOnly = [] } = ring
  const roots = [active, ...verify]
  const found = derived(instanceId, [
    [roots, purposes],
    // Whoever has it knows no password and no API key by it: those were drawn or chosen, not derived.
    [passwordsOnly, ['pepper', 'api-key', 'audit', 'pseudonym']],
    [auditOnly, ['audit']],
  ])
  return {
    active(purpose) {
      const key = found.byId(purpose, active.id)
      const mac = found.forMac(purpose, active.id)
      if (!key || !mac) throw new Error(`keys: no purpose ${purpose}`)
      return { id: active.id, key, mac }
    },
    ...found,
    older: (purpose) =>
      [...verify, ...passwordsOnly].flatMap(({ id }) => found.byId(purpose, id) ?? []),
    every: (purpose) =>
      [...roots, ...passwordsOnly, ...auditOnly].flatMap(
        ({ id }) => found.forMac(purpose, id) ?? [],
      ),
    ids: roots.map(({ id }) => id),
    genuine: { access: genuine(), csrf: genuine(), key: genuine(), refresh: genuine(100) },
    leaked: {
      ...derived(instanceId, [[passwordsOnly, ['access']]]),
      ids: passwordsOnly.map(({ id }) => id),
    },
  }
}

function derived(
  instanceId: string,
  good: readonly (readonly [roots: readonly Root[], ends: readonly Purpose[]])[],
): Omit<Checking, 'ids'> {
  const salt = Buffer.from(instanceId)
  const keys = new Map<string, Buffer>()
  const seen = new Set<string>()
  for (const [roots, ends] of good) {
    for (const { id, secret } of roots) {
      if (seen.has(id)) throw new Error(`keys: root secret ${id} is in the ring twice`)
      seen.add(id)
      for (const purpose of ends) {
        const name = `${purpose}/${id}`
        keys.set(name, hkdf(secret, salt, Buffer.from(`sallyport/1/${name}`), 32))
      }
    }
  }
  const objects = new Map([...keys].map(([name, key]) => [name, createSecretKey(key)]))
  return {
    byId: (purpose, id) => keys.get(`${purpose}/${id}`),
    forMac: (purpose, id) => objects.get(`${purpose}/${id}`),
  }
}
