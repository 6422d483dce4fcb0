/**
 * Presence in SQL: what the nodes that are there have written, put together.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Database, NodeRow } from './database.ts'
import { nodesOf } from './feed.ts'
import type { Node } from './node.ts'

interface Online {
  readonly userId: string
  readonly connections: number
}

/** People read in one statement, and altogether. */
const slice = 1_000
const most = 10_000

/**
 * Who is connected to a node whose lease has not ended, by id.
 *
 * @param node Who watches the others in this process.
 */
export async function online(
  { builder, read }: Database,
  node: Pick<Node, 'living'> | undefined,
): Promise<readonly Online[]> {
  const { rows: told } = await read(() => [nodesOf(builder)])
  const nodes = (told[0] ?? []) as unknown as NodeRow[]
  const living = node ? node.living(nodes) : nodes.map(({ id }) => id)
  const found: Online[] = []
  if (living.length === 0) return found
  for (let after = ''; found.length < most; ) {
    const { rows } = await read(() => [
      builder
        .selectFrom('presence')
        .select(['userId', sql<number>`sum(connections)`.as('connections')])
        .where('userId', '>', after)
        .where('node', 'in', living)
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
