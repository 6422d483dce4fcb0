/**
 * Acting: what every deed of a signed-in person asks to be shown, so that who he is and what he may
 * is decided once more in the step that writes. The operator at the command line does the same deeds,
 * by the same rules, on an authority of his own.
 *
 * @module
 */
import { apiKey, instance, session, user } from '../ports.ts'
import type { Access, Permission } from '../rules/access.ts'
import { type AuditEvent, type AuditType, event } from '../rules/audit.ts'
import {
  type Acting,
  type Actor,
  authority,
  authorityBy,
  type Needs,
  operating,
} from '../rules/authority.ts'
import type { ApiKey } from '../rules/facts.ts'
import type { Refusal } from '../rules/refusal.ts'
import type { Instant } from '../rules/time.ts'
import type { AnyCaller, Caller } from './authenticate.ts'
import type { From } from './log-in.ts'

/** Who runs commands beside the database. */
export interface OperatorCaller {
  readonly ok: true
  /** As he is recorded: `operator:<os user>`. */
  readonly operator: string
  readonly user?: undefined
  readonly session?: undefined
  readonly key?: undefined
}

/** Who does what an administrator does. */
export type Doer = Caller | OperatorCaller

/** Where a deed comes from. The operator has no address. */
export type DoneFrom = Pick<From, 'bucket'> & { readonly address: string | null }

export const acting = (doer: Doer) => ({
  here: instance(),
  me: user(doer.user?.id ?? ''),
  mine: session(doer.session?.id ?? ''),
})

/** As {@link acting}, for what may be done by an API key as well; it is asked for what it is not too. */
export const actingBy = (caller: AnyCaller | OperatorCaller) => ({
  here: instance(),
  me: user(caller.user?.id ?? ''),
  mine: session(caller.session?.id ?? ''),
  key: apiKey(caller.key?.id ?? ''),
})

type Authority = { readonly ok: true; readonly me: Actor } | Refusal

/** The one who acts, as he is in the step, or why nobody does. */
export const authorityOf = (doer: Doer, shown: Acting, needs: Needs, now: Instant): Authority =>
  doer.user ? authority(shown, needs, now) : operating

/** As {@link authorityOf}, for what may be done by an API key as well. */
export const authorityOfAny = (
  doer: AnyCaller | OperatorCaller,
  shown: Acting & { readonly key: ApiKey | undefined },
  needs: { readonly permission: Permission; readonly access: Access },
  now: Instant,
): Authority => (doer.user ? authorityBy(shown, needs, now) : operating)

/** Who did something, as it is recorded: the person, and which of his sessions or keys. */
export const doneBy = (doer: AnyCaller | OperatorCaller) => ({
  actor: doer.user ? `user:${doer.user.id}` : doer.operator,
  session: doer.session?.id ?? null,
  details: doer.key ? JSON.stringify({ key: doer.key.id }) : null,
})

/** An event of what was done to somebody, by whom, by which session and from where. */
export const deed = (
  type: AuditType,
  doer: Doer,
  subject: string,
  address: string | null,
  details?: Readonly<Record<string, string | number | boolean | null>>,
): AuditEvent =>
  event(type, 'success', {
    ...doneBy(doer),
    subject: `user:${subject}`,
    address,
    details: details ? JSON.stringify(details) : null,
  })

/** An event of what somebody may not do to another, or that cannot be done. */
export function refused(
  caller: AnyCaller | OperatorCaller,
  subject: string,
  { code, why }: Refusal,
  address: string | null,
): AuditEvent {
  const said = { ...doneBy(caller), subject: `user:${subject}` }
  return event('access.refused', 'refused', { ...said, address, reason: why ?? code })
}
