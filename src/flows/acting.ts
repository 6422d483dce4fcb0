/**
 * Acting: what every deed of a signed-in person asks to be shown, so that who he is and what he may
 * is decided once more in the step that writes.
 *
 * @module
 */
import { instance, session, user } from '../ports.ts'
import { type AuditEvent, type AuditType, event } from '../rules/audit.ts'
import type { Refusal } from '../rules/refusal.ts'
import type { Caller } from './authenticate.ts'

export const acting = (caller: Caller) => ({
  here: instance(),
  me: user(caller.user.id),
  mine: session(caller.session.id),
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
  { user, session }: Caller,
  subject: string,
  { code, why }: Refusal,
  address: string,
): AuditEvent {
  const said = { actor: `user:${user.id}`, subject: `user:${subject}`, session: session.id }
  return event('access.refused', 'refused', { ...said, address, reason: why ?? code })
}
