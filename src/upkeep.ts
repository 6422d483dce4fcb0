/**
 * Upkeep: the schema of a database that nobody has to have opened.
 *
 * @module
 */
import { SettingsError, settled } from './options.ts'
import type { Said } from './rules/settle.ts'
import { type Look, lookAt } from './stores/look.ts'
import { migrationNames } from './stores/migrate.ts'
import { openDatabase } from './stores/open.ts'
import { systemClock } from './system/clock.ts'
import { systemRandom as random } from './system/random.ts'

/** Which migrations were run, which wait, and which only a newer program knows. */
export async function pendingMigrations(said: readonly Said[]): Promise<Look['migrations']> {
  const look = await lookAt(databaseIn(said), systemClock)
  return look?.migrations ?? { done: [], pending: migrationNames, unknown: [] }
}

/** Brings the schema up to date, making the database where there is none. @returns What was run. */
export async function migrateDatabase(said: readonly Said[]): Promise<readonly string[]> {
  const { pending } = await pendingMigrations(said)
  const database = await openDatabase(databaseIn(said), { clock: systemClock, random })
  await database.close()
  return pending
}

function databaseIn(said: readonly Said[]): string {
  const { policy, complaints } = settled(said)
  if (complaints.length > 0) throw new SettingsError(complaints)
  return policy.database
}
