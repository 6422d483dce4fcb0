/**
 * A real process that writes to a SQLite file until there is no room, and says how that ended. It is
 * started under a limit on the size of files.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { event } from '../../src/rules/audit.ts'
import { sqlStore } from '../../src/stores/sql-store.ts'
import { openSqlite } from '../../src/stores/sqlite.ts'

const [path = ''] = process.argv.slice(2)
const random = { bytes: (length: number) => randomBytes(length) }
const clock = { now: () => Date.now(), elapsed: () => performance.now() }
const store = sqlStore({
  database: await openSqlite({ path, clock, random }),
  random,
  auditKey: () => Buffer.alloc(32, 7),
})
const long = event('auth.refused', 'refused', { details: 'x'.repeat(10_000) })
let done = 0
try {
  for (; done < 1_000; done++) await store.step({}, () => ({ verdict: 0, record: [long] }))
} catch (error) {
  process.stdout.write(JSON.stringify({ done, error: (error as Error).name }))
}
