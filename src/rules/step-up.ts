/**
 * Step-up: how recently a person has shown their password in this session, and whether that is recent
 * enough for what they are about to do.
 *
 * @see OWASP ASVS 5.0 V7.5; NIST SP 800-63B-4, 2.1.3 (reauthentication)
 * @module
 */
import type { Session, User } from './facts.ts'
import { type Refusal, refuse } from './refusal.ts'
import type { PolicyOf, Settings } from './settings.ts'
import { hour, type Instant, minute } from './time.ts'

export const stepUpSettings = {
  window: {
    is: 'duration',
    default: 10 * minute,
    min: minute,
    max: 12 * hour,
    doc: 'How long after the password was shown the most sensitive things may be done.',
  },
} as const satisfies Settings

export type StepUpPolicy = PolicyOf<typeof stepUpSettings>

/**
 * Whether the proof of a session is fresh, and of the role its user has now. Asked when a request
 * comes in, and once more in the step that writes.
 *
 * @returns `step_up_required` when it is not.
 */
export function freshness(
  { provenAt }: Pick<Session, 'provenAt'>,
  { proofsVoidUntil }: Pick<User, 'proofsVoidUntil'>,
  now: Instant,
  { window }: StepUpPolicy,
): Refusal | undefined {
  if (now < provenAt + window && provenAt > proofsVoidUntil) return undefined
  return refuse('step_up_required', { stepUpWithin: window })
}

/** The session with its password shown now. */
export const proven = (session: Session, now: Instant): Session => ({ ...session, provenAt: now })

/** Until when a proof is fresh. */
export const freshUntil = ({ provenAt }: Pick<Session, 'provenAt'>, { window }: StepUpPolicy) =>
  provenAt + window
