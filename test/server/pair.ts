/**
 * Two servers over one database, and the browsers of one person that reach them as if they were one.
 *
 * @module
 */
import { Agent } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { freshPostgres } from '../provision/postgres.ts'
import { type Browser, browser } from './browser.ts'
import { emptyFolder, freePort, type ServerProcess, serve, unlimited } from './process.ts'

export const places = {
  'one SQLite file': async () => ({}),
  'one PostgreSQL': async () => ({
    SALLYPORT_DATABASE: await freshPostgres(),
    SALLYPORT_SECRET: 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q',
  }),
} as const satisfies Record<string, () => Promise<Record<string, string>>>

export type Place = (typeof places)[keyof typeof places]
export type Jar = ReadonlyMap<string, string>

export interface Pair {
  readonly nodes: readonly [ServerProcess, ServerProcess]
  /** A browser with these cookies whose requests go to one of the nodes. */
  tab(node: 0 | 1, jar?: Jar): Browser
  /** Starts a node again, on its port. */
  again(node: 0 | 1, env?: Readonly<Record<string, string>>): Promise<void>
  /** Runs a statement past the servers. */
  query(statement: string): Promise<Record<string, unknown>[]>
}

/** Starts two servers, without a limit of sessions. */
export async function pair(
  place: Place,
  more: Readonly<Record<string, string>> = {},
): Promise<Pair> {
  const folder = emptyFolder()
  const [port, other] = [await freePort(), await freePort()]
  const origin = `http://localhost:${port}`
  const env: Record<string, string> = {
    ...(await place()),
    SALLYPORT_PUBLIC_ORIGIN: origin,
    SALLYPORT_SESSION_LIMIT: '0',
    ...more,
  }
  const start = (at: number, extra = {}) =>
    serve({ folder, port: at, env: { ...unlimited, ...env, ...extra } })
  const nodes = await Promise.all([start(port), start(other)])
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const database = env.SALLYPORT_DATABASE
  return {
    nodes,
    tab(node, jar) {
      const one = browser({ port: nodes[node].port, origin, agent })
      for (const [name, value] of jar ?? []) one.jar.set(name, value)
      return one
    },
    async again(node, extra) {
      nodes[node] = await start(nodes[node].port, extra)
    },
    query: database === undefined ? inFile(folder) : await inPostgres(database),
  }
}

function inFile(folder: string): Pair['query'] {
  const file = new DatabaseSync(join(folder, 'data', 'sallyport.db'), { timeout: 5_000 })
  onTestFinished(() => file.close())
  return async (statement) => file.prepare(statement).all()
}

async function inPostgres(connectionString: string): Promise<Pair['query']> {
  const client = new pg.Client({ connectionString, options: '-c search_path=sallyport' })
  await client.connect()
  onTestFinished(() => client.end())
  return async (statement) => (await client.query(statement)).rows
}
