/**
 * Migrations: one list for every database, each run once, in order, in one transaction under a lock.
 * A database that has met a migration this program does not know is left alone.
 *
 * @module
 */
import { type Compilable, type Kysely, type RawBuilder, sql } from 'kysely'
import { type Random, Unavailable } from '../ports.ts'
import type { Database, Query, Row, Tables } from './database.ts'
import { sessions } from './migrations/0001-sessions.ts'
import { trust } from './migrations/0002-trust.ts'
import { people } from './migrations/0003-people.ts'
import { lockouts } from './migrations/0004-lockouts.ts'
import { sweeps } from './migrations/0005-sweeps.ts'
import { feed } from './migrations/0006-feed.ts'
import { keys } from './migrations/0007-keys.ts'
import { audit } from './migrations/0008-audit.ts'
import { endings } from './migrations/0010-endings.ts'

/** What a migration builds with. */
export interface Ground {
  readonly builder: Kysely<Tables>
  /** The type of a column of text: in every database compared byte by byte. */
  readonly text: RawBuilder<unknown>
  readonly fresh: { readonly instanceId: string; readonly revision: string }
}

/** The statements that lead from the schema before it to its own. Never edited once released. */
export type Migration = (ground: Ground) => readonly Compilable[]

const migrations: Readonly<Record<string, Migration>> = {
  '0001-sessions': sessions,
  '0002-trust': trust,
  '0003-people': people,
  '0004-lockouts': lockouts,
  '0005-sweeps': sweeps,
  '0006-feed': feed,
  '0007-keys': keys,
  '0008-audit': audit,
  '0010-endings': endings,
}

/** In their order. */
export const migrationNames: readonly string[] = Object.keys(migrations)

/** The database being opened. */
export interface Site extends Pick<Database, 'dialect' | 'builder'> {
  /** Runs one statement. */
  run(query: Query): Promise<readonly Row[]>
  /** Runs `work` in a transaction under the database's one lock for migrations. */
  locked(work: () => Promise<void>): Promise<void>
}

/**
 * Brings the schema up to this program's. Any number of processes may do so at once.
 *
 * @returns The instance id, made on the very first run.
 * @throws When the database has met a migration that is not known here.
 */
export async function migrate(site: Site, random: Random): Promise<string> {
  const { builder, run } = site
  if ((await missing(site).catch(unlessAway))?.length !== 0) {
    await site.locked(() => bringUp(site, random))
  }
  const [row] = await run(builder.selectFrom('instance').select('instanceId').compile())
  if (typeof row?.instanceId !== 'string') throw new Error('the database has lost its instance row')
  return row.instanceId
}

async function bringUp(site: Site, random: Random): Promise<void> {
  const { builder, dialect, run } = site
  const list = builder.schema.createTable('migrations').ifNotExists()
  await run(list.addColumn('name', 'text', (column) => column.primaryKey()).compile())

  const text = dialect === 'postgres' ? sql`text collate "C"` : sql`text`
  const fresh = {
    instanceId: random.bytes(16).toString('base64url'),
    revision: random.bytes(12).toString('base64url'),
  }
  // Asked again: another process may have been here while this one waited for the lock.
  for (const [name, migration] of await missing(site)) {
    for (const query of migration({ builder, text, fresh })) await run(query.compile())
    await run(sql`insert into migrations (name) values (${name})`.compile(builder))
  }
}

/** The migrations that have not been run, in order. */
async function missing({ builder, run }: Site): Promise<[string, Migration][]> {
  const rows = await run(sql`select name from migrations`.compile(builder))
  const done = new Set(rows.map(({ name }) => String(name)))
  const unknown = [...done].filter((name) => !Object.hasOwn(migrations, name))
  if (unknown.length > 0) {
    throw new NewerSchema(
      `This database was migrated by a newer Sallyport (${unknown.sort().join(', ')}). ` +
        'Run that version or a later one; this one leaves the database alone.',
    )
  }
  return Object.entries(migrations).filter(([name]) => !done.has(name))
}

/** The database belongs to a later version of this program. */
class NewerSchema extends Error {
  override readonly name = 'NewerSchema'
}

/** Before the first migration there is no list to read; whatever else is wrong shows under the lock. */
function unlessAway(error: unknown): undefined {
  if (error instanceof Unavailable || error instanceof NewerSchema) throw error
  return undefined
}
