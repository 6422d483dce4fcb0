/**
 * Growth: the same deeds on ten thousand browsers while around them there are a thousand, a hundred
 * thousand and a million sessions and people, on SQLite and on a PostgreSQL that waits for the disk. The gate runs
 * in this process and hashes at once, so that what is left of a sign-in is what could grow.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as immediately } from 'node:timers/promises'
import { session } from '../src/ports.ts'
import { keep } from '../src/rules/step.ts'
import { openDatabase } from '../src/stores/open.ts'
import { sqlStore } from '../src/stores/sql-store.ts'
import { noLimits, origin, reach, secret, setupToken } from '../test/gate/gate.ts'
import { alteredIndex } from '../test/machine/altering.ts'
import { startPostgres } from '../test/provision/postgres-server.ts'
import { browser, type Send } from './browser.ts'
import { password } from './claimed.ts'
import { median, shown, table } from './figures.ts'
import { reached, type Told } from './told.ts'

/** Sessions that stand of whoever has any, as many as the limit allows; as many more have idled out. */
const each = 5
/** One in so many people has sessions: there are as many people as sessions. */
const oneIn = 2 * each
/** Browsers that are signed in, or one of every other person where there are fewer. */
const hottest = 10_000

const deeds = [
  'session check',
  'refresh',
  'refresh, 16 at once',
  'sign-in, without the hash',
  'own sessions',
  'everybody’s sessions, first page',
  'a row read by key, any of all',
  'bare step',
] as const
type Deed = (typeof deeds)[number]

/** One database of one size, ready to be asked. */
interface Grown {
  readonly size: number
  readonly deeds: Readonly<Record<Deed, () => Promise<unknown>>>
  /** Has every browser remembered: a node forgets all while it hears of nobody, as when others are filled. */
  warm(): Promise<void>
  close(): Promise<void>
}

/** What of a deed a round did: microseconds each. */
type Took = Map<Deed, number[]>

/** By how much each may grow. */
const asked: readonly (readonly [Deed, number])[] = [
  ['session check', 1.05],
  ['refresh', 1.2],
  ['sign-in, without the hash', 1.2],
  ['own sessions', 1.2],
]

const files = 'SQLite'
const server = 'PostgreSQL'

