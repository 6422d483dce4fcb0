/**
 * What one deed costs in process, on both databases: refresh beside bare durable transactions of one statement,
 * sign-out, the list of one's own sessions, and a ticket for a socket.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { createSallyport } from '../src/index.ts'
import { noLimits } from '../src/testing/no-limits.ts'
import { reach } from '../test/gate/gate.ts'
import { startPostgres } from '../test/provision/postgres-server.ts'
import { browser, type Send } from './browser.ts'
import { password } from './claimed.ts'
import { median, shown, table } from './figures.ts'
import { type Reached, ratios, reached, type Told } from './told.ts'

const origin = 'https://app.example.test'
const setupToken = 'a set-up token that is for measuring alone'
/** People who do it at once. */
const many = 32

interface Deeds {
  readonly database: string
  readonly one: Readonly<Record<string, () => unknown>>
  readonly logOut: (times: number) => Promise<number>
  /** Few at a time: how many anybody may hold is bounded. */
  readonly tickets: (times: number) => Promise<number>
  close(): Promise<void>
}

export async function benchDeeds(rounds: number, seconds: number): Promise<Told> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const postgres = await startPostgres({ durable: true })
  try {
    const file = join(folder, 'sallyport.db')
    const all = [
      await opened('SQLite', `sqlite:${file}`, rawOnSqlite(join(folder, 'raw.db'))),
      await opened('PostgreSQL', await postgres.fresh(), await rawOnServer(await postgres.fresh())),
    ]
    const rows: string[][] = []
    const goals: Reached[] = []
    const values: Record<string, number> = {}
    for (const deeds of all) {
      const took = await measured(deeds, rounds, seconds)
      await deeds.close()
      const of = (name: string) => took.get(name) ?? []
      for (const [name, times] of took)
        rows.push([`${deeds.database}: ${name}`, shown(median(times))])
      const alone = ratios(of('a bare durable transaction'), of('refresh'))
      const what = `refreshes a second × bare transactions on ${deeds.database}`
      goals.push(reached({ goal: 'G8', what, least: 0.6, unit: '×' }, alone, median(alone)))
      if (deeds.database === 'SQLite') {
        const grouped = ratios(of('a bare durable transaction'), of(`refresh, ${many} at once`))
        const asked = {
          goal: 'G8',
          what: `the same, ${many} at once on SQLite`,
          least: 1,
          unit: '×',
        }
        goals.push(reached(asked, grouped, median(grouped)))
      }
      values[`refresh${deeds.database}`] = median(of(`refresh, ${many} at once`))
      values[`transaction${deeds.database}`] = median(of('a bare durable transaction'))
    }
    return {
      text: `In one process, limits off, ${rounds} interleaved rounds of ${seconds} s; what ${many} people do at once is told
for each of them. A bare durable transaction changes one row by one prepared statement.

${table(['deed', 'µs'], rows)}`,
      goals,
      values,
    }
  } finally {
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measured(deeds: Deeds, rounds: number, seconds: number) {
  const took = new Map<string, number[]>()
  const note = (name: string, value: number) => {
    took.set(name, [...(took.get(name) ?? []), value])
  }
  for (let n = 0; n <= rounds; n++) {
    const warming = n === 0
    for (const [name, deed] of Object.entries(deeds.one)) {
      const each = await timed(deed, seconds)
      if (!warming) note(name, name.includes('at once') ? each / many : each)
    }
    const out = await deeds.logOut(8)
    if (!warming) note('sign-out', out)
    const ticket = await deeds.tickets(8)
    if (!warming) note('ticket for a socket', ticket)
  }
  return took
}

/** @returns The mean of one in microseconds. */
async function timed(deed: () => unknown, seconds: number): Promise<number> {
  const began = performance.now()
  let done = 0
  for (; performance.now() < began + seconds * 1_000; done++) await deed()
  return ((performance.now() - began) * 1_000) / done
}

async function opened(
  name: string,
  database: string,
  raw: { readonly run: () => unknown; close(): unknown },
): Promise<Deeds> {
  const gate = await createSallyport({
    publicOrigin: origin,
    database,
    secret: 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q',
    setupToken,
    limits: noLimits,
    session: { accessLifetime: '2h', limit: 100 },
  })
  let visitors = 0
  const anyone = () => browser(gate, `10.0.${(++visitors >> 8) % 256}.${visitors % 256}`)
  const ada = anyone()
  await ada('POST', '/auth/setup', { setupToken, username: 'ada', password })
  const people = await more(database)
  const signedIn = await Promise.all(
    people.map(async (username) => {
      const send = anyone()
      await send('POST', '/auth/login', { username, password })
      return send
    }),
  )
  let turn = 0
  const next = (): Send => signedIn[turn++ % signedIn.length] ?? ada
  return {
    database: name,
    one: {
      'session check': () => next()('GET', '/auth/me'),
      'a bare durable transaction': raw.run,
      refresh: () => next()('POST', '/auth/refresh'),
      [`refresh, ${many} at once`]: () =>
        Promise.all(signedIn.map((send) => send('POST', '/auth/refresh'))),
      'own sessions': () => next()('GET', '/auth/sessions'),
    },
    async logOut(times) {
      const leaving: Send[] = []
      for (let n = 0; n < times; n++) {
        const send = anyone()
        await send('POST', '/auth/login', { username: people[n], password })
        leaving.push(send)
      }
      const began = performance.now()
      for (const send of leaving) await send('POST', '/auth/logout')
      return ((performance.now() - began) * 1_000) / times
    },
    async tickets(times) {
      const began = performance.now()
      for (let n = 0; n < times; n++) await next()('POST', '/auth/ws-ticket')
      return ((performance.now() - began) * 1_000) / times
    },
    async close() {
      await gate.close()
      await raw.close()
    },
  }
}

/** People beside the owner, with his password. @returns Their names. */
async function more(database: string): Promise<string[]> {
  const { query, close } = await reach(database)
  const [owner = {}] = await query('select * from users')
  const names = Array.from({ length: many }, (_, n) => `person${n}`)
  const columns = Object.keys(owner)
  for (const name of names) {
    const own: Record<string, string> = {
      id: `'${name.padEnd(22, 'x')}'`,
      username: `'${name}'`,
      role: `'member'`,
    }
    const quoted = columns.map((column) => `"${column}"`)
    await query(`insert into users (${quoted.join(', ')})
      select ${columns.map((column) => own[column] ?? `"${column}"`).join(', ')}
      from users where username = 'ada'`)
  }
  await close()
  return names
}

function rawOnSqlite(path: string) {
  const file = new DatabaseSync(path)
  file.exec(`pragma journal_mode = wal; pragma synchronous = full;
    create table t (id integer primary key, body text); insert into t values (1, '')`)
  const [begin, commit] = [file.prepare('begin immediate'), file.prepare('commit')]
  const change = file.prepare('update t set body = ? where id = 1')
  let n = 0
  return {
    run: () => {
      begin.run()
      change.run(`${n++}`.padStart(200, '0'))
      commit.run()
    },
    close: () => file.close(),
  }
}

async function rawOnServer(url: string) {
  const client = new Client({ connectionString: url })
  // The server is stopped at the end, also when a measurement fails.
  client.on('error', () => undefined)
  await client.connect()
  await client.query('create table t (id integer primary key, body text)')
  await client.query(`insert into t values (1, '')`)
  const text = 'update t set body = $1 where id = 1 returning id'
  let n = 0
  return {
    run: () => client.query({ name: 'raw', text, values: [`${n++}`.padStart(200, '0')] }),
    close: () => client.end(),
  }
}
