/**
 * Acting: what every deed of a signed-in person asks to be shown, so that who he is and what he may
 * is decided once more in the step that writes.
 *
 * @module
 */
import { apiKey, instance, session, user } from '../ports.ts'
import { type AuditEvent, type AuditType, event } from '../rules/audit.ts'
import type { Refusal } from '../rules/refusal.ts'
import type { AnyCaller, Caller } from './authenticate.ts'

export const acting = (caller: Caller) => ({
  here: instance(),
  me: user(caller.user.id),
  mine: session(caller.session.id),
})

/** As {@link acting}, for what may be done by an API key as well; it is asked for what it is not too. */
export const actingBy = (caller: AnyCaller) => ({
  here: instance(),
  me: user(caller.user.id),
  mine: session(caller.session?.id ?? ''),
  key: apiKey(caller.key?.id ?? ''),
})

/** Who did something, as it is recorded: the person, and which of his sessions or keys. */
export const doneBy = ({ user, session, key }: AnyCaller) => ({
  actor: `user:${user.id}`,
  session: session?.id ?? null,
  details: key ? JSON.stringify({ key: key.id }) : null,
})

/** An event of what a signed-in person did to somebody, by which session and from where. */
export const deed = (
  type: AuditType,
  { user, session }: Caller,
  subject: string,
  address: string,
  details?: Readonly<Record<string, string | number | boolean | null>>,
): AuditEvent =>
  event(type, 'success', {
    actor: `user:${user.id}`,
    subject: `user:${subject}`,
    session: session.id,
    address,
    details: details ? JSON.stringify(details) : null,
  })

/** An event of what a signed-in person may not do to somebody, or that cannot be done. */
export function refused(
  caller: AnyCaller,
  subject: string,
  { code, why }: Refusal,
  address: string,
): AuditEvent {
  const said = { ...doneBy(caller), subject: `user:${subject}` }
  return event('access.refused', 'refused', { ...said, address, reason: why ?? code })
}
