/**
 * Figures: how many there are of something, for people to look at. Nothing is decided by them, and no
 * statement counts further than any other may read.
 *
 * @module
 */
import { setImmediate as turn } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Figures, NodeSeen, Recorded, RolesHeld, Tally } from '../figure-ports.ts'
import { everySession, type Listing, people } from '../ports.ts'
import type { Place } from '../rules/cursor.ts'
import type { Instant } from '../rules/time.ts'
import type { Database } from './database.ts'
import { placeOf, selectEnd, selectListing } from './list.ts'
import { most } from './show.ts'

/** A list is gone through so many slices far. */
const slices = 10

const many = sql<number>`count(*)`.as('count')

export const figuresOf = (database: Database): Figures => ({
  sessions: () => countOf(database, everySession()),
  people: () => countOf(database, people()),
  roles: () => rolesIn(database),
  recorded: (from, to) => recordedIn(database, from, to),
  nodes: () => nodesIn(database),
})

/** How many there are in a list, a slice at a time. */
async function countOf(database: Database, ref: Listing): Promise<Tally> {
  const { builder, read } = database
  let count = 0
  let after: Place | undefined
  for (let slice = 0; slice < slices; slice++) {
    const ends = await read(() => [selectEnd(database, ref, after)])
    const last = ends.rows[0]?.[0]
    const upTo = last && placeOf(last, ref.since)
    const counted = await read((now) => {
      const found = selectListing(database, ref, now, { after, upTo, limit: most })
      return [builder.selectFrom(found.as('slice')).select(many).compile()]
    })
    count += Number(counted.rows[0]?.[0]?.count ?? 0)
    if (!upTo) return { count, more: false }
    after = upTo
    await turn()
  }
  return { count, more: true }
}

/** The roles people hold, and how many hold the same. */
async function rolesIn({ builder, read }: Database): Promise<readonly RolesHeld[]> {
  const { rows } = await read(() => {
    const newest = builder
      .selectFrom('users')
      .select(['role', 'scopes'])
      .where('deletedAt', 'is', null)
      .orderBy('createdAt', 'desc')
      .limit(slices * most)
    return [
      builder
        .selectFrom(newest.as('newest'))
        .select(['role', 'scopes', many])
        .groupBy(['role', 'scopes'])
        .compile(),
    ]
  })
  await turn()
  return (rows[0] ?? []).map(({ role, scopes, count }) => ({
    role: String(role),
    scopes: String(scopes),
    count: Number(count),
  }))
}

/** How often what was recorded in a stretch of time, of the newest records in it. */
async function recordedIn(
  { builder, read }: Database,
  from: Instant,
  to: Instant,
): Promise<Recorded> {
  const { rows } = await read(() => {
    const newest = builder
      .selectFrom('audit')
      .select(['type', 'details'])
      .where('at', '>=', from)
      .where('at', '<', to)
      .orderBy('at', 'desc')
      .limit(most)
      .as('newest')
    return [
      builder.selectFrom(newest).select(['type', many]).groupBy('type').compile(),
      builder.selectFrom(newest).selectAll().where('details', 'like', '{"count":%').compile(),
    ]
  })
  await turn()
  const [counted = [], floods = []] = rows
  const times = new Map(counted.map(({ type, count }) => [String(type), Number(count)]))
  const looked = [...times.values()].reduce((all, one) => all + one, 0)
  // One record of a flood stands for many.
  for (const { type, details } of floods) {
    // Read as text: whoever altered the row may have written anything.
    const [, count = '1'] = /^{"count":(\d{1,12})\b/.exec(String(details)) ?? []
    times.set(String(type), (times.get(String(type)) ?? 0) + Number(count) - 1)
  }
  return { times, more: looked >= most }
}

/** The nodes there are, and how far each has heard. */
async function nodesIn({ builder, read }: Database): Promise<readonly NodeSeen[]> {
  const { rows } = await read(() => [
    builder
      .selectFrom('nodes')
      .select(['id', 'lease', sql<number>`(select head from feed) - applied`.as('behind')])
      .orderBy('id')
      .limit(most)
      .compile(),
  ])
  const found = (rows[0] ?? []) as unknown as NodeSeen[]
  return found.map(({ id, lease, behind }) => ({ id, lease, behind: Number(behind) }))
}
