/**
 * One real server over a PostgreSQL that is killed (`-m immediate`) under load and started again: what
 * was acknowledged, what was answered meanwhile, and how soon all was well again, on one clock.
 *
 * @module
 */
import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { type PostgresServer, startPostgres } from '../provision/postgres-server.ts'
import { type alterations, altered } from './altered.ts'
import { type Browser, browser, type Got, password } from './browser.ts'
import { type ServerProcess, serve, unlimited } from './process.ts'

/** The lease when nothing else is set. */
const lease = 1_000

/** One that was sent, and what came. */
interface Asked {
  readonly what: 'check' | 'sign in' | 'sign out' | 'rename'
  readonly began: number
  readonly ended: number
  /** 0 when the server did not answer at all. */
  readonly status: number
  readonly text: string
  /** Whether its session had ended, as somebody had been told before. */
  readonly dead: boolean
}

export interface Round {
  /** Sessions begun and ended, and names changed, that were acknowledged. */
  readonly acknowledged: number
  /** Changes under way when PostgreSQL died, of which nothing was said but 503. */
  readonly met: number
  /** Checks sent later than the lease after it had died, and before it was started again. */
  readonly late: number
  /** From the first answer of the database until everything went well again. */
  readonly recovery: number
  /** Acknowledged changes that are not there. */
  readonly lost: readonly string[]
  /** Let in without a database beyond the lease, or after the session had ended. */
  readonly letIn: readonly string[]
  /** Anything else that is neither right nor 503. */
  readonly odd: readonly string[]
}

export interface Trouble {
  readonly server: ServerProcess
  round(): Promise<Round>
}

interface Signed {
  readonly jar: ReadonlyMap<string, string>
  /** When its end was asked for, and when that was answered. */
  asked: number
  dead: number
}

const now = () => performance.now()
const never = Number.POSITIVE_INFINITY

/** Starts both, and claims the instance. */
export async function trouble(...more: readonly (keyof typeof alterations)[]): Promise<Trouble> {
  const postgres = await startPostgres({ durable: true })
  onTestFinished(() => postgres.stop(), 30_000)
  const database = await postgres.fresh()
  const server = await serve({
    env: {
      ...unlimited,
      ...altered('hashes at once', ...more),
      SALLYPORT_DATABASE: database,
      SALLYPORT_SECRET: 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q',
      SALLYPORT_SESSION_LIMIT: '0',
      SALLYPORT_REFRESH_ENABLED: 'false',
      SALLYPORT_LOCKOUT_THRESHOLD: '100',
      SALLYPORT_LOCKOUT_PER_ADDRESS: '100000',
    },
  })
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const tab = (jar: ReadonlyMap<string, string> = new Map()): Browser => {
    const one = browser({ port: server.port, agent })
    for (const [name, value] of jar) one.jar.set(name, value)
    return one
  }
  const boss = tab()
  const claimed = await boss.setUp(server.setupToken)
  if (claimed.status !== 201) throw new Error(claimed.text)
  const made = await boss.send('POST', '/users', {
    json: { username: 'grace', role: 'member', password },
  })
  const { id } = made.json.user
  /** Counts on over all rounds, so that no name comes twice. */
  let names = 0
  const signed: Signed[] = [{ jar: new Map(boss.jar), asked: never, dead: never }]
  const given = { postgres, database, boss, signed, tab, id, name: () => ++names }
  return { server, round: () => killed(given) }
}

