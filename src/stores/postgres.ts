/**
 * PostgreSQL: a pool of connections. A read is one statement, so one snapshot and one round trip. So is a
 * commit that writes one record; any other is two, because its writes are sent together and then judged.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Pool, PoolClient } from 'pg'
import type { Clock, Random } from '../ports.ts'
import type { ChainHead } from '../rules/audit.ts'
import { type Instant, minute } from '../rules/time.ts'
import { builderFor, chainsOf, type Database, endOf, type Query, type Row } from './database.ts'
import { migrate } from './migrate.ts'
import { collided, told } from './postgres-errors.ts'
import { lineTo } from './postgres-line.ts'
import { poolFor, schema } from './postgres-pool.ts'
import { atOnce, atOneGo, naming, together } from './postgres-statements.ts'

/** Any number that is always the same: who migrates one of our databases holds it. */
const migrationLock = 5_127_331
/** And who writes a chain of the audit that others write as well, this. */
const chainLock = 5_127_332

const begin = 'begin isolation level read committed read write'

const isMissed: (met: number | null) => boolean = (count) => count !== 1

/**
 * Opens a pool and brings the schema up to date.
 *
 * @param given.clock For tests; without it `now` is the clock of the database.
 * @throws {Unavailable} When the server does not answer in time.
 */
export async function openPostgres(given: {
  readonly url: string
  readonly random: Random
  readonly clock?: Clock
  /** The chain of the audit to write, where it is not one of this process's own. */
  readonly chain?: string
}): Promise<Database> {
  const { url, random, clock, chain } = given
  const pool = await poolFor(url)
  const builder = builderFor('postgres')
  const chains = chainsOf(random)
  const named = naming()
  /** What the clock of the database said last, and when by our own. */
  let heard = { now: 0, at: 0 }

  const read: Database['read'] = async (ask) => {
    const queries = ask(sql<Instant>`(select now from clock)`)
    const { rows } = await told(pool.query(named(together(queries, clock?.now()))))
    const [answer] = rows as { now: string; rows: Row[][] }[]
    heard = { now: Number(answer?.now), at: performance.now() }
    return { now: heard.now, rows: answer?.rows ?? [] }
  }
  const now = () => clock?.now() ?? Math.round(heard.now + performance.now() - heard.at)

  /** Several processes may write the chain that has a name: one at a time, looking where it ends. */
  async function locked(client: PoolClient, chain: string): Promise<ChainHead> {
    await told(client.query(begin))
    await told(client.query('select pg_advisory_xact_lock($1)', [chainLock]))
    const { rows } = await told(client.query(named(endOf(builder, chain))))
    const [end] = rows as { seq: string; mac: string }[]
    return { chain, seq: Number(end?.seq ?? 0), mac: end?.mac ?? '' }
  }

  /** A statement in a transaction of its own, in one round trip. @returns How many rows it met. */
  async function alone(client: PoolClient, query: Query): Promise<number> {
    const answers = await atOneGo(client, [begin, named(query), 'commit'])
    const failed = answers.find((answer) => answer.status === 'rejected')
    if (failed) throw failed.reason
    const [, done] = answers
    return (done && 'value' in done && done.value.rowCount) || 0
  }

  async function attempt(client: PoolClient, build: Parameters<Database['commit']>[0]) {
    const held = chain === undefined ? chains.take() : await locked(client, chain)
    const { writes, head } = build(held)
    const single = chain === undefined && head === held ? atOnce(writes) : undefined
    if (single) {
      const met = await alone(client, single).catch((error) =>
        collided(error) ? 0 : told<never>(Promise.reject(error)),
      )
      chains.give(held)
      return !isMissed(met)
    }
    // Sent without waiting for each other. When one fails, those behind it fail too.
    const first = chain === undefined ? begin : 'select'
    const answers = await atOneGo(client, [first, ...writes.map(named)])
    const failed = answers.find((answer) => answer.status === 'rejected')
    if (failed && !collided(failed.reason)) await told(Promise.reject(failed.reason))

    const counts = answers
      .slice(1)
      .map((answer) => ('value' in answer ? answer.value.rowCount : null))
    const missed = failed ? 0 : counts.findIndex(isMissed)
    await told(client.query(missed === -1 ? 'commit' : 'rollback'))
    if (missed === -1) chains.give(head)
    // An end that is not where it was left is not built on again.
    else if (missed < writes.length - 1 || head === held) chains.give(held)
    return missed === -1
  }

  async function commit(build: Parameters<Database['commit']>[0]): Promise<boolean> {
    const client = await told(pool.connect())
    try {
      const done = await attempt(client, build)
      client.release()
      return done
    } catch (error) {
      // Whatever this connection is in the middle of, the server undoes when it goes.
      client.release(true)
      throw error
    }
  }

  async function write(query: Query): Promise<number> {
    const client = await told(pool.connect())
    try {
      const met = await alone(client, query)
      client.release()
      return met
    } catch (error) {
      client.release(true)
      return told<never>(Promise.reject(error))
    }
  }

  try {
    const instanceId = await prepare(pool, random)
    await read(() => [])
    const line: Database['line'] = (hint) => lineTo(url, hint)
    const close = () => pool.end()
    return { dialect: 'postgres', builder, instanceId, now, read, commit, write, line, close }
  } catch (error) {
    await pool.end()
    throw error
  }
}

/** Migrates over one connection. @returns The instance id. */
async function prepare(pool: Pool, random: Random): Promise<string> {
  const client = await told(pool.connect())
  const say = (text: string, values: unknown[] = []) => told(client.query(text, values))

  async function locked(work: () => Promise<void>): Promise<void> {
    await say(begin)
    await say(`set local statement_timeout = ${minute}`)
    await say(`set local lock_timeout = ${minute}`)
    await say('select pg_advisory_xact_lock($1)', [migrationLock])
    // Asked first: creating needs a right of its own, even for what is there.
    const { rowCount } = await say('select from pg_namespace where nspname = $1', [schema])
    if (rowCount === 0) await say(`create schema ${schema}`)
    await work()
    await say('commit')
  }

  try {
    const run = async (query: Query) => (await say(query.sql, [...query.parameters])).rows
    return await migrate(
      { dialect: 'postgres', builder: builderFor('postgres'), run, locked },
      random,
    )
  } finally {
    // Not used again: a transaction that failed goes with it.
    client.release(true)
  }
}
