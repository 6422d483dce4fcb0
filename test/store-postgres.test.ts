/**
 * What is PostgreSQL's own: its clock, the limits of a connection, and a server that goes away and
 * comes back while the program runs on.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { type Store, Unavailable, user } from '../src/ports.ts'
import { event } from '../src/rules/audit.ts'
import { keep } from '../src/rules/step.ts'
import { openDatabase } from '../src/stores/open.ts'
import { freshPostgres } from './provision/postgres.ts'
import { beneath, open, person, random, settable, storeOn } from './store/bed.ts'
import { atOnce, meeting, newTally, watched } from './store/race.ts'
import { wireTo } from './store/wire-cutter.ts'

const add = (store: Store, id: string) =>
  store.step({}, () => ({
    verdict: 'added',
    keep: [keep('users', person(id))],
    record: [event('auth.signed_in', 'success')],
  }))

const rename = (store: Store, displayName: string) =>
  store.step({ ada: user('ada') }, ({ ada }) => ({
    verdict: 'renamed',
    keep: ada ? [keep('users', { ...ada, displayName })] : [],
    record: [event('auth.signed_in', 'success')],
  }))

async function timed(work: Promise<unknown>): Promise<{ error: unknown; took: number }> {
  const from = performance.now()
  const error = await work.then(
    () => undefined,
    (thrown) => thrown,
  )
  return { error, took: performance.now() - from }
}

test('now is the clock of the database, not of the node', async () => {
  const place = await freshPostgres()
  const clock = settable(0)
  const database = await openDatabase(place, { clock, random })
  onTestFinished(() => database.close())
  const tables = await beneath(place)
  const wall = async () => {
    const [row] = await tables.run('select extract(epoch from clock_timestamp()) * 1000 as now')
    return Number(row?.now)
  }
  const before = await wall()
  const now = await storeOn(database).step({}, (_, now) => ({ verdict: now }))
  expect(now).toBeGreaterThanOrEqual(Math.floor(before))
  expect(now).toBeLessThanOrEqual(await wall())
  expect(Number.isInteger(now)).toBe(true)
})

test('every connection has its limits, whatever the URL says', async () => {
  const place = await freshPostgres()
  const database = await open(`${place}?application_name=other&options=-csearch_path%3Dpublic`)
  const names = [
    'search_path',
    'synchronous_commit',
    'statement_timeout',
    'lock_timeout',
    'idle_in_transaction_session_timeout',
  ]
  const { rows } = await database.read(() =>
    names.map((name) => sql`select current_setting(${name}) as is`.compile(database.builder)),
  )
  expect(rows.flat().map((row) => row.is)).toEqual(['sallyport', 'on', '3s', '2s', '10s'])
})

test('an application may have tables of our names in the same database', async () => {
  const place = await freshPostgres()
  const tables = await beneath(place)
  await tables.run('create table public.users (theirs int)')
  await add(storeOn(await open(place)), 'ada')
  expect(await tables.run('select theirs from public.users')).toEqual([])
  expect(await tables.run('select id from sallyport.users')).toEqual([{ id: 'ada' }])
})

test('a node may run with rights to the rows only, once the schema is there', async () => {
  const place = await freshPostgres()
  await open(place)
  const tables = await beneath(place)
  const role = `node_${randomBytes(6).toString('hex')}`
  await tables.run(`create role ${role} login password 'p'`)
  onTestFinished(async () => {
    await tables.run(`drop owned by ${role}`)
    await tables.run(`drop role ${role}`)
  })
  await tables.run(`grant usage on schema sallyport to ${role}`)
  await tables.run(
    `grant select, insert, update, delete on all tables in schema sallyport to ${role}`,
  )
  await tables.run(`revoke update, delete on audit from ${role}`)
  const restricted = new URL(place)
  restricted.username = role
  restricted.password = 'p'
  const database = await openDatabase(restricted.href, { clock: settable(), random })
  expect(await add(storeOn(database), 'ada')).toBe('added')
  await database.close()
})

test('a server that cannot be reached is told at once, and used again when it is back', async () => {
  const wire = await wireTo(await freshPostgres())
  const store = storeOn(await open(wire.place))
  await add(store, 'ada')

  await wire.cut()
  for (const attempt of [() => store.ping(), () => add(store, 'bob'), () => store.ping()]) {
    const { error, took } = await timed(attempt())
    expect(error).toBeInstanceOf(Unavailable)
    expect(took).toBeLessThan(1_000)
  }
  await wire.mend()
  expect(await store.find(user('ada'))).toEqual(person('ada'))
  expect(await store.find(user('bob'))).toBeUndefined()
  expect(await add(store, 'bob')).toBe('added')
})

test('FAULT-05: a server that says nothing any more is told in seconds, and used again when it speaks', async () => {
  const wire = await wireTo(await freshPostgres())
  const store = storeOn(await open(wire.place))
  await add(store, 'ada')

  wire.hush()
  // One takes the open connection, the others wait for new ones; more wait than there are places.
  const asked = await atOnce(25, (n) => timed(n % 2 ? store.ping() : add(store, `user${n}`)))
  for (const { error, took } of asked) {
    expect(error).toBeInstanceOf(Unavailable)
    expect(took).toBeLessThan(6_500)
  }
  await wire.mend()
  expect(await add(store, 'bob')).toBe('added')
})

test('a server that does not answer at the start is told as unavailable', async () => {
  const wire = await wireTo(await freshPostgres())
  await wire.cut()
  await expect(open(wire.place)).rejects.toThrow(Unavailable)
})

test('FAULT-06: a connection that breaks in the middle of a commit costs one answer and no chain', async () => {
  const place = await freshPostgres()
  const store = storeOn(await open(place))
  await add(store, 'ada')
  const stranger = await beneath(place)
  const tables = await beneath(place)
  await stranger.run('begin')
  await stranger.run(`select * from users where id = 'ada' for update`)
  const changing = timed(rename(store, 'Ada'))
  const waiting = `select pid from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`
  while ((await tables.run(waiting)).length === 0) await turn()
  await tables.run(`select pg_terminate_backend(pid) from (${waiting}) as blocked`)
  expect((await changing).error).toBeInstanceOf(Unavailable)
  await stranger.run('rollback')

  expect(await rename(store, 'Ada again')).toBe('renamed')
  const ends = await tables.run('select seq from audit_chains order by seq')
  // The chain in use when it broke is never built on again, for nobody could tell how it ended.
  expect(ends.map(({ seq }) => Number(seq))).toEqual([1, 1])
})

test('a record locked by a stranger is waited for, then told as unavailable', async () => {
  const place = await freshPostgres()
  const store = storeOn(await open(place))
  await add(store, 'ada')
  const stranger = await beneath(place)
  await stranger.run('begin')
  await stranger.run(`select * from users where id = 'ada' for update`)
  const { error, took } = await timed(rename(store, 'Ada'))
  expect(error).toBeInstanceOf(Unavailable)
  expect(took).toBeGreaterThan(2_000)
  expect(took).toBeLessThan(8_000)
  await stranger.run('rollback')
  expect(await store.find(user('ada'))).toEqual(person('ada'))
})

test('FAULT-06: steps that touch the same records in opposite order never deadlock', async () => {
  const place = await freshPostgres()
  const tally = newTally()
  let meet = meeting(1)
  const [first, second] = (await atOnce(2, () => open(place))).map((node) =>
    storeOn(watched(node, { tally, before: () => meet() })),
  ) as [Store, Store]
  await add(first, 'a')
  await add(first, 'b')
  const both = (store: Store, one: string, two: string) =>
    store.step({ one: user(one), two: user(two) }, ({ one, two }) => ({
      verdict: 0,
      keep: one && two ? [keep('users', one), keep('users', two)] : [],
    }))
  for (let round = 0; round < 20; round++) {
    meet = meeting(2)
    await Promise.all([both(first, 'a', 'b'), both(second, 'b', 'a')])
  }
  const tables = await beneath(place)
  const [row] = await tables.run(
    'select deadlocks from pg_stat_database where datname = current_database()',
  )
  expect(Number(row?.deadlocks)).toBe(0)
  // Both had read before either wrote, in every round: one of them lost.
  expect([tally.together, tally.lost]).toEqual([2, 20])
})

test('without the package pg SQLite works and PostgreSQL says what to install', async () => {
  const alone = join(import.meta.dirname, 'store/without-pg.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [alone])
  expect(stdout).toBe('PostgreSQL needs the package `pg`: npm install pg')
})
