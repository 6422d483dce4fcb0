/**
 * SQLite: one file, written by this process alone or by several. Reading and committing are
 * synchronous, so nothing of this process comes between; a writer elsewhere is waited for.
 *
 * @module
 */
import { accessSync, closeSync, constants, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { type Clock, type Random, Unavailable } from '../ports.ts'
import { minute, second } from '../rules/time.ts'
import { company, type Outcome } from './company.ts'
import {
  builderFor,
  type Chains,
  chainsOf,
  type Database,
  endOf,
  type Query,
  type Row,
} from './database.ts'
import { migrate } from './migrate.ts'
import { collided, patiently } from './sqlite-errors.ts'
import { type Place, placeOf } from './sqlite-place.ts'
import { preparing } from './sqlite-statements.ts'

/** The writes of a step, onto the end of a chain. */
type Build = Parameters<Database['commit']>[0]

/** How long a writer elsewhere is waited for. */
const patience = 3 * second

/**
 * Opens the file at `path` (or `:memory:`) and brings its schema up to date. The file, and its
 * folder where it is missing, are made for their owner alone.
 *
 * @throws {Unavailable} When the file cannot be opened or stays busy.
 */
export async function openSqlite(given: {
  readonly path: string
  readonly clock: Clock
  readonly random: Random
  /** The chain of the audit to write, where it is not one of this process's own. */
  readonly chain?: string
}): Promise<Database> {
  const { clock, random } = given
  const connection = await patiently(patience, () => connect(given.path))
  const builder = builderFor('sqlite')
  const { chain } = given
  // Several processes may write the chain that has a name: each looks where it ends.
  const chains: Chains =
    chain === undefined
      ? chainsOf(random)
      : {
          take: () => (all(endOf(builder, chain))[0] as never) ?? { chain, seq: 0, mac: '' },
          give() {},
        }
  const prepared = preparing(connection)
  let place: Place | undefined

  const all = ({ sql: text, parameters }: Query): Row[] => prepared(text).all(parameters)

  /**
   * Ends a transaction that is open, whatever left it so: what is read in it would be as it was when
   * that began, and what is written would never be kept.
   */
  function leave(): void {
    if (connection.isTransaction) connection.exec('rollback')
  }

  /** What was written counts where it can be found again. */
  function kept(): void {
    place?.glance()
    place?.require()
  }

  const met = ({ sql: text, parameters }: Query): number => prepared(text).met(parameters)

  function read(ask: Parameters<Database['read']>[0]) {
    const now = clock.now()
    const queries = ask(sql.val(now))
    place?.require()
    leave()
    if (queries.length === 1) return { now, rows: queries.map(all) }
    prepared('begin').run()
    try {
      return { now, rows: queries.map(all) }
    } finally {
      // Not by a statement of those above: what has failed for them need not fail for this.
      leave()
    }
  }

  /** Commits steps together; each that misses something is undone alone. */
  function commit(builds: readonly Build[]): readonly Outcome[] {
    place?.require()
    leave()
    prepared('begin immediate').run()
    let end = chains.take()
    function one(build: Build): Outcome {
      prepared('savepoint one').run()
      const undone = () => {
        prepared('rollback to one').run()
        prepared('release one').run()
      }
      try {
        const { writes, head } = build(end)
        const missed = writes.findIndex((write) => met(write) !== 1)
        if (missed === -1) {
          prepared('release one').run()
          end = head
          return { done: true }
        }
        undone()
        // An end that is not where it was left is not built on again.
        if (missed === writes.length - 1 && head !== end) end = chains.take()
        return { done: false }
      } catch (error) {
        // Some errors end the whole transaction.
        if (!connection.isTransaction) throw error
        undone()
        return collided(error) ? { done: false } : { error }
      }
    }
    try {
      const outcomes = builds.map(one)
      const any = outcomes.some((outcome) => 'done' in outcome && outcome.done)
      prepared(any ? 'commit' : 'rollback').run()
      chains.give(end)
      kept()
      return outcomes
    } catch (error) {
      leave()
      throw error
    }
  }
  const together = company(patience, commit)

  async function locked(work: () => Promise<void>): Promise<void> {
    await patiently(minute, () => connection.exec('begin immediate'))
    try {
      await work()
      connection.exec('commit')
    } catch (error) {
      leave()
      throw error
    }
  }

  /** A statement in a transaction of its own. @returns How many rows it met. */
  function alone(query: Query): number {
    place?.require()
    leave()
    const count = met(query)
    kept()
    return count
  }

  const run = (query: Query) => patiently(patience, () => all(query))
  try {
    const instanceId = await migrate({ dialect: 'sqlite', builder, run, locked }, random)
    place = placeOf(given.path, connection)
    const { look } = place
    return {
      dialect: 'sqlite',
      now: () => clock.now(),
      builder,
      instanceId,
      read: (ask) => patiently(patience, () => read(ask)),
      commit: (build) => together.commit(build),
      write: (query) => patiently(patience, () => alone(query)),
      line: (hint) => {
        const stop = noticing(connection, hint, look)
        return {
          read: async (queries) => (await patiently(patience, () => read(() => queries))).rows,
          write: (query) => patiently(patience, () => alone(query)),
          close: async () => stop(),
        }
      },
      async close() {
        together.hurry()
        connection.close()
      },
    }
  } catch (error) {
    connection.close()
    throw error
  }
}

/** How often it is looked whether another connection has written: a few microseconds each time. */
const noticeEvery = second / 50

/**
 * Calls `hint` when another connection has written, and `always` each time it looks. @returns Stops that.
 */
function noticing(connection: DatabaseSync, hint: () => void, always: () => void): () => void {
  const statement = connection.prepare('pragma data_version')
  let seen = statement.get()?.data_version
  const look = () => {
    always()
    try {
      const now = statement.get()?.data_version
      if (now === seen) return
      seen = now
    } catch {
      // Whoever reads next finds out why.
    }
    hint()
  }
  const timer = setInterval(look, noticeEvery).unref()
  return () => clearInterval(timer)
}

function connect(path: string): DatabaseSync {
  if (path !== ':memory:') makePrivately(path)
  // The program never sleeps inside SQLite: it is the main thread that would stand still.
  const connection = new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: true })
  try {
    const { version } = connection.prepare('select sqlite_version() as version').get() ?? {}
    refuseOld(String(version))
    connection.exec('pragma journal_mode = wal')
    connection.exec('pragma synchronous = full')
    // KiB. Pages stay at hand that SQLite's own 2 MiB would read again; a small file takes what it has.
    connection.exec('pragma cache_size = -262144')
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

/**
 * Makes the file with mode 0600 before SQLite does. Its log and index take the mode of the file.
 * An existing file is not opened here: closing it would drop the locks SQLite holds on it.
 */
function makePrivately(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    refuseClosed(path)
  }
}

/** SQLite would make a log that nobody may write either, and that outlasts what was wrong. */
function refuseClosed(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
  } catch (cause) {
    throw new Unavailable('the SQLite file may not be read and written', { cause })
  }
}

/** SQLite before 3.51.3 may corrupt a write-ahead log that several processes write. */
export function refuseOld(version: string): void {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  if (major * 1e6 + minor * 1e3 + patch >= 3_051_003) return
  throw new Error(
    `This Node brings SQLite ${version}, which can damage a database in use by two processes. ` +
      'Take Node 24.15 or later, or 22.23 or later in the 22 line.',
  )
}
