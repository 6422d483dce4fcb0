/**
 * Where the store is tested: a real SQLite file and a real PostgreSQL, opened as one node or several,
 * and reached past the store to tamper with what is kept.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { Client } from 'pg'
import { onTestFinished } from 'vitest'
import type { Clock, Random, Store } from '../../src/ports.ts'
import type { Session, User } from '../../src/rules/facts.ts'
import { hour } from '../../src/rules/time.ts'
import type { Database, Row } from '../../src/stores/database.ts'
import { openDatabase } from '../../src/stores/open.ts'
import { sqlStore } from '../../src/stores/sql-store.ts'
import { freshPostgres } from '../provision/postgres.ts'

export const random: Random = { bytes: (length) => randomBytes(length) }
export const auditKey = Buffer.alloc(32, 7)

/** The clock of every test here, unless one sets it. */
export const noon = 1_800_000_000_000
export const settable = (now = noon) => {
  const clock = { at: now, now: () => clock.at, elapsed: () => 0 }
  return clock satisfies Clock
}

/** An empty place for a database, named as an operator names it. */
export const places = {
  SQLite: async () => `sqlite:${join(freshFolder(), 'auth.db')}`,
  PostgreSQL: freshPostgres,
} as const

export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Opens one more node's database; closed after the test. */
export async function open(place: string, clock: Clock = settable()): Promise<Database> {
  const database = await openDatabase(place, { clock, random, clockForTests: clock })
  onTestFinished(() => database.close().catch(() => undefined))
  return database
}

export const storeOn = (database: Database): Store =>
  sqlStore({ database, random, auditKey: () => auditKey })

/** Reaches the tables past the store. Statements are run one by one, each committed alone. */
export interface Beneath {
  run(text: string, values?: readonly unknown[]): Promise<Row[]>
}

export async function beneath(place: string): Promise<Beneath> {
  if (place.startsWith('sqlite:')) {
    const file = new DatabaseSync(place.slice('sqlite:'.length), { timeout: 5_000 })
    onTestFinished(() => file.close())
    return {
      run: async (text, values = []) => file.prepare(text).all(...(values as SQLInputValue[])),
    }
  }
  const options = '-c search_path=sallyport'
  const client = new Client({ connectionString: place, options, pipeline: true })
  client.on('error', () => undefined)
  await client.connect()
  onTestFinished(() => client.end())
  return { run: async (text, values = []) => (await client.query(text, [...values])).rows }
}

export const person = (id: string, more: Partial<User> = {}): User => ({
  id,
  username: id,
  displayName: null,
  role: 'member',
  scopes: '[]',
  passwordHash: null,
  mustChangePassword: 0,
  version: 1,
  endings: null,
  proofsVoidUntil: 0,
  createdAt: noon,
  lastLoginAt: null,
  disabledAt: null,
  temporaryUntil: null,
  deletedAt: null,
  ...more,
})

export const sessionOf = (userId: string, id: string, more: Partial<Session> = {}): Session => ({
  id,
  userId,
  userVersion: 1,
  epoch: 1,
  kind: 'full',
  createdAt: noon,
  lastActiveAt: noon,
  idleUntil: noon + hour,
  idleFor: hour,
  expiresAt: noon + 12 * hour,
  remembered: 0,
  address: '192.0.2.1',
  userAgent: 'test',
  endedAt: null,
  endReason: null,
  replacedAt: null,
  provenAt: noon,
  generation: 0,
  digest: null,
  previousDigest: null,
  rotationSalt: null,
  rotationKey: null,
  rotatedAt: null,
  ...more,
})

/**
 * The database without the rule that every write meets exactly one row: it writes what it can and
 * says it is done.
 */
export async function careless(place: string, database: Database): Promise<Database> {
  const tables = await beneath(place)
  return {
    ...database,
    async commit(build) {
      const chain = random.bytes(12).toString('base64url')
      const { writes } = build({ chain, seq: 0, mac: '' })
      for (const { sql, parameters } of writes) await tables.run(sql, parameters)
      return true
    },
  }
}
