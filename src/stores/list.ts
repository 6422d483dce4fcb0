/**
 * Listing: pages of everything of a kind, for people to look at. Nothing is decided by them, so they
 * are read outside of steps.
 *
 * @module
 */
import { setImmediate as turn } from 'node:timers/promises'
import { type Expression, sql } from 'kysely'
import type { Listing, Many } from '../ports.ts'
import type { Place } from '../rules/cursor.ts'
import type { Instant } from '../rules/time.ts'
import type { Query, Row } from './database.ts'
import type { Site } from './shapes.ts'
import { factOf, isAfter, isLive, isUpTo, most, selectMany } from './show.ts'

interface From {
  readonly after?: Place | undefined
  readonly limit: number
}

/** A part of a list: what was found in it, and where it ends; nothing when the list ends with it. */
interface Slice {
  readonly found: readonly Row[]
  readonly end: Place | undefined
}

/** The rows after a place, newest first, then by id. */
export async function pageOf(
  site: Site,
  ref: Many | Listing,
  { after, limit }: From,
): Promise<Row[]> {
  const read = (ask: (now: Expression<Instant>) => Query) => readOne(site, ask)
  if ('many' in ref) return read((now) => selectMany(site, ref, now, { after, limit }))
  const { containing, live, since } = ref

  // Text is searched here, for no two databases fold letters alike.
  const matching = async (from: Place | undefined): Promise<Slice> => {
    const rows = await read((now) =>
      selectListing(site, ref, now, { after: from, limit: most }).compile(),
    )
    const wanted = folded(containing?.text ?? '')
    const has = (row: Row) =>
      containing?.columns.some((name) => folded(String(row[name] ?? '')).includes(wanted))
    const last = rows.length < most ? undefined : rows.at(-1)
    return { found: rows.filter(has), end: last && placeOf(last, since) }
  }
  // What is over only because its time is stands among what is not, and there may be any number of it.
  const living = async (from: Place | undefined, limit: number): Promise<Slice> => {
    const [last] = await read(() => selectEnd(site, ref, from))
    const end = last && placeOf(last, since)
    const upTo = { after: from, upTo: end, limit }
    return { found: await read((now) => selectListing(site, ref, now, upTo).compile()), end }
  }
  if (containing) return inSlices(matching, after, limit)
  if (live && live.until.length > 0) return inSlices(living, after, limit)
  return read((now) => selectListing(site, ref, now, { after, limit }).compile())
}

export const placeOf = (row: Row, since: Listing['since']): Place => ({
  createdAt: Number(row[since]),
  id: String(row.id),
})

async function readOne(site: Site, ask: (now: Expression<Instant>) => Query): Promise<Row[]> {
  const { rows } = await site.read((now) => [ask(now)])
  return (rows[0] ?? []).map(factOf)
}

/** Goes through a list a slice at a time, so that a long one holds nobody else up. */
async function inSlices(
  next: (from: Place | undefined, limit: number) => Promise<Slice>,
  after: Place | undefined,
  limit: number,
): Promise<Row[]> {
  const all: Row[] = []
  for (let from = after; ; ) {
    const { found, end } = await next(from, limit - all.length)
    all.push(...found)
    if (all.length >= limit || !end) return all.slice(0, limit)
    from = end
    await turn()
  }
}

const folded = (text: string): string => text.normalize('NFKC').toLowerCase()

/** The rows of a list after a place, and none after another. */
export function selectListing(
  { builder }: Pick<Site, 'builder'>,
  { list, since, live, among }: Listing,
  now: Expression<Instant>,
  { after, upTo, limit }: From & { readonly upTo?: Place | undefined },
) {
  let query = builder.selectFrom(list).selectAll()
  for (const condition of live ? isLive(live, now) : []) query = query.where(condition)
  if (among) query = query.where(sql.ref(among.column), 'in', among.values)
  if (after) query = query.where(isAfter(since, after))
  if (upTo) query = query.where(isUpTo(since, upTo))
  const order = sql.ref(since)
  return query.orderBy(order, 'desc').orderBy('id').limit(Math.min(limit, most))
}

/** The place where a slice of so many rows ends, whether they are over or not; none for the last slice. */
export function selectEnd(
  { builder }: Pick<Site, 'builder'>,
  { list, since, live }: Listing,
  after: Place | undefined,
) {
  const order = sql.ref(since)
  let query = builder.selectFrom(list).select(['id', sql<number>`${order}`.as(since)])
  if (live?.open !== undefined) query = query.where(sql<boolean>`${sql.ref(live.open)} is null`)
  if (after) query = query.where(isAfter(since, after))
  return query
    .orderBy(order, 'desc')
    .orderBy('id')
    .offset(most - 1)
    .limit(1)
    .compile()
}
