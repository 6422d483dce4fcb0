/**
 * Live sessions, counted: a slice of the table at a time, so that a long one holds nobody else up. What
 * is opened or ended meanwhile may be in it or not.
 *
 * @module
 */
import { setImmediate as turn } from 'node:timers/promises'
import { type Expression, sql } from 'kysely'
import { everySession } from '../ports.ts'
import type { Instant } from '../rules/time.ts'
import type { Database, Query } from './database.ts'
import { isLive, most } from './show.ts'

/** How many sessions of everybody stand. */
export async function countLiveSessions({
  builder,
  read,
}: Pick<Database, 'builder' | 'read'>): Promise<number> {
  let [count, after] = [0, '']
  for (;;) {
    const { rows } = await read((now) => [slice(builder, after, now)])
    const found = rows[0]?.[0] as { live: number | string; last: string | null } | undefined
    if (!found || found.last === null) return count
    count += Number(found.live)
    after = found.last
    await turn()
  }
}

const { live } = everySession()

function slice(builder: Database['builder'], after: string, now: Expression<Instant>): Query {
  const stands = sql.join(live ? isLive(live, now) : [], sql` and `)
  return builder
    .selectFrom(
      builder
        .selectFrom('sessions')
        .selectAll()
        .where('id', '>', after)
        .orderBy('id')
        .limit(most)
        .as('sessions'),
    )
    .select([
      sql<number>`sum(case when ${stands} then 1 else 0 end)`.as('live'),
      sql<string | null>`max(id)`.as('last'),
    ])
    .compile()
}
