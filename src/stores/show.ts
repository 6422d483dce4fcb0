/**
 * Showing: refs become selects, and the rows they find become what a rule is shown. Apart from that
 * the store remembers what was shown with which revision.
 *
 * @module
 */
import { type Expression, sql } from 'kysely'
import type { Live, Many, One, Ref } from '../ports.ts'
import type { Place } from '../rules/cursor.ts'
import type { Kind } from '../rules/facts.ts'
import type { Instant } from '../rules/time.ts'
import type { Query, Row } from './database.ts'
import type { Site } from './shapes.ts'

/** A record as it was shown. */
export interface Seen {
  readonly kind: Kind
  readonly id: string
  readonly revision: string
  /** Without the revision. */
  readonly fact: Row
  /** Whether a step rests on it. A member of a list that was only shown is guarded by its owner. */
  readonly guarded: boolean
}

/** How many members of a list a rule is shown at most. */
export const most = 1_000

/** Where a record is remembered. */
export const keyOf = (kind: Kind, id: string) => `${kind} ${id}`

/** The record that guards what a ref shows. */
export const guardOf = (ref: Ref): One =>
  'one' in ref ? ref : { one: ref.owner, by: 'id', is: ref.ownedBy ?? ref.is }

function selectOne({ builder, shaped }: Site, { one, by, is, of, through }: One): Query {
  const value = through ? sql`(select "userId" from sessions where id = ${is})` : is
  const selected = () => builder.selectFrom(one).selectAll().where(sql.ref(by), '=', value)
  if (of === undefined)
    return shaped(`show ${one} ${by} ${through}`, [is], () => selected().compile())
  return shaped(`show ${one} ${by} of`, [is, of], () =>
    selected().where('userId', '=', of).compile(),
  )
}

/** The live members after a place, newest first, then by id. */
export function selectMany(
  { builder }: Site,
  { many, by, is, live }: Many,
  now: Expression<Instant>,
  from: { readonly after?: Place | undefined; readonly limit: number } = { limit: most },
): Query {
  let query = builder.selectFrom(many).selectAll().where(sql.ref(by), '=', is)
  for (const condition of isLive(live, now)) query = query.where(condition)
  if (from.after) query = query.where(isAfter('createdAt', from.after))
  const limit = Math.min(from.limit, most)
  return query.orderBy('createdAt', 'desc').orderBy('id').limit(limit).compile()
}

/** The live members that a rule is shown. @param given The values that `now` stands for: one, or none. */
function selectLive(site: Site, ref: Many, now: Expression<Instant>, given: readonly unknown[]) {
  const { many, by, is, live } = ref
  const { open, until, standing } = live
  const values = [is, ...until.flatMap(() => given), most]
  return site.shaped(`list ${many} ${by} ${open} ${until} ${standing}`, values, () =>
    selectMany(site, ref, now),
  )
}

/** Selects of what is asked. */
export function selectAll(site: Site, refs: readonly Ref[], now: Expression<Instant>): Query[] {
  // SQLite is given the instant; PostgreSQL has it from its own clock.
  const given = refs.some((ref) => 'many' in ref)
    ? sql`${now}`.compile(site.builder).parameters
    : []
  return refs.map((ref) =>
    'one' in ref ? selectOne(site, ref) : selectLive(site, ref, now, given),
  )
}

/** What a live member meets. */
export function isLive({ open, until, standing }: Live, now: Expression<Instant>) {
  return [
    ...(open === undefined ? [] : [sql<boolean>`${sql.ref(open)} is null`]),
    ...until.map((column) => sql<boolean>`${sql.ref(column)} > ${now}`),
    ...(standing ? [isStanding] : []),
  ]
}

// As `rules/session.ts` has it: of another version or epoch it is over, though nobody ended the row.
const isStanding = sql<boolean>`exists (select 1 from users, instance
  where users.id = sessions."userId" and users.version = sessions."userVersion"
  and instance.epoch = sessions.epoch)`

/** Whether a row comes after a place, newest first, then by id. */
export function isAfter(since: string, { createdAt: at, id }: Place) {
  const column = sql.ref(since)
  // The first half is what an index is searched by.
  return sql<boolean>`${column} <= ${at} and (${column} < ${at} or ${sql.ref('id')} > ${id})`
}

/** Whether a row comes no later than a place, newest first, then by id. */
export function isUpTo(since: string, { createdAt: at, id }: Place) {
  const column = sql.ref(since)
  return sql<boolean>`${column} >= ${at} and (${column} > ${at} or ${sql.ref('id')} <= ${id})`
}

/** The row without what no rule sees. */
export function factOf({ revision: _, ...fact }: Row): Row {
  return fact
}

/** Reads everything asked, and the owners of lists, in one snapshot. */
export async function show(site: Site, asked: Readonly<Record<string, Ref>>) {
  const refs = Object.entries(asked)
  const lists = refs.filter((entry): entry is [string, Many] => 'many' in entry[1])
  const { now, rows } = await site.read((now) =>
    selectAll(site, [...Object.values(asked), ...lists.map(([, list]) => guardOf(list))], now),
  )

  const seen = new Map<string, Seen>()
  const remember = (kind: Kind, row: Row, guarded: boolean, fact: Row = factOf(row)) => {
    const { id, revision } = row as { id: string; revision: string }
    const key = keyOf(kind, id)
    // One record may be shown by two refs; the snapshot is one, so the rows are equal.
    const before = seen.get(key)?.guarded ?? false
    seen.set(key, { kind, id, revision, fact, guarded: guarded || before })
  }
  const shown: Record<string, unknown> = {}
  refs.forEach(([name, ref], index) => {
    const found = rows[index] ?? []
    const facts = found.map(factOf)
    shown[name] = 'one' in ref ? facts[0] : facts
    const kind = 'one' in ref ? ref.one : ref.many
    for (const [at, row] of found.entries()) remember(kind, row, 'one' in ref, facts[at])
  })
  lists.forEach(([, list], index) => {
    for (const row of rows[refs.length + index] ?? []) remember(list.owner, row, true)
  })
  return { now, shown, seen: seen as ReadonlyMap<string, Seen> }
}
