/**
 * Passwords: held against what is kept, and made into what is kept. The slow part, hashing, stands
 * here, between two steps and never inside one.
 *
 * @module
 */
import type { World } from '../ports.ts'
import type { User } from '../rules/facts.ts'
import {
  breachFault,
  hasAged,
  isLeaked,
  passwordFault,
  secretOf,
  stored,
  toVerify,
} from '../rules/password.ts'
import type { FieldRefusal, Refusal } from '../rules/refusal.ts'
import { temporaryBytes, temporaryPassword } from '../rules/temporary-password.ts'
import { canSignIn } from '../rules/user.ts'
import { behind } from './acquaint.ts'

/** A place in the queue before the hashing threads. */
export interface Place {
  /** Whose it is. */
  readonly bucket: string
  /** Whether it is for somebody signed in, or on a trusted device: strangers wait longer. */
  readonly known: boolean
}

/** What came of holding a password against a person. */
export interface Proof {
  readonly ok: true
  readonly right: boolean
  /** For the record alone, when it is wrong. */
  readonly why: string
  /** What is to be kept from now on: the hash there was, or one made anew because that had aged. */
  readonly hash: string | null
}

/**
 * Whether the password is this person's. Where there is none to hold it against, or only a hash that
 * cannot be read, verifying the decoy costs the same.
 *
 * @param place Whose place in the hashing queue is taken.
 * @returns `busy` when there is no place; `unavailable` while this node lacks the secret in use.
 */
export async function prove(
  world: World,
  found: User | undefined,
  password: string,
  { bucket, known }: Place,
): Promise<Proof | Refusal> {
  const { hasher, keys, clock } = world
  // For every name alike: one with a pepper that is not at hand would stand out.
  const late = await behind(world, keys)
  if (late) return late
  const hash = found && canSignIn(found, clock.now()) ? found.passwordHash : null
  // What somebody was given to type once is void with the secret it was hashed under.
  const isVoid = hash !== null && found?.temporaryUntil != null && isLeaked(keys, hash)
  const kept = hash === null || isVoid ? undefined : toVerify(keys, hash, password)
  if (!kept || !hasher.reads(kept.phc)) {
    const done = await hasher.verify(hasher.decoy, secretOf(keys, password).secret, bucket, known)
    const corrupt = hash !== null && !isVoid
    const why = corrupt ? 'corrupt_hash' : found ? 'cannot_sign_in' : 'unknown_name'
    return done.ok ? { ok: true, right: false, why, hash } : done
  }
  const done = await hasher.verify(kept.phc, kept.secret, bucket, known)
  if (!done.ok) return done
  if (!done.value || !hasAged(keys, kept, hasher.isOld(kept.phc)))
    return { ok: true, right: done.value, why: 'wrong_password', hash }
  const anew = await hashed(world, password, { bucket, known })
  // Without a place for it now, the old hash stays until the next time.
  return { ok: true, right: true, why: '', hash: anew.ok ? anew.value : hash }
}

/** Why `password` may not be chosen by the person called `username`, or nothing. */
export async function faultOf(
  world: World,
  { password, username, field }: { password: string; username: string; field: string },
): Promise<FieldRefusal | undefined> {
  const given = {
    policy: world.policy.password,
    common: await world.commonPasswords(),
    names: [username, 'sallyport', new URL(world.publicOrigin).hostname],
  }
  const fault = passwordFault(password, given, field)
  return fault ?? ((await world.isBreached(password)) ? breachFault(field) : undefined)
}

/**
 * Hashes a password, as it is to be kept.
 *
 * @returns `busy` when there is no place in the queue.
 */
export async function hashed(
  world: World,
  password: string,
  { bucket, known }: Place,
): Promise<{ ok: true; value: string } | Refusal> {
  const { pepper, secret } = secretOf(world.keys, password)
  const done = await world.hasher.hash(secret, bucket, known)
  return done.ok ? { ok: true, value: stored(pepper, done.value) } : done
}

/** A password that nobody has chosen, as long as one must be. */
export const generated = ({ random, policy }: World): string =>
  temporaryPassword(random.bytes(temporaryBytes(policy.password.minLength)))
