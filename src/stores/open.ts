/**
 * Opens the database an operator has named. The driver of the other one is never loaded.
 *
 * @module
 */
import type { Clock, Random } from '../ports.ts'
import type { Database } from './database.ts'
import { openSqlite } from './sqlite.ts'

/**
 * Opens and migrates.
 *
 * @param name `sqlite:<path>`, or `postgres://…` as libpq writes it.
 * @param given.clock On SQLite the clock of all processes: they share a machine.
 * @param given.chain The chain of the audit to write, where several processes write one.
 * @param given.clockForTests Stands for the clock of PostgreSQL.
 * @throws {Unavailable} When the database does not answer.
 */
export async function openDatabase(
  name: string,
  given: {
    readonly clock: Clock
    readonly random: Random
    readonly clockForTests?: Clock
    readonly chain?: string
  },
): Promise<Database> {
  const path = /^sqlite:(.+)$/s.exec(name)?.[1]
  if (path) return openSqlite({ ...given, path })
  if (/^postgres(ql)?:\/\//.test(name)) {
    const { openPostgres } = await import('./postgres.ts')
    const { random, clockForTests: clock, chain } = given
    return openPostgres({
      url: name,
      random,
      ...(clock && { clock }),
      ...(chain !== undefined && { chain }),
    })
  }
  throw new Error('`database` must be sqlite:<path> or postgres://…')
}
