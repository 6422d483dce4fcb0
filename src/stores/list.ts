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
import { factOf, isAfter, isLive, most, selectMany } from './show.ts'

interface From {
  readonly after?: Place | undefined
  readonly limit: number
}

/** The rows after a place, newest first, then by id. */
export async function pageOf(
  site: Site,
  ref: Many | Listing,
  { after, limit }: From,
): Promise<Row[]> {
  const read = async (from: From) => {
    const { rows } = await site.read((now) => [
      'many' in ref ? selectMany(site, ref, now, from) : selectListing(site, ref, now, from),
    ])
    return (rows[0] ?? []).map(factOf)
  }
  if ('many' in ref || !ref.containing) return read({ after, limit })

  // Text is searched a slice at a time, so that a long list holds nobody else up; and here, for no
  // two databases fold letters alike.
  const { columns, text } = ref.containing
  const wanted = folded(text)
  const has = (row: Row) => columns.some((name) => folded(String(row[name] ?? '')).includes(wanted))
  const found: Row[] = []
  for (let from = after; ; ) {
    const slice = await read({ after: from, limit: most })
    found.push(...slice.filter(has))
    const last = slice.at(-1)
    if (found.length >= limit || slice.length < most || !last) return found.slice(0, limit)
    from = { createdAt: Number(last[ref.since]), id: String(last.id) }
    await turn()
  }
}

const folded = (text: string): string => text.normalize('NFKC').toLowerCase()

function selectListing(
  { builder }: Site,
  { list, since, live, among }: Listing,
  now: Expression<Instant>,
  { after, limit }: From,
): Query {
  let query = builder.selectFrom(list).selectAll()
  for (const condition of live ? isLive(live, now) : []) query = query.where(condition)
  if (among) query = query.where(sql.ref(among.column), 'in', among.values)
  if (after) query = query.where(isAfter(since, after))
  const order = sql.ref(since)
  return query.orderBy(order, 'desc').orderBy('id').limit(Math.min(limit, most)).compile()
}
