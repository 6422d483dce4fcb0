/**
 * What the store costs: `find` and `step` beside the same rows read and written by hand with prepared
 * statements, on SQLite and on a PostgreSQL that waits for the disk. Rounds of both interleave.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { type Store, user } from '../src/ports.ts'
import { event } from '../src/rules/audit.ts'
import { keep } from '../src/rules/step.ts'
import { openDatabase } from '../src/stores/open.ts'
import { sqlStore } from '../src/stores/sql-store.ts'
import { startPostgres } from '../test/provision/postgres-server.ts'

export interface StoreFigure {
  readonly database: 'SQLite' | 'PostgreSQL'
  readonly deed: 'find' | 'step'
  /** Medians over all rounds, microseconds a deed. */
  readonly ours: number
  readonly byHand: number
  /** Median of the rounds' `byHand / ours`: 1 is as quick as by hand. */
  readonly ratio: number
}

type Deed = () => unknown

const random = { bytes: (length: number) => randomBytes(length) }
const clock = { now: () => Date.now(), elapsed: () => performance.now() }
const recorded = event('auth.signed_in', 'success', { actor: 'user:ada', subject: 'user:ada' })

/** One read, and one read with one change, one record and the chain's end, in one transaction. */
const texts = {
  read: 'select * from users where id = $1',
  change: 'update users set version = version + 1, revision = $1 where id = $2',
  record: `insert into audit (id, chain, seq, at, type, actor, subject, outcome, mac)
    values ($1, 'bench', $2, 0, 'auth.signed_in', 'user:ada', 'user:ada', 'success', 'mac')`,
  end: `update audit_chains set seq = $1, mac = 'mac' where chain = 'bench'`,
  chain: `insert into audit_chains (chain, seq, mac) values ('bench', 0, '')`,
}

/** Measures both databases. @param rounds Of each deed; a round takes about a third of a second. */
export async function storeFigures(rounds = 9): Promise<StoreFigure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const server = await startPostgres({ durable: true })
  try {
    const path = join(folder, 'auth.db')
    const lite = await storeAt(`sqlite:${path}`)
    const file = byHandOnSqlite(path)
    const url = await server.fresh()
    const far = await storeAt(url)
    const wire = await byHandOnPostgres(url)
    const figures = [
      await compare('SQLite', 'find', findBy(lite), file.find, rounds),
      await compare('SQLite', 'step', stepBy(lite), file.step, rounds),
      await compare('PostgreSQL', 'find', findBy(far), wire.find, rounds),
      await compare('PostgreSQL', 'step', stepBy(far), wire.step, rounds),
    ]
    await Promise.all([lite.close(), far.close(), file.close(), wire.close()])
    return figures
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true })
  }
}

async function storeAt(place: string): Promise<Store> {
  const database = await openDatabase(place, { clock, random })
  const auditKey = randomBytes(32)
  const store = sqlStore({ database, random, auditKey: () => auditKey })
  const ada = { id: 'ada', username: 'ada', displayName: 'Ada', role: 'member', scopes: '[]' }
  const blank = {
    temporaryUntil: null,
    deletedAt: null,
    endings: null,
    proofsVoidUntil: 0,
    passwordHash: null,
    lastLoginAt: null,
    disabledAt: null,
  }
  await store.step({}, (_, now) => ({
    verdict: 0,
    keep: [keep('users', { ...ada, ...blank, mustChangePassword: 0, version: 1, createdAt: now })],
  }))
  return store
}

const findBy = (store: Store) => () => store.find(user('ada'))

const stepBy = (store: Store) => () =>
  store.step({ ada: user('ada') }, ({ ada }) => ({
    verdict: 0,
    keep: ada ? [keep('users', { ...ada, version: ada.version + 1 })] : [],
    record: [recorded],
  }))

function byHandOnSqlite(path: string) {
  const file = new DatabaseSync(path)
  file.exec('pragma synchronous = full')
  file.exec(texts.chain)
  // A number after a dollar is a name to SQLite.
  const prepare = (text: string) => file.prepare(text.replaceAll('$', '?'))
  const read = prepare(texts.read)
  const begin = file.prepare('begin immediate')
  const change = prepare(texts.change)
  const record = prepare(texts.record)
  const end = prepare(texts.end)
  const commit = file.prepare('commit')
  let seq = 0
  return {
    find: () => read.get('ada'),
    step: () => {
      read.get('ada')
      begin.run()
      change.run(randomBytes(12).toString('base64url'), 'ada')
      record.run(randomBytes(16).toString('base64url'), ++seq)
      end.run(seq)
      commit.run()
    },
    close: () => file.close(),
  }
}

async function byHandOnPostgres(url: string) {
  const client = new Client({ connectionString: url, options: '-c search_path=sallyport' })
  // The server is stopped at the end, also when a measurement fails.
  client.on('error', () => undefined)
  await client.connect()
  await client.query(texts.chain)
  const ask = (name: keyof typeof texts, values: unknown[]) =>
    client.query({ name, text: texts[name], values })
  let seq = 0
  return {
    find: () => ask('read', ['ada']),
    step: async () => {
      await ask('read', ['ada'])
      await client.query('begin')
      await ask('change', [randomBytes(12).toString('base64url'), 'ada'])
      await ask('record', [randomBytes(16).toString('base64url'), ++seq])
      await ask('end', [seq])
      await client.query('commit')
    },
    close: () => client.end(),
  }
}

async function compare(
  database: StoreFigure['database'],
  deed: StoreFigure['deed'],
  ours: Deed,
  byHand: Deed,
  rounds: number,
): Promise<StoreFigure> {
  await round(ours)
  await round(byHand)
  const pairs: { ours: number; byHand: number }[] = []
  for (let n = 0; n < rounds; n++) {
    // Each goes first as often as the other.
    const first = n % 2 === 0 ? await round(ours) : undefined
    const hand = await round(byHand)
    pairs.push({ ours: first ?? (await round(ours)), byHand: hand })
  }
  return {
    database,
    deed,
    ours: median(pairs.map((pair) => pair.ours)),
    byHand: median(pairs.map((pair) => pair.byHand)),
    ratio: median(pairs.map((pair) => pair.byHand / pair.ours)),
  }
}

/** @returns The median of one deed in microseconds. */
async function round(deed: Deed): Promise<number> {
  const took: number[] = []
  const until = performance.now() + 300
  for (let from = performance.now(); from < until; ) {
    await deed()
    const now = performance.now()
    took.push((now - from) * 1_000)
    from = now
  }
  return median(took)
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
