/**
 * Proofs: the password of a person who is signed in, shown once more. Guesses are charged to that
 * session alone: strangers cannot fill its bucket, and what is guessed there rests no name.
 *
 * @module
 */
import { event } from './audit.ts'
import type { Attempts } from './facts.ts'
import { type Charge, charge, type LockoutPolicy, linesOf, takeBack, waitOf } from './lockout.ts'
import { type Refusal, refuse } from './refusal.ts'
import { forget, keep, type Step } from './step.ts'
import type { Instant } from './time.ts'

/** Whose password, in which session, and from where. */
export interface Prover {
  readonly userId: string
  readonly session: string
  readonly address: string
}

export const sessionBucket = (session: string): string => `session:${session}`

type ChargedProof = { readonly ok: true; readonly charge: Charge }

/** Charges one guess, before it is checked. @returns `account_locked` while the session rests. */
export function chargeProof(
  shown: Attempts | undefined,
  { session }: Prover,
  policy: LockoutPolicy,
  now: Instant,
): Step<ChargedProof | Refusal> {
  const charged = charge(shown, { id: sessionBucket(session) }, linesOf(policy).session, now)
  if (charged.kind === 'resting')
    return { verdict: refuse('account_locked', { retryAfter: charged.wait }) }
  return { verdict: { ok: true, charge: charged.charge }, keep: [keep('attempts', charged.kept)] }
}

/** What came of a charged guess; `unchecked` when there was no time to look. */
export type Came = 'right' | 'unchecked' | { readonly wrong: string }

/** Settles a charged guess: a right one clears the bucket, a wrong one that filled it is told so. */
export function settleProof(
  shown: Attempts | undefined,
  { userId, session, address }: Prover,
  { made, came }: { made: Charge; came: Came },
  policy: LockoutPolicy,
  now: Instant,
): Step<{ readonly ok: true } | Refusal> {
  const line = linesOf(policy).session
  if (came === 'right')
    return { verdict: { ok: true }, keep: shown ? [forget('attempts', shown.id)] : [] }
  if (came === 'unchecked') {
    const back = takeBack(shown, made, line)
    return { verdict: refuse('busy'), keep: back ? [keep('attempts', back)] : [] }
  }
  const why = came.wrong
  const who = `user:${userId}`
  const said = { actor: who, subject: who, session, address, reason: why }
  const wait = made.fills ? waitOf(shown, line, now) : 0
  if (wait === 0)
    return {
      verdict: refuse('wrong_password', { why }),
      record: [event('password.refused', 'refused', said)],
    }
  const details = JSON.stringify({ bucket: 'session', until: shown?.restsUntil })
  return {
    verdict: refuse('account_locked', { why, retryAfter: wait }),
    record: [event('auth.locked', 'refused', { ...said, details })],
  }
}
