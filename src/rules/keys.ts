/**
 * Keys: every key is derived from a root secret, one a purpose and generation, so that no key serves
 * two ends and a rotation is one new root. A key id comes from the secret itself: no list is kept.
 *
 * @module
 */
import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

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
}

export interface Keys {
  /** The key that makes new things, 32 bytes. */
  active(purpose: Purpose): { readonly id: string; readonly key: Buffer }
  /** The key of a generation, 32 bytes; `undefined` when that root is not in the ring. */
  byId(purpose: Purpose, id: string): Buffer | undefined
  /** The same key for `createHmac`, made once: one made of bytes each time costs six times the MAC. */
  forMac(purpose: Purpose, id: string): KeyObject | undefined
  /** Every generation in the ring, the active one first. */
  readonly ids: readonly string[]
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
export function deriveKeys({ active, verify }: Ring, instanceId: string): Keys {
  const salt = Buffer.from(instanceId)
  const roots = [active, ...verify]
  const derived = new Map<string, Buffer>()
  for (const { id, secret } of roots) {
    for (const purpose of purposes) {
      const name = `${purpose}/${id}`
      if (derived.has(name)) throw new Error(`keys: root secret ${id} is in the ring twice`)
      derived.set(name, hkdf(secret, salt, Buffer.from(`sallyport/1/${name}`), 32))
    }
  }
  const objects = new Map([...derived].map(([name, key]) => [name, createSecretKey(key)]))
  const byId = (purpose: Purpose, id: string) => derived.get(`${purpose}/${id}`)
  return {
    active(purpose) {
      const key = byId(purpose, active.id)
      if (!key) throw new Error(`keys: no purpose ${purpose}`)
      return { id: active.id, key }
    },
    byId,
    forMac: (purpose, id) => objects.get(`${purpose}/${id}`),
    ids: roots.map(({ id }) => id),
  }
}
