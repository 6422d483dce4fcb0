/**
 * The connections to PostgreSQL. The only file that loads `pg`, and only when PostgreSQL is used.
 *
 * @module
 */
import type { Client, Pool } from 'pg'
import { type Millis, second } from '../rules/time.ts'

/** Our tables stand in a schema of their own: an application may share its database with us. */
export const schema = 'sallyport'

/** What holds for every connection, whatever the URL or the server's configuration says. */
const settings = {
  search_path: schema,
  synchronous_commit: 'on',
  statement_timeout: String(3 * second),
  lock_timeout: String(2 * second),
  idle_in_transaction_session_timeout: String(10 * second),
}

/**
 * Of a connection of the pool: it only reads, unless a transaction says that it writes. What is sent
 * behind a `begin` that has failed is refused then, and not kept statement by statement.
 */
const pooled = { ...settings, default_transaction_read_only: 'on' }

/** @throws When `pg` is not installed. */
const driver = async () => {
  const { default: pg } = await import('pg').catch((cause) => {
    throw new Error('PostgreSQL needs the package `pg`: npm install pg', { cause })
  })
  return pg
}

/** @throws When `pg` is not installed. */
export async function poolFor(url: string): Promise<Pool> {
  const pg = await driver()
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'sallyport',
    max: 10,
    // Waiting for a place in the pool, or for a connection, is bounded; so is an answer that never
    // comes, a little later than the server itself would have given up.
    connectionTimeoutMillis: 2 * second,
    query_timeout: 5 * second,
    idleTimeoutMillis: 30 * second,
    keepAlive: true,
    pipeline: true,
    verify: (client, done) => {
      // Without a listener a connection that breaks in use would end the whole program. Its queries
      // fail, and that is where it is told.
      client.on('error', () => undefined)
      setUp(client, pooled).then(() => done(), done)
    },
  })
  // One that breaks while nobody uses it is replaced when the next one is asked for.
  pool.on('error', () => undefined)
  return pool
}

/**
 * Connects once, outside of the pool. What is asked over it must be answered within `patience`.
 *
 * @param onLost Called when the connection is gone.
 */
export async function connectionFor(
  url: string,
  patience: Millis,
  onLost: () => void,
): Promise<Client> {
  const pg = await driver()
  const client = new pg.Client({
    connectionString: url,
    application_name: 'sallyport node',
    connectionTimeoutMillis: patience,
    query_timeout: patience,
    keepAlive: true,
    pipeline: true,
  })
  client.on('error', onLost)
  client.on('end', onLost)
  await client.connect()
  await setUp(client, settings)
  // It waits for others, and nobody waits for it: a program may end with it open. Its types lack this.
  ;(client as Client & { unref(): void }).unref()
  return client
}

async function setUp(client: Pick<Client, 'query'>, to: Record<string, string>): Promise<void> {
  const calls = Object.keys(to).map((_, n) => `set_config($${2 * n + 1}, $${2 * n + 2}, false)`)
  await client.query(`select ${calls.join(', ')}`, Object.entries(to).flat())
}
