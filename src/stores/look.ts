/**
 * Looking: what a database says of itself, before it is opened for work. Nothing is made or changed.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../ports.ts'
import { type Instant, type Millis, second } from '../rules/time.ts'
import type { Row } from './database.ts'
import { migrationNames } from './migrate.ts'
import { told } from './postgres-errors.ts'
import { patiently } from './sqlite-errors.ts'

export interface Look {
  readonly dialect: 'sqlite' | 'postgres'
  /** As it calls itself. */
  readonly version: string
  /** Migrations that were run, that wait to be run, and that only a newer program knows. */
  readonly migrations: {
    readonly done: readonly string[]
    readonly pending: readonly string[]
    readonly unknown: readonly string[]
  }
  /** What it is set to, by name. */
  readonly settings: Readonly<Record<string, string>>
  /** How long the smallest read took, the middle one of a few. */
  readonly latency: Millis
  /** What time it is there. */
  readonly now: Instant
}

/**
 * Looks at the database `name` says.
 *
 * @returns Nothing where there is no SQLite file.
 * @throws {Unavailable} When it does not answer.
 */
export async function lookAt(name: string, clock: Clock): Promise<Look | undefined> {
  const path = /^sqlite:(.+)$/s.exec(name)?.[1]
  if (path === undefined) return lookAtPostgres(name, clock)
  return existsSync(path) ? patiently(3 * second, () => lookAtSqlite(path, clock)) : undefined
}

const asked = {
  sqlite: ['journal_mode', 'auto_vacuum', 'page_count', 'page_size', 'freelist_count'],
  postgres: ['server_version', 'default_transaction_read_only', 'ssl', 'fsync', 'full_page_writes'],
} as const

function lookAtSqlite(path: string, clock: Clock): Look {
  const connection = new DatabaseSync(path, { readOnly: true })
  const all = (text: string): Row[] => connection.prepare(text).all()
  try {
    const [first] = all('select sqlite_version() as version')
    const known = all(`select name from sqlite_master where type = 'table' and name = 'migrations'`)
    const done = known.length === 0 ? [] : all('select name from migrations')
    const settings = asked.sqlite.map((name) => [name, String(all(`pragma ${name}`)[0]?.[name])])
    const took = times(clock, () => all('select count(*) from sqlite_master'))
    return {
      dialect: 'sqlite',
      version: `SQLite ${first?.version}`,
      migrations: sorted(done),
      settings: Object.fromEntries(settings),
      latency: middle(took),
      now: clock.now(),
    }
  } finally {
    connection.close()
  }
}

async function lookAtPostgres(url: string, clock: Clock): Promise<Look> {
  const { connectionFor } = await import('./postgres-pool.ts')
  const client = await told(connectionFor(url, 5 * second, () => {}))
  try {
    const all = async (text: string): Promise<Row[]> => (await told(client.query(text))).rows
    const [first] = await all(
      `select split_part(version(), ' ', 2) as version,
        floor(extract(epoch from clock_timestamp()) * 1000)::bigint::text as now,
        to_regclass('sallyport.migrations') is not null as known`,
    )
    const at = clock.now()
    const done = first?.known ? await all('select name from sallyport.migrations') : []
    const names = asked.postgres.map((name) => `'${name}'`).join()
    const rows = await all(`select name, setting from pg_settings where name in (${names})`)
    const took: Millis[] = []
    for (let count = 0; count < 5; count++) {
      const since = clock.elapsed()
      await all('select 1')
      took.push(clock.elapsed() - since)
    }
    return {
      dialect: 'postgres',
      version: `PostgreSQL ${first?.version}`,
      migrations: sorted(done),
      settings: Object.fromEntries(rows.map(({ name, setting }) => [name, String(setting)])),
      latency: middle(took),
      // As it was when this machine's clock said what it says now.
      now: Number(first?.now) + clock.now() - at,
    }
  } finally {
    await client.end()
  }
}

function times(clock: Clock, work: () => void): Millis[] {
  return Array.from({ length: 5 }, () => {
    const since = clock.elapsed()
    work()
    return clock.elapsed() - since
  })
}

const middle = (all: readonly Millis[]): Millis =>
  [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0

function sorted(rows: readonly Row[]): Look['migrations'] {
  const done = rows.map(({ name }) => String(name)).sort()
  return {
    done,
    pending: migrationNames.filter((name) => !done.includes(name)),
    unknown: done.filter((name) => !migrationNames.includes(name)),
  }
}
