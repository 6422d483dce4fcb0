/**
 * A gate for tests: the whole of Sallyport over a real database, with a clock that is set by hand and
 * a second connection that reads what was kept.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { createSallyport, type Sallyport, type SallyportOptions } from '../../src/index.ts'
import { noLimits } from '../../src/testing/no-limits.ts'
import { freshPostgres } from '../provision/postgres.ts'
import { type DatabaseKind, databaseFor, nodesOn, watched } from './form.ts'
import { byTurns } from './turns.ts'
import { lasting, stateOf, witness } from './witness.ts'

export { noLimits } from '../../src/testing/no-limits.ts'
export { type DatabaseKind, databases } from './form.ts'

export const origin = 'https://app.example.test'
export const setupToken = 'a setup token that only this test knows'
export const secret = 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q'

export interface AuditLine {
  readonly type: string
  readonly actor: string
  readonly subject: string | null
  readonly session: string | null
  readonly outcome: string
  readonly reason: string | null
  readonly address: string | null
  readonly device: string | null
  readonly details: string | null
}

export interface TestGate {
  readonly gate: Sallyport
  /** The database setting it was opened with. */
  readonly database: string
  /** Another node over the same database, on the same clock. */
  another(options?: Partial<SallyportOptions>): Promise<Sallyport>
  /** What time it is for the gate. */
  now(): number
  /** Wall time moves only by this, in milliseconds. */
  pass(time: number): void
  /** Runs a statement on a connection of its own; whatever it changes is remembered nowhere. */
  query(statement: string): Promise<Record<string, unknown>[]>
  /** What was recorded since it was last asked. */
  recorded(): Promise<AuditLine[]>
  /** Everything that is kept but audit, to compare. */
  dump(): Promise<string>
}

/** Opens a gate on a fresh database, closed again when the test is over. */
export async function openTestGate(
  asked: DatabaseKind = 'sqlite',
  options: Partial<SallyportOptions> = {},
): Promise<TestGate> {
  const database = options.database ?? (await freshDatabase(databaseFor(asked)))
  const kind = database.startsWith('sqlite:') ? 'sqlite' : 'postgres'
  const watching = witness([options.secret ?? secret], options.onFault === undefined)
  let now = Date.UTC(2026, 0, 1, 12)
  const faults: unknown[] = []
  const another = async (more: Partial<SallyportOptions> = {}) => {
    const node = await createSallyport({
      publicOrigin: origin,
      database,
      secret,
      setupToken,
      clock: { now: () => now, elapsed: () => now },
      onFault: (fault) => faults.push(fault.error),
      // One session cookie for the whole life, unless a test is about refreshing.
      refresh: { enabled: false },
      // Nobody is counted, unless a test is about that. Guesses always are.
      limits: noLimits,
      ...options,
      ...more,
    })
    onTestFinished(() => node.close())
    return watched ? watching.watch(node) : node
  }
  const nodes = [await another()]
  while (nodes.length < nodesOn(kind)) nodes.push(await another())
  const gate = byTurns(nodes)
  onTestFinished(() => {
    if (faults.length > 0 && !options.onFault) throw faults[0]
  })

  const { query: reached, close } = await reach(database)
  onTestFinished(close)
  const query = heard(reached, kind)
  const seen = new Set<unknown>()
  watching.keep({ query: reached, state: () => stateOf(reached, kind) })
  const usual = options.publicOrigin === undefined && options.basePath === undefined
  const stranger = { address: '203.0.113.99' }
  const ask = (path: string, headers = {}) =>
    gate.handle(new Request(`${origin}/api/v1${path}`, { headers }), stranger)
  const asks = {
    next: async () => (await ask('/auth/setup')).status,
    metrics: (Cookie: string) => ask('/metrics', { Cookie }),
  }
  if (watched)
    onTestFinished(() => watching.close({ query: reached, told: faults, ...(usual ? asks : {}) }))
  return {
    gate,
    database,
    another,
    now: () => now,
    pass: (time) => {
      now += time
    },
    query,
    async recorded() {
      const rows = await query('select * from audit order by at, chain, seq')
      // Not by place: in one millisecond a second chain may sort before the first.
      const fresh = rows.filter(({ id }) => !seen.has(id))
      for (const { id } of fresh) seen.add(id)
      return fresh as unknown as AuditLine[]
    },
    async dump() {
      const rows: unknown[] = []
      for (const name of lasting) rows.push(await query(`select * from ${name} order by id`))
      return JSON.stringify(rows)
    },
  }
}

/** What is changed past the store is told to nobody: so that nodes do not rest on it, they begin anew. */
function heard(query: TestGate['query'], kind: DatabaseKind): TestGate['query'] {
  return async (statement) => {
    const rows = await query(statement)
    if (/^\s*(?:select|pragma|explain)/i.test(statement)) return rows
    await query('update feed set head = head + 1')
    if (kind === 'postgres') await query("select pg_notify('sallyport_feed', '')")
    const behind = 'select nodes.id from nodes, feed where nodes.applied < feed.head'
    const until = performance.now() + 2_000
    while ((await query(behind)).length > 0 && performance.now() < until) await pause(5)
    return rows
  }
}

/** An empty place for a database, named as an operator names it. */
export async function freshDatabase(kind: DatabaseKind): Promise<string> {
  if (kind === 'postgres') return freshPostgres()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return `sqlite:${join(folder, 'sallyport.db')}`
}

/** Reaches a database past its gates, until the test is over. */
export async function openQuery(database: string): Promise<TestGate['query']> {
  const { query, close } = await reach(database)
  onTestFinished(close)
  return query
}

/** Reaches a database past its gates. */
export async function reach(database: string): Promise<{
  query: TestGate['query']
  close(): Promise<void>
}> {
  if (!database.startsWith('sqlite:')) {
    const connected = async () => {
      const options = '-c search_path=sallyport'
      const client = new pg.Client({ connectionString: database, options })
      client.on('error', () => broken.add(client))
      await client.connect()
      return client
    }
    const broken = new Set<pg.Client>()
    let client = await connected()
    return {
      async query(statement) {
        // A test may throw everybody out of the database, this connection too.
        if (broken.has(client)) client = await connected()
        return (await client.query(statement)).rows
      },
      close: () => client.end(),
    }
  }
  const file = new DatabaseSync(database.slice('sqlite:'.length))
  return {
    query: async (statement) => file.prepare(statement).all(),
    close: async () => file.close(),
  }
}