export const benchGrowthOnFiles = async (sizes: readonly number[], rounds: number) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-growth-'))
  const place = async (size: number) => `sqlite:${join(folder, `${size}.db`)}`
  try {
    return told(files, sizes, rounds, await measured(sizes, rounds, place))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const benchGrowthOnServer = async (sizes: readonly number[], rounds: number) => {
  const { fresh, stop } = await startPostgres({ durable: true })
  try {
    return told(server, sizes, rounds, await measured(sizes, rounds, fresh))
  } finally {
    await stop()
  }
}

function told(
  database: string,
  sizes: readonly number[],
  rounds: number,
  all: readonly Took[],
): Told {
  const ratios = all.map((took) => middle(took, 'bare step') / middle(took, 'refresh'))
  // As many browsers are hot from here on.
  const from = sizes.findIndex((size) => size >= 2 * hottest)
  const base = all[from]
  const goals = asked.map(([deed, most]) => {
    const grown = all.slice(from).map((took) => middle(took, deed) / middle(base, deed))
    const what = `${deed} × with ${sizes[from]?.toLocaleString('en')} sessions, ${database}`
    return reached({ goal: 'G9', what, most, unit: '×' }, grown, grown.at(-1) ?? Number.NaN)
  })
  const text = `The gate in one process, one call at a time, as many people as sessions; one in ${oneIn} has ${each} sessions that
stand and ${each} that have idled out. They were put there by SQL, under random ids. ${hottest.toLocaleString('en')} browsers sign in and
ask by turns, or one of every other person where there are fewer. Medians of ${rounds}
interleaved rounds of 0.3 s; in brackets the ratio to the first with as many browsers. The hash is left out of the sign-in, which
evicts the oldest session each time. A bare step reads one session, changes it and records nothing, as a
refresh does.

${tableOf(database, sizes, all, base)}
Refreshes a second as a ratio to bare steps: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}.
`
  return { text, goals }
}

const middle = (took: Took | undefined, deed: Deed): number => median(took?.get(deed) ?? [])

function tableOf(
  database: string,
  sizes: readonly number[],
  all: readonly Took[],
  base: Took | undefined,
): string {
  const head = [`${database}, µs`, ...sizes.map((size) => size.toLocaleString('en'))]
  const rows = deeds.map((deed) => [
    deed,
    ...all.map((took) => {
      const time = middle(took, deed)
      return `${shown(time)} (${(time / middle(base, deed)).toFixed(2)})`
    }),
  ])
  return table(head, rows)
}

/** @param rounds Of each deed on each size; a round takes a third of a second. */
async function measured(
  sizes: readonly number[],
  rounds: number,
  place: (size: number) => Promise<string>,
): Promise<Took[]> {
  const all: Grown[] = []
  for (const size of sizes) all.push(await grown(await place(size), size))
  const took = all.map((): Took => new Map(deeds.map((deed) => [deed, []])))
  for (const deed of deeds) {
    for (const one of all) {
      await one.warm()
      await round(one.deeds[deed])
    }
    for (let n = 0; n < rounds; n++)
      // Each size goes first as often as the others.
      for (let k = 0; k < all.length; k++) {
        const at = (n + k) % all.length
        const one = all[at]
        if (one) took[at]?.get(deed)?.push(await round(one.deeds[deed]))
      }
  }
  for (const one of all) await one.close()
  return took
}

/** @returns The median of one deed in microseconds. */
async function round(deed: () => Promise<unknown>): Promise<number> {
  const took: number[] = []
  const breathe = breathing()
  const until = performance.now() + 300
  for (let from = performance.now(); from < until; ) {
    await deed()
    took.push((performance.now() - from) * 1_000)
    await breathe()
    from = performance.now()
  }
  return median(took)
}

/** What a node does by the clock, such as hearing of the others, is to have its turn as in a server. */
function breathing(): () => Promise<void> | undefined {
  let last = performance.now()
  return () => {
    if (performance.now() - last < 5) return undefined
    return immediately().then(() => {
      last = performance.now()
    })
  }
}

async function grown(database: string, size: number): Promise<Grown> {
  const { createSallyport } = await alteredIndex()
  const gate = await createSallyport({
    publicOrigin: origin,
    database,
    secret,
    setupToken,
    limits: noLimits,
    // Filling takes a while.
    session: { limit: each, accessLifetime: '2h', privilegedIdle: '2h' },
  })
  let browsers = 0
  const anyone = () =>
    browser(gate, `10.${(browsers >> 16) % 256}.${(browsers >> 8) % 256}.${browsers++ % 256}`)
  const ada = anyone()
  await ada('POST', '/auth/setup', { setupToken, username: 'ada', password })
  const { query, close } = await reach(database)
  await fill(query, database, size)
  const people = await query(
    `select username from users where username <> 'ada' order by id limit ${2 * Math.min(hottest, size / 2)}`,
  )
  // Whoever signs in while that is measured ends no session of theirs.
  const signingIn = people.splice(people.length / 2)
  const signedIn: Send[] = []
  for (const { username } of people) {
    const send = anyone()
    await send('POST', '/auth/login', { username, password })
    signedIn.push(send)
  }
  const ids = (await query('select id from sessions')).map(({ id }) => String(id))
  const random = { bytes: (length: number) => randomBytes(length) }
  const clock = { now: () => Date.now(), elapsed: () => performance.now() }
  const auditKey = randomBytes(32)
  const store = sqlStore({
    database: await openDatabase(database, { clock, random }),
    random,
    auditKey: () => auditKey,
  })
  const next = turns(signedIn)
  const any = () => ids[Math.floor(Math.random() * ids.length)] ?? ''
  const refresh = () => next()('POST', '/auth/refresh')
  // Nobody's who is remembered: a node that remembers would be asked to drop it.
  const [idled] = await query(`select id from sessions order by "idleUntil" limit 1`)
  const spare = String(idled?.id)
  return {
    size,
    deeds: {
      'session check': () => next()('GET', '/auth/me'),
      refresh,
      'refresh, 16 at once': () => Promise.all(Array.from({ length: 16 }, refresh)),
      'sign-in, without the hash': async () => {
        const { username } = signingIn[Math.floor(Math.random() * signingIn.length)] ?? {}
        await anyone()('POST', '/auth/login', { username, password })
      },
      'own sessions': () => next()('GET', '/auth/sessions'),
      'everybody’s sessions, first page': () => ada('GET', '/auth/sessions?scope=all'),
      'a row read by key, any of all': () => store.find(session(any())),
      'bare step': () =>
        store.step({ spare: session(spare) }, ({ spare }) => ({
          verdict: 0,
          keep: spare ? [keep('sessions', { ...spare, generation: spare.generation + 1 })] : [],
        })),
    },
    async warm() {
      const breathe = breathing()
      // The first of a minute moves the idle limit, the second reads what it wrote. Sixteen at a time: what
      // was moved first is to be measured before its minute is over.
      for (let from = 0; from < signedIn.length; from += 16)
        for (const _ of ['moved', 'remembered']) {
          await Promise.all(signedIn.slice(from, from + 16).map((send) => send('GET', '/auth/me')))
          await breathe()
        }
    },
    async close() {
      await store.close()
      await close()
      await gate.close()
    },
  }
}

function turns<T>(all: readonly T[]): () => T {
  let at = 0
  return () => all[at++ % all.length] as T
}

/** Puts people and their sessions there, each a copy of the owner and of his session. */
async function fill(
  query: Awaited<ReturnType<typeof reach>>['query'],
  database: string,
  size: number,
): Promise<void> {
  const lite = database.startsWith('sqlite:')
  const id = lite ? 'hex(randomblob(11))' : 'left(md5(random()::text), 22)'
  const numbers = (count: number) =>
    lite
      ? `(with recursive n(n) as (select 1 union all select n + 1 from n where n < ${count}) select n from n) n`
      : `generate_series(1, ${count}) n(n)`
  const copy = async (kind: string, own: Readonly<Record<string, string>>, from: string) => {
    const [row = {}] = await query(`select * from ${kind} limit 1`)
    const columns = Object.keys(row)
    const values = columns.map((name) => own[name] ?? `o."${name}"`)
    await query(`insert into ${kind} (${columns.map((name) => `"${name}"`).join(', ')})
      select ${values.join(', ')} from ${from}`)
  }
  await copy(
    'users',
    { id, username: `'person' || n.n`, role: `'member'`, createdAt: 'o."createdAt" - n.n' },
    `(select * from users limit 1) o, ${numbers(size)}`,
  )
  await copy(
    'sessions',
    // Opened one after the other during the hours before.
    {
      id,
      userId: 'u.id',
      idleUntil: `case when n.n <= ${each} then o."expiresAt" else o."createdAt" end`,
      createdAt: 'o."createdAt" - n.n * 1000 - abs(o."createdAt" + length(u.username)) % 1000',
    },
    `(select * from sessions limit 1) o, ${numbers(2 * each)},
      (select id, username from users where role = 'member' order by "createdAt" limit ${size / oneIn}) u`,
  )
  // What the filling leaves to be done in the background is done before anything is measured.
  for (const tidy of lite ? ['pragma wal_checkpoint(truncate)'] : ['vacuum analyze', 'checkpoint'])
    await query(tidy)
}
