/**
 * Floods: refusals that change nothing and come by the thousand are recorded together, with how many
 * there were, so that whoever is refused cannot fill the audit.
 *
 * @see OWASP ASVS 5.0 V16.3.1; V16.2
 * @module
 */
import { type AuditEvent, type AuditType, event } from './audit.ts'
import type { Instant } from './time.ts'

/** Refusals of a type that one node records one by one in a minute. */
export const oneByOne = 600

/** What may come as a flood: each is refused, and anybody can bring it about. */
const floodTypes: ReadonlySet<AuditType> = new Set([
  'auth.refused',
  'refresh.refused',
  'access.refused',
  'credentials.refused',
  'key.refused',
  'socket.refused',
  'csrf.rejected',
])

export const mayFlood = ({ type, outcome }: AuditEvent): boolean =>
  outcome === 'refused' && floodTypes.has(type)

/** Refusals that were only counted. */
export interface Flood {
  readonly type: AuditType
  readonly reason: string | null
  /** Whom they were about; null for several, when those are too many to tell apart. */
  readonly subject: string | null
  readonly count: number
  readonly since: Instant
  /** From where; no more than are told apart. */
  readonly addresses: ReadonlySet<string>
}

/** Subjects, and addresses, that are told apart. */
export const toldApart = 50

/** A flood with one refusal more. */
export function flooded(
  flood: Flood | undefined,
  { type, reason, address }: AuditEvent,
  subject: string | null,
  now: Instant,
): Flood {
  const addresses = new Set(flood?.addresses)
  if (address !== null && addresses.size < toldApart) addresses.add(address)
  const { count, since } = flood ?? { count: 0, since: now }
  return { type, reason, subject, count: count + 1, since, addresses }
}

/** The one record of a flood. */
export function floodEvent({ type, reason, subject, count, since, addresses }: Flood): AuditEvent {
  const [address = null] = addresses
  const details = JSON.stringify({ count, since, addresses: addresses.size })
  return event(type, 'refused', {
    subject,
    reason,
    address: addresses.size === 1 ? address : null,
    details,
  })
}
