/**
 * What is SQLite's own: the file and who may read it, a writer in another process, a disk without
 * room, a file that is none.
 *
 * @module
 */
import { type ChildProcess, execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { type Store, Unavailable, user } from '../src/ports.ts'
import { event } from '../src/rules/audit.ts'
import { keep } from '../src/rules/step.ts'
import { refuseOld } from '../src/stores/sqlite.ts'
import { beneath, freshFolder, open, person, storeOn } from './store/bed.ts'
import { meeting, newTally, watched } from './store/race.ts'

const add = (store: Store, id: string) =>
  store.step({}, () => ({
    verdict: 'added',
    keep: [keep('users', person(id))],
    record: [event('auth.signed_in', 'success')],
  }))

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

test('the file, its log and a folder made for it are for their owner alone', async () => {
  const folder = join(freshFolder(), 'made', 'for it')
  const path = join(folder, 'auth.db')
  await add(storeOn(await open(`sqlite:${path}`)), 'ada')
  expect([modeOf(folder), modeOf(path), modeOf(`${path}-wal`)]).toEqual(['700', '600', '600'])
})

test('a folder that was there keeps its mode', async () => {
  const folder = freshFolder()
  const before = modeOf(folder)
  await open(`sqlite:${join(folder, 'auth.db')}`)
  expect(modeOf(folder)).toBe(before)
})

test('what was answered is on the disk: write-ahead log, full synchronisation, foreign keys', async () => {
  const database = await open('sqlite::memory:')
  const { sql } = await import('kysely')
  const asked = ['synchronous', 'foreign_keys', 'busy_timeout'].map((name) =>
    sql.raw(`pragma ${name}`).compile(database.builder),
  )
  const { rows } = await database.read(() => asked)
  expect(rows.flat()).toEqual([{ synchronous: 2 }, { foreign_keys: 1 }, { timeout: 0 }])

  const path = join(freshFolder(), 'auth.db')
  await open(`sqlite:${path}`)
  expect(await (await beneath(`sqlite:${path}`)).run('pragma journal_mode')).toEqual([
    { journal_mode: 'wal' },
  ])
})

test('a store in memory works and leaves nothing behind', async () => {
  const store = storeOn(await open('sqlite::memory:'))
  await add(store, 'ada')
  expect(await store.find(user('ada'))).toEqual(person('ada'))
  expect(existsSync(':memory:')).toBe(false)
})

/** A store, and another process that holds the writer lock of its file. */
async function locked() {
  const path = join(freshFolder(), 'auth.db')
  const store = storeOn(await open(`sqlite:${path}`))
  const holder: ChildProcess = fork(join(import.meta.dirname, 'store/holder.ts'), [path])
  onTestFinished(() => void holder.kill('SIGKILL'))
  await once(holder, 'message')
  const release = async () => {
    holder.send('release')
    await once(holder, 'exit')
  }
  return { store, release }
}

test('a writer elsewhere is waited for while the process goes on with other work', async () => {
  const { store, release } = await locked()
  let answered = false
  const adding = add(store, 'ada').finally(() => {
    answered = true
  })
  const until = performance.now() + 1_000
  let longest = 0
  for (let last = performance.now(); last < until; ) {
    await turn()
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  expect(answered).toBe(false)
  expect(longest).toBeLessThan(500)
  // Reading never waits for a writer.
  expect(await store.find(user('ada'))).toBeUndefined()
  await release()
  expect(await adding).toBe('added')
})

test('a writer elsewhere that stays is told as unavailable after three seconds, and no change', async () => {
  const { store, release } = await locked()
  const from = performance.now()
  await expect(add(store, 'ada')).rejects.toThrow(Unavailable)
  const waited = performance.now() - from
  expect(waited).toBeGreaterThan(2_990)
  expect(waited).toBeLessThan(4_500)
  await release()
  expect(await store.find(user('ada'))).toBeUndefined()
  expect(await add(store, 'ada')).toBe('added')
})

test('FAULT-03: a disk without room is unavailable, and what was answered is kept', async () => {
  const path = join(freshFolder(), 'auth.db')
  // The signal for it is ignored, as for a disk that is really full: the write itself fails.
  const limited = `trap '' XFSZ; ulimit -f 2000; exec "$0" "$@"`
  const filler = join(import.meta.dirname, 'store/filler.ts')
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    limited,
    process.execPath,
    filler,
    path,
  ])
  const { done, error } = JSON.parse(stdout)
  expect(error).toBe('Unavailable')
  expect(done).toBeGreaterThan(10)
  const tables = await beneath(`sqlite:${path}`)
  expect(await tables.run('select id from audit')).toHaveLength(done)
  expect(await tables.run('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
})

test('a file that is no database is unavailable', async () => {
  const path = join(freshFolder(), 'auth.db')
  writeFileSync(path, 'not a database, but long enough to be taken for one'.repeat(100))
  await expect(open(`sqlite:${path}`)).rejects.toThrow('the SQLite file is not a database')
})

test.each(['3.46.1', '3.51.2', '2.99.99'])('SQLite %s is refused', (version) => {
  expect(() => refuseOld(version)).toThrow('Take Node 24.15')
})

test.each(['3.51.3', '3.52.0', '4.0.0'])('SQLite %s is taken', (version) => {
  refuseOld(version)
})

test.each(['', 'sqlite:', 'mysql://x', 'auth.db'])('%j names no database', async (name) => {
  await expect(open(name)).rejects.toThrow('sqlite:<path> or postgres://')
})

/** Ten people in a file, and how far its log has grown. */
async function ten() {
  const path = join(freshFolder(), 'auth.db')
  const database = await open(`sqlite:${path}`)
  const store = storeOn(database)
  const names = Array.from({ length: 10 }, (_, n) => `user${n}`)
  for (const name of names) await add(store, name)
  const grown = async (work: () => Promise<unknown>) => {
    const before = statSync(`${path}-wal`).size
    await work()
    return statSync(`${path}-wal`).size - before
  }
  return { path, database, store, names, grown }
}

const rename = (store: Store, id: string, displayName: string) =>
  store.step({ one: user(id) }, ({ one }) => ({
    verdict: 'renamed',
    keep: one ? [keep('users', { ...one, displayName })] : [],
    record: [event('auth.signed_in', 'success')],
  }))

test('steps at once share a transaction: the log grows by a fraction, and each is answered', async () => {
  const { store, names, grown } = await ten()
  const apart = await grown(async () => {
    for (const name of names) await rename(store, name, 'apart')
  })
  const together = await grown(() =>
    Promise.all(names.map((name) => rename(store, name, 'together'))),
  )
  expect(together).toBeLessThan(apart / 3)
  const found = await Promise.all(names.map((name) => store.find(user(name))))
  expect(new Set(found.map((one) => one?.displayName))).toEqual(new Set(['together']))
})

test('one that has met a changed world, or breaks, undoes nobody who shares its transaction', async () => {
  const { path, database, store, names } = await ten()
  const tables = await beneath(`sqlite:${path}`)
  const tally = newTally()
  const all = meeting(3)
  const before = async () => {
    await all()
    if (tally.lost === 0) await tables.run(`update users set revision = 'other' where id = 'user3'`)
  }
  const raced = storeOn(watched(database, { tally, before }))
  // Both have written one person when the other turns out to be changed, or not to be kept.
  const pair = (ids: [string, string], displayName: string, role: string | null) =>
    raced.step({ one: user(ids[0]), other: user(ids[1]) }, ({ one, other }) => ({
      verdict: 'renamed',
      keep:
        one && other
          ? [
              keep('users', { ...one, displayName: `${one.displayName} ${displayName}` }),
              keep('users', { ...other, role: role as string }),
            ]
          : [],
      record: [event('auth.signed_in', 'success')],
    }))
  const done = await Promise.allSettled([
    rename(raced, 'user0', 'first'),
    pair(['user1', 'user3'], 'second', 'member'),
    pair(['user2', 'user4'], 'third', null),
  ])
  expect(done.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  expect([tally.together, tally.lost]).toEqual([3, 1])
  const kept = await Promise.all(names.slice(0, 3).map((name) => store.find(user(name))))
  expect(kept.map((one) => one?.displayName)).toEqual(['first', 'null second', null])
  // A record for each of the ten and for the two that are done, in one chain without a hole.
  expect(await tables.run('select count(*) as n, max(seq) as last from audit')).toEqual([
    { n: 12, last: 12 },
  ])
  expect(await tables.run('select seq from audit_chains')).toEqual([{ seq: 12 }])
})
