/**
 * Voiding: what a database that was put back believes in, and must not. A device that was forgotten
 * since, a ticket that was used, a temporary password that was replaced would be good again.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Database } from './database.ts'

/** Rows at a time. */
const slice = 5_000

/** Nodes of another time would be waited for. */
const emptied = ['devices', 'tickets', 'presence', 'nodes'] as const

/** Forgets trusted devices, tickets, connections and nodes; temporary passwords sign in no more. */
export async function voidIssued({ builder, write }: Database): Promise<void> {
  for (const table of emptied) {
    const some = sql.table(table)
    const query = sql`delete from ${some} where id in (select id from ${some} limit ${slice})`
    while ((await write(query.compile(builder))) === slice);
  }
  const until = sql.ref('temporaryUntil')
  const query = sql`update users set ${until} = 0 where id in
    (select id from users where ${until} > 0 limit ${slice})`
  while ((await write(query.compile(builder))) === slice);
}
