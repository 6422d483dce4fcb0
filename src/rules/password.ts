/**
 * Passwords: which may be chosen, what is hashed of one, and when its hash is old. Length and a
 * blocklist decide; there are no composition rules and no expiry.
 *
 * @module
 */
import { createHmac, type KeyObject } from 'node:crypto'
import type { Keys } from './keys.ts'
import type { FieldRefusal } from './refusal.ts'
import type { PolicyOf, Settings } from './settings.ts'

export const passwordSettings = {
  minLength: {
    is: 'count',
    default: 15,
    min: 8,
    max: 64,
    unit: 'code points',
    doc: 'The shortest password that may be chosen.',
  },
  breachFile: {
    is: 'text',
    default: undefined,
    doc: 'A file of stolen passwords that nobody may choose, made by sallyport blocklist build.',
  },
} as const satisfies Settings

/** @see OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane */
export const hashingSettings = {
  memory: {
    is: 'count',
    default: 19_456,
    min: 19_456,
    max: 1_048_576,
    unit: 'KiB',
    doc: 'The memory one password hash takes. Older hashes are made anew at sign-in.',
  },
  passes: {
    is: 'count',
    default: 2,
    min: 2,
    max: 32,
    unit: 'passes',
    doc: 'How often a password hash goes over its memory.',
  },
  workers: {
    is: 'count',
    default: 0,
    min: 0,
    max: 64,
    unit: 'threads',
    doc: 'Threads that hash passwords; 0 for one less than the cores of the machine.',
  },
  queue: {
    is: 'count',
    default: 64,
    min: 1,
    max: 1024,
    unit: 'hashes',
    doc: 'How many hashes of strangers may wait, and as many of those who are signed in or on a trusted device; beyond that one is told to try again.',
  },
} as const satisfies Settings

/** The longest password, in code points. */
export const maxLength = 128
/** The longest password, in bytes of UTF-8. */
export const maxBytes = 1024

/** What a new password is held against. */
export interface PasswordContext {
  readonly policy: Pick<PolicyOf<typeof passwordSettings>, 'minLength'>
  /** Lower-cased common passwords. */
  readonly common: ReadonlySet<string>
  /** The person's name and the names of this instance: a password near to one is refused. */
  readonly names: readonly string[]
}

/** A password as it is compared and hashed: NFC, never trimmed. */
const normal = (password: string): string => password.normalize('NFC')

/** Whether two spellings are one password. */
export const isSamePassword = (one: string, other: string): boolean => normal(one) === normal(other)

/**
 * Why `password` may not be chosen, or nothing.
 *
 * @see NIST SP 800-63B-4, 3.1.1.2 (length, blocklist, no composition rules); OWASP ASVS 5.0 V6.2
 */
export function passwordFault(
  password: string,
  { policy, common, names }: PasswordContext,
  field = 'password',
): FieldRefusal | undefined {
  const fault = (code: string, detail: string) => ({ name: field, code, detail })
  const chosen = normal(password)
  const length = [...chosen].length
  if (length < policy.minLength)
    return fault('too_short', `Use at least ${policy.minLength} characters.`)
  if (length > maxLength) return fault('too_long', `Use at most ${maxLength} characters.`)
  if (!chosen.isWellFormed()) return fault('not_allowed', 'This is not valid text.')

  const lower = chosen.toLowerCase()
  // "password" with a year or an exclamation mark behind it is still "password".
  if (common.has(lower) || common.has(lower.replace(/[^\p{L}]+$/u, '')))
    return fault('too_common', 'This password is among the most common ones. Choose another.')
  if (names.some((name) => isNear(lower, name)))
    return fault('too_similar', 'This password is too close to a name that is easy to guess.')
  return undefined
}

/** Why a password that is in the operator's own breach file may not be chosen. */
export const breachFault = (field: string): FieldRefusal => ({
  name: field,
  code: 'breached',
  detail: 'This password is on a list of stolen ones. Choose another.',
})

const letters = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, '')

/** Whether fewer than eight characters of the password are left when the name is taken out of it. */
function isNear(lower: string, name: string): boolean {
  const folded = name.normalize('NFKC').toLowerCase()
  // Of an address, the part that is the person's.
  return [folded, folded.split('@')[0] ?? ''].map(letters).some((word) => {
    const times = [...word].length < 3 ? 0 : letters(lower.normalize('NFKC')).split(word).length - 1
    return times > 0 && [...lower].length - times * [...word].length < 8
  })
}

/**
 * What is hashed in place of the password: HMAC-SHA-256 under the pepper, 32 bytes, so that a stolen
 * database alone cannot be guessed at.
 */
function peppered(pepper: KeyObject, password: string): Buffer {
  return createHmac('sha256', pepper).update(normal(password)).digest()
}

/** What to hash for a new password, and the key id to keep before the hash. */
export function secretOf(keys: Keys, password: string): { pepper: string; secret: Buffer } {
  const { id, mac } = keys.active('pepper')
  return { pepper: id, secret: peppered(mac, password) }
}

/** A hash as it is kept: the pepper's key id, then the PHC string, which begins with `$`. */
export const stored = (pepper: string, phc: string): string => `${pepper}${phc}`

/** A kept hash, taken apart. */
export interface KeptHash {
  /** The key id of the pepper it was made under; `undefined` for one that was imported. */
  readonly pepper: string | undefined
  readonly phc: string
}

/** Beginnings of hashes that other programs have made; a pepper's key id has 8 characters and a `$`. */
const imported = /^(?:\$|pbkdf2_sha(?:256|512)\$|[\da-f]{32}:)/
/** Of better-auth, which folds a password further than others do. */
const foldedByNfkc = /^[\da-f]{32}:/

/**
 * Takes a kept hash apart and prepares `password` for verifying against it. What has no pepper was
 * imported, and is held against the password as it was typed.
 *
 * @returns `undefined` when it is of a pepper that is not at hand.
 */
export function toVerify(
  keys: Keys,
  kept: string,
  password: string,
): (KeptHash & { secret: Buffer }) | undefined {
  if (imported.test(kept)) {
    const typed = foldedByNfkc.test(kept) ? password.normalize('NFKC') : password
    return { pepper: undefined, phc: kept, secret: Buffer.from(typed) }
  }
  const at = kept.indexOf('$')
  const pepper = kept.slice(0, Math.max(at, 0))
  const key = keys.forMac('pepper', pepper)
  return key && { pepper, phc: kept.slice(at), secret: peppered(key, password) }
}

/** Whether a kept hash was made under a pepper that has leaked. */
export const isLeaked = ({ leaked }: Keys, kept: string): boolean =>
  leaked.ids.some((id) => kept.startsWith(`${id}$`))

/**
 * Whether a hash is to be made anew when its password is next at hand: imported, of an earlier pepper,
 * or with weaker parameters than those in use.
 */
export const hasAged = (keys: Keys, { pepper }: KeptHash, weaker: boolean): boolean =>
  weaker || pepper !== keys.active('pepper').id
