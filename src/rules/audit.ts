/**
 * Audit: every event that is recorded, and the chain that shows when a record was altered. An event
 * is written in the step that makes its change; there is no change without it.
 *
 * @module
 */
import { createHmac, type KeyObject } from 'node:crypto'
import type { Keys } from './keys.ts'
import type { Instant } from './time.ts'

/** Every event, by name, with the sentence the reference prints. Past tense, dotted, stable. */
export const auditEvents = {
  'instance.claimed': 'The first owner was made and the instance is claimed for ever.',
  'instance.backed_up': 'The operator took a copy of the database.',
  'instance.restored': 'The operator put a copy of the database back; all sessions are over.',
  'auth.signed_in': 'A person signed in and a session was opened.',
  'auth.refused': 'A sign-in or set-up was refused; `reason` says why.',
  'auth.locked': 'A wrong password filled a bucket: a rest began, or a device is trusted no more.',
  'auth.unlocked': 'Somebody lifted the rest of a name.',
  'auth.signed_out': 'A person ended the own session.',
  'session.evicted': 'A session was ended because its owner reached the limit.',
  'session.replaced': 'A session was ended because the same browser signed in again.',
  'session.revoked': 'A session was ended by its owner or by somebody who may.',
  'refresh.refused': 'A genuine refresh token could not renew its session; `reason` says why.',
  'refresh.replayed': 'A used refresh token came again; its session was ended.',
  'password.changed': 'A person changed the own password; all earlier sessions are over.',
  'password.refused': 'The current password, shown once more, was wrong.',
  'password.reset': 'Somebody gave a person a temporary password; all sessions are over.',
  'auth.stepped_up': 'A person showed the password once more.',
  'user.created': 'Somebody added a person.',
  'user.updated': 'Somebody changed the name, role or scopes of a person.',
  'user.disabled': 'Somebody disabled a person; all sessions are over.',
  'user.enabled': 'Somebody enabled a person again.',
  'user.deleted': 'Somebody deleted a person; all sessions are over and the name is free.',
  'access.refused': 'A signed-in person asked for what is not allowed; `reason` says what.',
  'credentials.refused':
    'A cookie of ours came twice, or a token named a session that is not its person’s; `reason` says which.',
  'device.forgotten': 'A person stopped trusting one of the own devices.',
  'secret.rotated': 'A new root secret is in use; `subject` is the one before it.',
  'secret.retired': 'A root secret that nothing needs any more was taken out of use.',
  'key.issued': 'A person made an API key.',
  'key.rotated': 'A person gave an API key another secret; the earlier one lives for the overlap.',
  'key.revoked': 'A person ended an API key.',
  'key.refused': 'An API key was well formed and let nobody in; `reason` says why.',
  'socket.refused': 'A ticket came from a page of another origin than it was asked for from.',
  'csrf.rejected': 'An unsafe request failed the origin gate or the token.',
  'audit.exported': 'Somebody took a copy of the records.',
  'audit.trimmed': 'Records older than they are kept were removed, in whole sealed segments.',
} as const

export type AuditType = keyof typeof auditEvents

/** The events of a name, or of the word before the dot; none when there is no such. */
export const typesNamed = (name: string): readonly AuditType[] =>
  (Object.keys(auditEvents) as AuditType[]).filter(
    (type) => type === name || type.startsWith(`${name}.`),
  )

/** What a rule says of an event; the store adds id, instant, chain, number and MAC. */
export interface AuditEvent {
  readonly type: AuditType
  /** Who did it: `user:<id>`, `operator:<os user>`, or `anonymous`. */
  readonly actor: string
  /** Whom or what it was done to: `user:<id>`, `session:<id>`, or a keyed pseudonym. */
  readonly subject: string | null
  readonly session: string | null
  readonly address: string | null
  readonly device: string | null
  readonly outcome: 'success' | 'refused'
  readonly reason: string | null
  /** Flat JSON, no secrets. */
  readonly details: string | null
}

/** An event as it is kept. */
export interface AuditRow extends AuditEvent {
  readonly id: string
  readonly chain: string
  readonly seq: number
  readonly at: Instant
  readonly mac: string
}

/** The end of a chain: the next row is `seq + 1` and seals over `mac`. */
export interface ChainHead {
  readonly chain: string
  readonly seq: number
  readonly mac: string
}

/** Fills what an event leaves out. */
export function event(
  type: AuditType,
  outcome: AuditEvent['outcome'],
  said: Partial<Omit<AuditEvent, 'type' | 'outcome'>> = {},
): AuditEvent {
  return {
    type,
    outcome,
    actor: 'anonymous',
    subject: null,
    session: null,
    address: null,
    device: null,
    reason: null,
    details: null,
    ...said,
  }
}

/**
 * Links `events` to the end of a chain.
 *
 * @param key 32 bytes derived for `audit`.
 * @param ids One fresh id an event.
 * @returns The rows to insert and the chain's new end.
 * @see OWASP ASVS 5.0 V16.4.2 (logs protected from modification)
 */
export function seal(
  key: Buffer | KeyObject,
  head: ChainHead,
  events: readonly AuditEvent[],
  ids: readonly string[],
  at: Instant,
): { rows: AuditRow[]; head: ChainHead } {
  if (ids.length !== events.length) throw new Error('audit: one id an event')
  let end = head
  const rows = events.map((said, index) => {
    const unsealed = { ...said, id: ids[index] ?? '', chain: head.chain, seq: end.seq + 1, at }
    const row: AuditRow = { ...unsealed, mac: macOf(key, end.mac, unsealed) }
    end = { chain: row.chain, seq: row.seq, mac: row.mac }
    return row
  })
  return { rows, head: end }
}

/** The MAC of one row over the one before it: HMAC-SHA-256, base64url. */
export function macOf(
  key: Buffer | KeyObject,
  previousMac: string,
  row: Omit<AuditRow, 'mac'>,
): string {
  // An array of fixed order is the canonical form: no name can be swapped, none left out unseen.
  const canonical = JSON.stringify([
    previousMac,
    row.chain,
    row.seq,
    row.id,
    row.at,
    row.type,
    row.actor,
    row.subject,
    row.session,
    row.address,
    row.device,
    row.outcome,
    row.reason,
    row.details,
  ])
  return createHmac('sha256', key).update(canonical).digest('base64url')
}

/**
 * What stands for a name that is nobody's: the same for the same name, and no way back from it. A
 * person may have typed a password there.
 *
 * @returns 22 characters, base64url.
 */
export const pseudonymOf = (keys: Keys, name: string): string =>
  pseudonymUnder(keys.active('pseudonym').mac, name)

/** What stood for a name before the root secret was rotated, the newest first. */
export const olderPseudonymsOf = (keys: Keys, name: string): readonly string[] =>
  keys.older('pseudonym').map((key) => pseudonymUnder(key, name))

/** As {@link pseudonymOf}, under the pseudonym key of one root. */
export const pseudonymUnder = (key: Buffer | KeyObject, name: string): string =>
  createHmac('sha256', key).update(name).digest('base64url').slice(0, 22)