async function killed(given: {
  readonly postgres: PostgresServer
  readonly database: string
  readonly boss: Browser
  readonly tab: (jar?: ReadonlyMap<string, string>) => Browser
  /** Of all rounds so far: what was acknowledged long ago must be there as well. */
  readonly signed: Signed[]
  /** Whose name is changed. */
  readonly id: string
  readonly name: () => number
}): Promise<Round> {
  const { postgres, database, boss, signed, tab, id } = given
  const asked: Asked[] = []
  /** The name that was acknowledged last, and those asked for since. */
  let named = { last: 0, since: [] as number[] }
  let over = false

  async function ask(what: Asked['what'], send: () => Promise<Got>, dead = false) {
    const began = now()
    const got = await send().catch(() => undefined)
    const { status = 0, text = '' } = got ?? {}
    asked.push({ what, began, ended: now(), status, text, dead })
    return got
  }

  async function signing(): Promise<void> {
    while (!over) {
      const who = tab()
      const got = await ask('sign in', () => who.logIn())
      if (got?.status === 200) {
        const one: Signed = { jar: new Map(who.jar), asked: never, dead: never }
        signed.push(one)
        if (signed.length % 3 === 0) {
          one.asked = now()
          if ((await ask('sign out', () => who.send('POST', '/auth/logout')))?.status === 204)
            one.dead = now()
        }
      }
      await pause(15)
    }
  }
  async function renaming(): Promise<void> {
    while (!over) {
      const name = given.name()
      named.since.push(name)
      const json = { displayName: `Grace ${name}` }
      const got = await ask('rename', () => boss.send('PATCH', `/users/${id}`, { json }))
      if (got?.status === 200) named = { last: name, since: [] }
      await pause(15)
    }
  }
  const look = async (one: Signed) => {
    const dead = one.dead < now()
    // Whoever is just being signed out may be told either.
    if (dead || one.asked === never || over)
      await ask('check', () => tab(one.jar).send('GET', '/auth/me'), dead)
  }
  async function checking(): Promise<void> {
    for (let n = 0; !over; n++) {
      const one = n % 4 === 0 ? signed[0] : signed[Math.floor(Math.random() * signed.length)]
      if (one) await look(one)
      await pause(10)
    }
  }

  const load = Promise.all([signing(), signing(), signing(), renaming(), checking(), checking()])
  await pause(300 + Math.random() * 300)
  const hit = now()
  await postgres.crash()
  const gone = now()
  await pause(lease + 500)
  const begun = now()
  await postgres.again()
  const back = now()
  const well = (what: Asked['what']) =>
    asked.some(
      ({ what: is, began, status }) => is === what && began > back && status < 300 && status,
    )
  while (now() < back + 15_000) {
    const isReady = async () => (await tab().send('GET', '/health/ready')).status === 200
    if (well('check') && well('sign in') && well('rename') && (await isReady())) break
    await pause(5)
  }
  const recovery = now() - back
  await pause(100)
  over = true
  await load

  const told = (one: Asked) =>
    `${one.what} ${one.status} ${one.text.slice(0, 200)} sent ${Math.round(one.began - gone)} ms after`
  const lost: string[] = []
  for (const one of signed) {
    if (one.asked !== never && one.dead === never) continue
    const { status, text } = await tab(one.jar).send('GET', '/auth/me')
    if (status !== (one.dead === never ? 200 : 401)) lost.push(`session: ${status} ${text}`)
  }
  const found = await nameOf(database, id)
  if (![named.last, ...named.since].some((name) => found === `Grace ${name}`))
    lost.push(`name: ${found} instead of ${named.last}`)

  const isLate = ({ began, ended }: Asked) => began > gone + lease && ended < begun
  const right = { check: 200, 'sign in': 200, 'sign out': 204, rename: 200 }
  const changes = asked.filter(({ what, status }) => what !== 'check' && status < 300 && status > 0)
  return {
    acknowledged: changes.length,
    met: asked.filter(
      ({ what, began, ended, status }) =>
        what !== 'check' && began < hit && ended > hit && status === 503,
    ).length,
    late: asked.filter((one) => one.what === 'check' && isLate(one)).length,
    recovery,
    lost,
    letIn: asked
      .filter((one) => one.status < 300 && one.status > 0 && (one.dead || isLate(one)))
      .map(told),
    odd: asked
      .filter((one) => one.status !== 503 && one.status !== (one.dead ? 401 : right[one.what]))
      .filter((one) => !(one.dead && one.status === 200))
      .map(told),
  }
}

async function nameOf(connectionString: string, id: string): Promise<string> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const { rows } = await client.query('select "displayName" from sallyport.users where id = $1', [
      id,
    ])
    return String(rows[0]?.displayName)
  } finally {
    await client.end()
  }
}
