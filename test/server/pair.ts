/**
 * Two servers, or more, over one database, and the browsers that reach them as if they were one.
 *
 * @module
 */
import { Agent } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { freePort } from '../../scripts/free-port.ts'
import { leaked } from '../gate/canary.ts'
import { watched } from '../gate/form.ts'
import { everything } from '../gate/witness.ts'
import { freshPostgres } from '../provision/postgres.ts'
import { type Browser, browser } from './browser.ts'
import { emptyFolder, type ServerProcess, serve, unlimited } from './process.ts'

export const places = {
  'one SQLite file': async () => ({}),
  'one PostgreSQL': async () => ({
    SALLYPORT_DATABASE: await freshPostgres(),
    SALLYPORT_SECRET: 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q',
  }),
} as const satisfies Record<string, () => Promise<Record<string, string>>>

export type Place = (typeof places)[keyof typeof places]
export type Jar = ReadonlyMap<string, string>

export interface Fleet {
  readonly nodes: readonly ServerProcess[]
  /** A browser with these cookies whose requests go to one of the nodes. */
  tab(node: number, jar?: Jar): Browser
  /** Starts a node again, on its port. */
  again(node: number, env?: Readonly<Record<string, string>>): Promise<void>
  /** Runs a statement past the servers. */
  query(statement: string): Promise<Record<string, unknown>[]>
}

export interface Pair extends Fleet {
  readonly nodes: readonly [ServerProcess, ServerProcess]
}

/** Starts two servers, without a limit of sessions. */
export const pair = async (place: Place, more: Readonly<Record<string, string>> = {}) =>
  // As many as were asked for.
  (await fleet(2, place, { SALLYPORT_SESSION_LIMIT: '0', ...more })) as Pair

/** Starts `count` servers. */
export async function fleet(
  count: number,
  place: Place,
  more: Readonly<Record<string, string>> = {},
): Promise<Fleet> {
  const folder = emptyFolder()
  const ports: number[] = []
  while (ports.length < count) ports.push(await freePort())
  const origin = `http://localhost:${ports[0]}`
  const env: Record<string, string> = {
    ...(await place()),
    SALLYPORT_PUBLIC_ORIGIN: origin,
    ...more,
  }
  const start = (port = 0, extra = {}) =>
    serve({ folder, port, env: { ...unlimited, ...env, ...extra } })
  const nodes = await Promise.all(ports.map((port) => start(port)))
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const database = env.SALLYPORT_DATABASE
  return {
    nodes,
    tab(node, jar) {
      const one = browser({ port: ports[node] ?? 0, origin, agent })
      for (const [name, value] of jar ?? []) one.jar.set(name, value)
      return one
    },
    async again(node, extra) {
      nodes[node] = await start(ports[node], extra)
    },
    query: database === undefined ? inFile(folder) : await inPostgres(database),
  }
}

function inFile(folder: string): Fleet['query'] {
  const file = new DatabaseSync(join(folder, 'data', 'sallyport.db'), { timeout: 5_000 })
  onTestFinished(() => file.close())
  return async (statement) => file.prepare(statement).all()
}

async function inPostgres(connectionString: string): Promise<Fleet['query']> {
  const client = new pg.Client({ connectionString, options: '-c search_path=sallyport' })
  await client.connect()
  onTestFinished(() => client.end())
  const query: Fleet['query'] = async (statement) => (await client.query(statement)).rows
  if (watched)
    onTestFinished(async () => {
      const found = leaked(await everything(query))
      if (found) throw new Error(`the database keeps ${found}`)
    })
  return query
}
