/**
 * Set-up: how an instance gets its first owner. Exactly one claim wins, whoever races it, and a
 * claimed instance is claimed for ever.
 *
 * @see OWASP ASVS 5.0 V6.3.2 (no default accounts)
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Instance, User } from './facts.ts'
import type { Keys } from './keys.ts'
import { type Refusal, refuse } from './refusal.ts'
import type { Instant } from './time.ts'

/**
 * The token that claims an instance: the same on every node and at every start, void once claimed.
 *
 * @returns 43 characters, base64url.
 */
export function setupTokenOf(keys: Keys, instanceId: string, id = keys.active('setup').id): string {
  const key = keys.byId('setup', id)
  if (!key) throw new Error(`set-up token: no root ${id}`)
  return createHmac('sha256', key).update(instanceId).digest('base64url')
}

/** Every token that claims an instance: that of the root in use, which is printed, and of the others. */
export const setupTokensOf = (keys: Keys, instanceId: string): readonly string[] =>
  keys.ids.map((id) => setupTokenOf(keys, instanceId, id))

/** Whether set-up may go on: unclaimed first, then the token. */
export function mayClaim(
  instance: Instance | undefined,
  expected: readonly string[],
  token: string,
): Refusal | undefined {
  if (!instance || instance.claimedAt !== null) return refuse('already_set_up')
  const ours = expected.some((one) => isSame(one, token))
  return ours ? undefined : refuse('forbidden', { why: 'setup token' })
}

/** Compares in constant time whatever the lengths are. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'setup').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** The first owner. */
export function firstOwner(
  who: { id: string; username: string; displayName: string | null; passwordHash: string },
  now: Instant,
): User {
  return {
    ...who,
    role: 'owner',
    scopes: '[]',
    mustChangePassword: 0,
    version: 1,
    endings: null,
    proofsVoidUntil: 0,
    createdAt: now,
    lastLoginAt: now,
    disabledAt: null,
    temporaryUntil: null,
    deletedAt: null,
  }
}
