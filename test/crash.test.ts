/**
 * `kill -9` during sign-ins, again and again, at random moments: whoever got an answer is signed in
 * after the restart, the database is sound, and every session has its one record.
 *
 * @module
 */
import { cpSync, readdirSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../scripts/free-port.ts'
import { freshPostgres } from './provision/postgres.ts'
import { browser } from './server/browser.ts'
import { emptyFolder, type ServerProcess, serve, unlimited } from './server/process.ts'

/** As many as one address may have hashed at a time. */
const people = 8

/** What became of the sign-ins of one round. */
interface Round {
  /** The jars of those who got an answer. */
  readonly answered: Map<string, string>[]
  /** Sign-ins that were sent and never answered. */
  unanswered: number
}

/** Signs in without a pause, eight at a time, until the server is killed at a random moment. */
async function killedDuringSignIns(server: ServerProcess): Promise<Round> {
  const round: Round = { answered: [], unanswered: 0 }
  // Some answers in, and then anywhere within the time of a sign-in or two.
  const after = people + 1 + Math.floor(Math.random() * 2 * people)
  const agent = new Agent({ keepAlive: true })
  async function keepSigningIn(): Promise<void> {
    for (;;) {
      const person = browser({ port: server.port, agent })
      const got = await person.logIn().catch(() => undefined)
      if (!got) {
        round.unanswered += 1
        return
      }
      // On a machine that is busy a hash may wait too long: nobody is let in, and nothing promised.
      if (got.json.code === 'busy') continue
      expect(got.status).toBe(200)
      round.answered.push(person.jar)
      if (round.answered.length === after)
        setTimeout(() => server.signal('SIGKILL'), Math.random() * 30)
    }
  }
  await Promise.all(Array.from({ length: people }, keepSigningIn))
  expect((await server.ended).signal).toBe('SIGKILL')
  agent.destroy()
  return round
}

/** Runs the rounds on one database; `look` is called while no server runs. */
async function campaign(
  rounds: number,
  env: Readonly<Record<string, string>>,
  look: (folder: string) => Promise<void>,
) {
  const place = { folder: emptyFolder(), port: await freePort() }
  // A kill leaves the guesses that were charged and not settled: they count, and are not the subject.
  const generous = { SALLYPORT_LOCKOUT_THRESHOLD: '100', SALLYPORT_LOCKOUT_PER_ADDRESS: '100000' }
  const given = {
    ...place,
    env: { ...unlimited, ...generous, ...env, SALLYPORT_SESSION_LIMIT: '0' },
  }
  let server = await serve(given)
  await browser(server).setUp(server.setupToken)
  const answered: Map<string, string>[] = []
  const hits: Round[] = []
  for (let at = 0; at < rounds; at++) {
    const round = await killedDuringSignIns(server)
    await look(place.folder)
    server = await serve(given)
    const stillIn = await Promise.all(round.answered.map((jar) => isIn(server, jar)))
    expect(stillIn).toEqual(round.answered.map(() => true))
    answered.push(...round.answered)
    hits.push(round)
  }
  expect(await Promise.all(answered.map((jar) => isIn(server, jar)))).not.toContain(false)
  // What the campaign is worth: every kill met sign-ins on their way, after others were answered.
  for (const { answered, unanswered } of hits) {
    expect(answered.length).toBeGreaterThan(people)
    expect(unanswered).toBe(people)
  }
  return { answered: answered.length, server }
}

async function isIn(server: ServerProcess, jar: ReadonlyMap<string, string>): Promise<boolean> {
  const person = browser(server)
  for (const [name, value] of jar) person.jar.set(name, value)
  return (await person.send('GET', '/auth/me')).status === 200
}

type Query = (statement: string) => Promise<Record<string, unknown>[]>

/** Sessions and records of their opening are one to one, and every chain runs to its head. */
async function expectOneRecordEach(query: Query, answered: number): Promise<void> {
  const [counts] = await query(`
    select (select count(*) from sessions) as sessions,
      (select count(*) from audit where type = 'auth.signed_in') as records,
      (select count(*) from audit a join sessions s on a.session = s.id
        where a.type = 'auth.signed_in') as pairs`)
  const [sessions, records, pairs] = Object.values(counts ?? {}).map(Number)
  expect([records, pairs]).toEqual([sessions, sessions])
  // The owner's first session, and at most the unanswered ones besides.
  expect(sessions).toBeGreaterThan(answered)
  const cut = await query(`
    select c.chain from audit_chains c left join audit a on a.chain = c.chain
    group by c.chain, c.seq, c.mac
    having count(a.seq) <> c.seq or max(a.seq) <> c.seq
      or max(case when a.seq = c.seq then a.mac end) <> c.mac`)
  expect(cut).toEqual([])
}

test('on SQLite', { timeout: 120_000 }, async () => {
  const { answered, server } = await campaign(12, {}, async (folder) => {
    // A copy is looked at, so that it is the server that recovers what the kill left.
    const copy = emptyFolder()
    cpSync(join(folder, 'data'), copy, { recursive: true })
    expect(readdirSync(copy)).toContain('sallyport.db-wal')
    const file = new DatabaseSync(join(copy, 'sallyport.db'))
    expect(file.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
    file.close()
  })
  await server.stop()
  const file = new DatabaseSync(join(server.folder, 'data', 'sallyport.db'))
  onTestFinished(() => file.close())
  expect(file.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  await expectOneRecordEach(async (statement) => file.prepare(statement).all(), answered)
})

test('on PostgreSQL, where only the server is killed', { timeout: 120_000 }, async () => {
  const url = await freshPostgres()
  const client = new pg.Client({ connectionString: url, options: '-c search_path=sallyport' })
  await client.connect()
  onTestFinished(() => client.end())
  const query: Query = async (statement) => (await client.query(statement)).rows

  const secret = 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q'
  const env = { SALLYPORT_DATABASE: url, SALLYPORT_SECRET: secret }
  const { answered } = await campaign(8, env, () => expectOneRecordEach(query, people))
  await expectOneRecordEach(query, answered)
})
