/**
 * The calls of administrators: people, everybody's sessions, names at rest, the audit, how things
 * stand. Each is a function of its own over a client's `call`, so that a bundle carries only those it
 * uses; each refuses as `Call` does. Those marked S want the password shown a short while ago and
 * refuse with `step_up_required`.
 */

import type {
  AuditEvent,
  AuditExport,
  AuditVerification,
  ChangeUser,
  CheckUp,
  Created,
  CreateUser,
  Lockout,
  Overview,
  Page,
  Ready,
  Reset,
  Role,
  Session,
  User,
} from '../wire.ts'
import type { Client } from './client.ts'
import { UnreachableError } from './errors.ts'
import { asked, type ListAsk } from './listing.ts'

export type {
  AuditEvent,
  AuditExport,
  AuditFault,
  AuditVerification,
  ChangeUser,
  CheckUp,
  Created,
  CreateUser,
  Finding,
  Lockout,
  Overview,
  Ready,
  Reset,
  Role,
  Tally,
} from '../wire.ts'

type Calls = Pick<Client, 'call'>

const userPath = (id: string, deed = '') => `/users/${encodeURIComponent(id)}${deed}`

/** The people there are, newest first; with `query` those whose name contains it. */
export const listUsers = (
  { call }: Calls,
  { query, ...ask }: ListAsk & { readonly query?: string | undefined } = {},
): Promise<Page<User>> => call('GET', ...asked('/users', ask, { query }))

export const getUser = ({ call }: Calls, id: string, signal?: AbortSignal): Promise<User> =>
  call('GET', userPath(id), signal ? { signal } : {})

/** The roles there are, from the highest to the lowest, with what each may do. */
export const listRoles = (
  { call }: Calls,
  { signal, passive }: Pick<ListAsk, 'signal' | 'passive'> = {},
): Promise<Page<Role>> =>
  call('GET', '/roles', { ...(signal && { signal }), ...(passive && { passive }) })

/** S. Refusals: `username_taken`, `validation_failed` with `fields`, `forbidden` above the own role. */
export const createUser = ({ call }: Calls, body: CreateUser): Promise<Created> =>
  call('POST', '/users', { body })

/** S. Refusals: `last_owner`, `forbidden` for who has a higher role. */
export const changeUser = ({ call }: Calls, id: string, body: ChangeUser): Promise<User> =>
  call('PATCH', userPath(id), { body })

/** S. Refusals: `last_owner`, `forbidden`. The name is free again. */
export const deleteUser = ({ call }: Calls, id: string): Promise<undefined> =>
  call('DELETE', userPath(id))

/** Lifts the rest of a person’s name. */
export const unlockUser = ({ call }: Calls, id: string): Promise<undefined> =>
  call('POST', userPath(id, '/unlock'))

/** S. Gives somebody else a temporary password, told only here, and ends all sessions. */
export const resetPassword = ({ call }: Calls, id: string): Promise<Reset> =>
  call('POST', userPath(id, '/reset-password'))

/** S. Ends all sessions of a person, and says how many. */
export const endSessionsOf = ({ call }: Calls, id: string): Promise<{ readonly revoked: number }> =>
  call('POST', userPath(id, '/revoke-sessions'))

/** Where everybody is signed in, newest first; with `user` where one person is. */
export const listSessions = (
  { call }: Calls,
  { user, ...ask }: ListAsk & { readonly user?: string } = {},
): Promise<Page<Session>> => call('GET', ...asked('/auth/sessions', ask, { scope: 'all', user }))

/** Names at rest. */
export const listLockouts = ({ call }: Calls, ask: ListAsk = {}): Promise<Page<Lockout>> =>
  call('GET', ...asked('/lockouts', ask))

/**
 * What was recorded, newest first: of a `type` (an event, or the word before its dot), about or by a
 * `user` (an id), not earlier than `from` and earlier than `to` (ISO 8601 UTC). With a `type` a page may
 * hold fewer than asked for and still not be the last.
 */
export const listAudit = (
  { call }: Calls,
  { type, user, from, to, ...ask }: ListAsk & AuditExport = {},
): Promise<Page<AuditEvent>> => call('GET', ...asked('/audit', ask, { type, user, from, to }))

/** Holds every record against what seals it. A million take about half a minute; it may take ten. */
export const verifyAudit = ({ call }: Calls, signal?: AbortSignal): Promise<AuditVerification> =>
  call('GET', '/audit/verify', { timeout: 600_000, ...(signal && { signal }) })

/**
 * S. Where a copy of the records is to be had, as JSON lines: for a link, or for `fetch` of a client,
 * which answers a refusal as the problem it is.
 *
 * @param baseUrl As the client was given it.
 */
export const auditExportAddress = (ask: AuditExport = {}, baseUrl = '/api/v1'): string =>
  baseUrl + asked('/audit/export', {}, { ...ask })[0]

/** How things stand: figures, the last 24 hours, the servers. */
export const getOverview = (
  { call }: Calls,
  { signal, passive }: Pick<ListAsk, 'signal' | 'passive'> = {},
): Promise<Overview> =>
  call('GET', '/overview', { ...(signal && { signal }), ...(passive && { passive }) })

/** What is well with settings, database and disk of the server that answers, and what mends the rest. */
export const getCheckUp = ({ call }: Calls, signal?: AbortSignal): Promise<CheckUp> =>
  call('GET', '/instance/health', { passive: true, ...(signal && { signal }) })

/**
 * Whether the server that answers can do its work; also what it says when it cannot.
 *
 * @param baseUrl As the client was given it.
 */
export async function getReadiness(
  { fetch }: Pick<Client, 'fetch'>,
  signal?: AbortSignal,
  baseUrl = '/api/v1',
): Promise<Ready> {
  const answer = await fetch(`${baseUrl}/health/ready`, {
    cache: 'no-store',
    signal: signal ?? null,
  })
  // Both 200 and 503 tell it; a proxy in between may answer something else.
  const ready: Ready | undefined = await answer.json().catch(() => undefined)
  if (ready?.checks) return ready
  throw new UnreachableError('foreign', { cause: `status ${answer.status}` })
}
