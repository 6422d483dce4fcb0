/**
 * A server that is killed in the middle of its migrations: the next one finds all of them or none, and who
 * was signed in before still is.
 *
 * @module
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../scripts/free-port.ts'
import { reported } from './campaigns/report.ts'
import { freshPostgres } from './provision/postgres.ts'
import { type alterations, altered } from './server/altered.ts'
import { browser } from './server/browser.ts'
import { emptyFolder, serve, start, unlimited } from './server/process.ts'

/** The campaign kills before each statement, the suite before one in so many. */
const oneIn = process.env.CAMPAIGN === 'upgrade' ? 1 : 36

/** A place for servers, and a way to what they keep there. */
interface Place {
  readonly given: {
    readonly folder: string
    readonly port: number
    readonly env: Readonly<Record<string, string>>
  }
  query(statement: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  readonly tables: string
  /** All that the schema is made of. */
  readonly schema: string
  readonly parameter: (nth: number) => string
}

const secret = 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q'
const settings = { ...unlimited, SALLYPORT_SECRET: secret }

// Rows are carried over in whatever order their tables come.
const unordered = { enableForeignKeyConstraints: false }

async function inFile(): Promise<Place> {
  const folder = emptyFolder()
  return {
    given: { folder, port: await freePort(), env: settings },
    async query(statement, values = []) {
      const file = new DatabaseSync(join(folder, 'data', 'sallyport.db'), unordered)
      try {
        return file.prepare(statement).all(...(values as string[]))
      } finally {
        file.close()
      }
    },
    tables: `select name from sqlite_master where type = 'table' and name not like 'sqlite%'`,
    schema: 'select type, name, sql from sqlite_master order by type, name',
    parameter: () => '?',
  }
}

async function inPostgres(): Promise<Place> {
  const url = await freshPostgres()
  const options = '-c search_path=sallyport -c session_replication_role=replica'
  const client = new pg.Client({ connectionString: url, options })
  await client.connect()
  onTestFinished(() => client.end())
  const env = { ...settings, SALLYPORT_DATABASE: url }
  return {
    given: { folder: emptyFolder(), port: await freePort(), env },
    query: async (statement, values = []) => (await client.query(statement, [...values])).rows,
    tables: `select tablename as name from pg_tables where schemaname = 'sallyport'`,
    schema: `select table_name, column_name, data_type, is_nullable, column_default, collation_name
      from information_schema.columns where table_schema = 'sallyport' union all
      select indexname, indexdef, '', '', '', '' from pg_indexes where schemaname = 'sallyport'
      order by 1, 2`,
    parameter: (nth) => `$${nth}`,
  }
}

/** Puts what one place keeps into another whose schema is older: as much of it as that has room for. */
async function carryOver(from: Place, to: Place): Promise<void> {
  for (const { name } of await to.query(to.tables)) {
    if (name === 'migrations') continue
    await to.query(`delete from ${name}`)
    for (const { endings: _, ...row } of await from.query(`select * from ${name}`)) {
      const columns = Object.keys(row).map((column) => `"${column}"`)
      const places = columns.map((_, at) => to.parameter(at + 1))
      const into = `insert into ${name} (${columns.join()}) values (${places.join()})`
      await to.query(into, Object.values(row))
    }
  }
}

/** Starts a server that is killed before a statement. @returns Whether there was one to be killed before. */
async function killedAt(
  statement: number,
  { given }: Place,
  ...more: (keyof typeof alterations)[]
) {
  const env = { ...given.env, ...altered('is killed as it migrates', ...more) }
  const server = await start({ ...given, env: { ...env, KILLED_AT: String(statement) } })
  const listens = server.line(/^Listening/).then(
    () => true,
    () => false,
  )
  const outlived = await listens
  server.signal('SIGKILL')
  const { signal } = await server.ended
  expect(signal).toBe('SIGKILL')
  return !outlived
}

describe.each([
  ['SQLite', inFile],
  ['PostgreSQL', inPostgres],
] as const)('FAULT-11 on %s', (kind, place) => {
  test('killed as it migrates an empty database', { timeout: 300_000 }, async () => {
    const [whole, torn] = [await place(), await place()]
    await (await serve(whole.given)).stop()
    let kills = 0
    while (await killedAt(1 + kills * oneIn, torn)) kills += 1
    const server = await serve(torn.given)
    expect((await browser(server).setUp(server.setupToken)).status).toBe(201)
    await server.stop()
    expect(await torn.query(torn.schema)).toEqual(await whole.query(whole.schema))
    expect(kills).toBeGreaterThan(oneIn === 1 ? 40 : 1)
    reported(`an empty database, on ${kind}`, { counts: { kills }, violations: [] })
  })

  test('killed as it migrates one with people and sessions', { timeout: 300_000 }, async () => {
    const [whole, older] = [await place(), await place()]
    const before = await serve(whole.given)
    const ada = browser(before)
    await ada.setUp(before.setupToken)
    await before.stop()
    const past = await start({
      ...older.given,
      env: { ...older.given.env, ...altered('is a release older') },
    })
    await past.line(/^Listening/).catch(() => undefined)
    past.signal('SIGKILL')
    await past.ended
    await carryOver(whole, older)
    // The list of migrations, the two statements of the last, its name.
    let kills = 0
    while (await killedAt(kills + 1, older)) kills += 1
    expect(kills).toBe(4)
    // At the origin that its tokens were made for.
    const after = await serve({ ...older.given, port: whole.given.port })
    const still = browser(after)
    for (const [name, value] of ada.jar) still.jar.set(name, value)
    expect((await still.send('GET', '/auth/me')).status).toBe(200)
    expect((await browser(after).logIn()).status).toBe(200)
    await after.stop()
    expect(await older.query(older.schema)).toEqual(await whole.query(whole.schema))
    reported(`people and sessions, on ${kind}`, { counts: { kills }, violations: [] })
  })
})

test('FAULT-11: a migration that is kept piece by piece is found out', async () => {
  const torn = await inFile()
  expect(await killedAt(20, torn, 'migrates piece by piece')).toBe(true)
  const server = await start(torn.given)
  await expect(server.line(/^Listening/)).rejects.toThrow()
})
