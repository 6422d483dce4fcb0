/**
 * Uses: how much still rests on one root secret. The audit says when it went out of use; rows that
 * are younger were made under another.
 *
 * @module
 */
import { type Expression, sql } from 'kysely'
import type { KeyUses } from '../rules/retirement.ts'
import type { Instant, Millis } from '../rules/time.ts'
import type { Query } from './database.ts'
import type { Site } from './shapes.ts'

/** Root secrets that were replaced and not retired since. */
export async function formerRoots({ builder, read }: Site): Promise<string[]> {
  const about = 'secret:'
  const query = builder
    .selectFrom('audit')
    .select(['subject', 'type'])
    .where('subject', '>=', about)
    // The character after the colon.
    .where('subject', '<', 'secret;')
  const { rows } = await read(() => [query.compile()])
  const told = (rows[0] ?? []) as { subject: string; type: string }[]
  const of = (type: string) =>
    new Set(told.flatMap((row) => (row.type === type ? row.subject.slice(about.length) : [])))
  const retired = of('secret.retired')
  return [...of('secret.rotated')].filter((id) => !retired.has(id))
}

/** @param underWay How long after it went out of use something may still be made under it. */
export async function usesOf(
  { builder, read }: Site,
  keyId: string,
  underWay: Millis,
): Promise<KeyUses> {
  const column = sql.ref
  const replaced = builder
    .selectFrom('audit')
    .select(sql<Instant>`max("at")`.as('at'))
    .where('subject', '=', `secret:${keyId}`)
    .where('type', '=', 'secret.rotated')
  const { rows: found } = await read(() => [replaced.compile()])
  const at = found[0]?.[0]?.at
  // Never replaced, it is in use or never was.
  const until = typeof at === 'number' || typeof at === 'string' ? Number(at) + underWay : -1

  const sessions = (now: Expression<Instant>): Query =>
    builder
      .selectFrom('sessions')
      .select(sql<number>`count(*)`.as('count'))
      .select(sql<Instant>`max(${column('expiresAt')})`.as('until'))
      .where(column('endedAt'), 'is', null)
      .where(column('expiresAt'), '>', now)
      .where(column('idleUntil'), '>', now)
      .where(({ eb, or }) => or([eb('createdAt', '<=', until), eb('rotationKey', '=', keyId)]))
      .where('epoch', '=', builder.selectFrom('instance').select('epoch'))
      .compile()
  const devices = (now: Expression<Instant>): Query =>
    builder
      .selectFrom('devices')
      .select(sql<number>`count(*)`.as('count'))
      .select(sql<Instant>`max(${column('expiresAt')})`.as('until'))
      .where(column('expiresAt'), '>', now)
      .where('lastUsedAt', '<=', until)
      .compile()
  const underIt = (digest: string) =>
    // Not `like`: an underscore in a key id would stand for anything.
    sql<boolean>`substr(${column(digest)}, 1, ${keyId.length + 1}) = ${`${keyId}$`}`
  const keys = (now: Expression<Instant>): Query =>
    builder
      .selectFrom('keys')
      .select(sql<number>`count(*)`.as('count'))
      .select(sql<Instant>`max(${column('expiresAt')})`.as('until'))
      .where(column('expiresAt'), '>', now)
      .where(({ or, and }) =>
        or([
          underIt('digest'),
          and([underIt('previousDigest'), sql<boolean>`${column('rotatesAt')} > ${now}`]),
        ]),
      )
      .compile()
  const passwords = builder
    .selectFrom('users')
    .select(sql<number>`count(*)`.as('count'))
    .where('deletedAt', 'is', null)
    .where(underIt('passwordHash'))
    .compile()

  const { rows } = await read((now) => [sessions(now), devices(now), keys(now), passwords])
  const counted = (index: number) => {
    const row = rows[index]?.[0]
    const last = row?.until
    return { count: Number(row?.count), until: last == null ? null : Number(last) }
  }
  return {
    sessions: counted(0),
    devices: counted(1),
    keys: counted(2),
    passwords: counted(3).count,
  }
}
