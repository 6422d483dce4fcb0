/**
 * Record: events that change nothing else.
 *
 * @module
 */
import type { World } from '../ports.ts'
import { type AuditEvent, event } from '../rules/audit.ts'
import type { Refusal } from '../rules/refusal.ts'
import { doneBy } from './acting.ts'
import type { AnyCaller, Caller } from './authenticate.ts'

/** Records one event. */
export async function record(world: World, said: AuditEvent): Promise<void> {
  await world.store.step({}, () => ({ verdict: undefined, record: [said] }))
}

/** Records that a refresh token came with the access token of another session. */
export function recordMixed(world: World, session: string, address: string): Promise<void> {
  const said = { session, address, reason: 'other session' }
  return record(world, event('refresh.refused', 'refused', said))
}

/** Records that somebody asked for what needs a permission or a role that is not held. */
export function recordForbidden(
  world: World,
  reason: string,
  address: string,
  caller: AnyCaller,
): Promise<void> {
  const said = { ...doneBy(caller), subject: `user:${caller.user.id}`, address, reason }
  return record(world, event('access.refused', 'refused', said))
}

/** Reasons for refusing credentials that nobody comes by honestly. */
const planted = new Set(['duplicate_cookie', 'mismatch'])

/** Records credentials that were refused, when they look like an attack. */
export async function recordUnfit(world: World, { why }: Refusal, address: string): Promise<void> {
  if (why !== undefined && planted.has(why))
    await record(world, event('credentials.refused', 'refused', { address, reason: why }))
}

/** Records that a well-formed API key let nobody in. */
export function recordKey(
  world: World,
  { owner, why }: Refusal & { readonly owner?: string | undefined },
  address: string,
): Promise<void> {
  const said = { subject: owner === undefined ? null : `user:${owner}`, address }
  return record(world, event('key.refused', 'refused', { ...said, reason: why ?? null }))
}

/** Records that a gate refused a request. */
export function recordCsrf(
  world: World,
  reason: string,
  address: string,
  caller?: Caller,
): Promise<void> {
  const who = caller && `user:${caller.user.id}`
  const by = who ? { actor: who, subject: who, session: caller.session.id } : {}
  return record(world, event('csrf.rejected', 'refused', { ...by, address, reason }))
}
