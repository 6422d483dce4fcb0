/**
 * Step-up: how recently a person has shown their password in this session, and whether that is recent
 * enough for what they are about to do.
 *
 * @see OWASP ASVS 5.0 V7.5; NIST SP 800-63B-4, 2.1.3 (reauthentication)
 * @module
 */
import type { Session } from './facts.ts'
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
 * Whether the proof of a session is fresh. Asked when a request comes in, and once more in the step
 * that writes.
 *
 * @returns `step_up_required` when it is not.
 */
export function freshness(
  { provenAt }: Pick<Session, 'provenAt'>,
  now: Instant,
  { window }: StepUpPolicy,
): Refusal | undefined {
  return now < provenAt + window ? undefined : refuse('step_up_required', { stepUpWithin: window })
}
