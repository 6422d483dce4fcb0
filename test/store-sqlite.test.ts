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
