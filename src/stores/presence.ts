/**
 * Presence in SQL: what the nodes that are there have written, put together.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Database } from './database.ts'

interface Online {
  readonly userId: string
  readonly connections: number
}

/** People read in one statement, and altogether. */
const slice = 1_000
const most = 10_000

/** Who is connected to a node that has not been forgotten, by id. */
export async function online({ builder, read }: Database): Promise<readonly Online[]> {
  const found: Online[] = []
  for (let after = ''; found.length < most; ) {
    const { rows } = await read(() => [
      builder
        .selectFrom('presence')
        .select(['userId', sql<number>`sum(connections)`.as('connections')])
        .where('userId', '>', after)
        .where(sql<boolean>`node in (select id from nodes)`)
        .groupBy('userId')
        .orderBy('userId')
        .limit(slice)
        .compile(),
    ])
    const there = (rows[0] ?? []) as unknown as Online[]
    found.push(...there.map((row) => ({ ...row, connections: Number(row.connections) })))
    if (there.length < slice) break
    after = there.at(-1)?.userId ?? ''
  }
  return found
}
