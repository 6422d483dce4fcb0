/**
 * Rotation: what a refresh does to its session. One token is current; its immediate predecessor, come
 * again within the leeway, is given the same successor; anything older has been stolen or replayed,
 * and the session ends in the very same step.
 *
 * @see RFC 9700 4.14; OWASP ASVS 5.0 V10.4.5
 * @module
 */
import { event } from './audit.ts'
import type { Instance, Session, User } from './facts.ts'
import type { Keys } from './keys.ts'
import { placed, type RefreshToken, successorOf } from './refresh-token.ts'
import { type Refusal, refuse } from './refusal.ts'
import { end, standing } from './session.ts'
import type { Settings } from './settings.ts'
import { keep, type Step } from './step.ts'
import { type Instant, type Millis, minute, second } from './time.ts'

export const refreshSettings = {
  enabled: {
    is: 'flag',
    default: true,
    doc: 'Short access tokens renewed by rotating refresh tokens, instead of one session cookie.',
  },
  leeway: {
    is: 'duration',
    default: 30 * second,
    min: 0,
    max: minute,
    doc: 'How long a refresh token that was just used is given the same successor once more.',
  },
} as const satisfies Settings

/** What the rule is shown. */
export interface RotationShown {
  readonly instance: Instance
  readonly session: Session | undefined
  readonly user: User | undefined
}

/** The session goes on with `next`. */
export interface Rotated {
  readonly ok: true
  readonly session: Session
  readonly user: User
  readonly next: RefreshToken
}

/**
 * Decides one refresh.
 *
 * @param salt 16 fresh random bytes, base64url; used when this is the one that rotates.
 * @returns `refresh_token_invalid` with the reason for the record alone.
 */
export function rotate(
  shown: RotationShown,
  token: RefreshToken,
  given: { keys: Keys; salt: string; leeway: Millis; address: string },
  now: Instant,
): Step<Rotated | Refusal> {
  const { session, user } = shown
  const over = standing(session, user, shown.instance, now)
  if (over || !session || !user) {
    const why = over?.reason ?? over?.why ?? 'gone'
    return { verdict: refuse('refresh_token_invalid', { why }) }
  }
  const { keys, salt, leeway, address } = given
  switch (placed(session, token)) {
    case 'current': {
      const next = successorOf(keys, token, salt, keys.active('refresh').id)
      const moved: Session = {
        ...session,
        generation: next.generation,
        digest: next.digest,
        previousDigest: token.digest,
        rotationSalt: salt,
        rotationKey: next.kid,
        rotatedAt: now,
      }
      return { verdict: { ok: true, session: moved, user, next }, keep: [keep('sessions', moved)] }
    }
    case 'predecessor': {
      const { rotationSalt, rotationKey, rotatedAt } = session
      if (rotationSalt !== null && rotationKey !== null && now - (rotatedAt ?? 0) <= leeway) {
        // A node that lacks the root of the rotation cannot answer; it must not take it for a replay.
        if (!keys.ids.includes(rotationKey)) return { verdict: refuse('unavailable') }
        const next = successorOf(keys, token, rotationSalt, rotationKey)
        return { verdict: { ok: true, session, user, next } }
      }
      return replayed(session, address, now)
    }
    case 'used':
      return replayed(session, address, now)
    case 'ahead':
      return { verdict: refuse('refresh_token_invalid', { why: 'ahead' }) }
  }
}

function replayed(session: Session, address: string, now: Instant): Step<Refusal> {
  const subject = `user:${session.userId}`
  return {
    verdict: refuse('refresh_token_invalid', { why: 'replay' }),
    keep: [end(session, 'replay', now)],
    record: [event('refresh.replayed', 'refused', { subject, session: session.id, address })],
  }
}
