/**
 * Lockout over two real processes on one database: however many guess at once, ten are looked at. The
 * servers run at their defaults; where addresses are not the subject each guess comes, through a
 * trusted proxy, from one of its own.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../scripts/free-port.ts'
import { freshPostgres } from './provision/postgres.ts'
import { type Browser, browser, type Got, password } from './server/browser.ts'
import { emptyFolder, type ServerProcess, serve } from './server/process.ts'
import { beneath } from './store/bed.ts'
import type { Order, Told } from './store/guesser.ts'
import type { mutations } from './store/race.ts'

const secret = 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q'
const wrong = 'a password that is not the one'
const places = {
  SQLite: async (folder: string) => `sqlite:${join(folder, 'auth.db')}`,
  PostgreSQL: () => freshPostgres(),
} as const

interface Line {
  readonly type: string
  readonly reason: string
  readonly address: string
}

/** Two servers over one fresh database, claimed by ada in a browser of hers. */
async function twoServers(
  place: (folder: string) => Promise<string>,
  more: Record<string, string>,
) {
  const folder = emptyFolder()
  const database = await place(folder)
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const env = {
    SALLYPORT_DATABASE: database,
    SALLYPORT_SECRET: secret,
    SALLYPORT_PUBLIC_ORIGIN: origin,
    ...more,
  }
  const nodes = await Promise.all([serve({ folder, port, env }), serve({ folder, env })])
  const ada = browser({ port, origin })
  expect((await ada.setUp(nodes[0].setupToken)).status).toBe(201)
  await ada.send('POST', '/auth/logout')
  const { run } = await beneath(database)
  const audit = async () =>
    (await run(
      `select type, reason, address from audit where type in ('auth.refused', 'auth.locked') order by at`,
    )) as unknown as Line[]
  const again = () => serve({ folder, port, env })
  return { nodes, origin, ada, run, audit, again }
}

const at = ({ port }: ServerProcess, origin: string): Browser => browser({ port, origin })
const logIn = (who: Browser, username: string, typed: string, address: string) =>
  who.send('POST', '/auth/login', {
    json: { username, password: typed },
    headers: { 'X-Forwarded-For': address },
  })
const count = (all: readonly Got[], code: string) =>
  all.filter(({ json }) => json.code === code).length

describe.each(Object.entries(places))('two servers over %s', (_, place) => {
  test('right and wrong guesses at once leave count and rest at one (L12)', async () => {
    const { nodes, origin, run } = await twoServers(place, {
      SALLYPORT_TRUST_PROXY: '127.0.0.1',
      SALLYPORT_SESSION_LIMIT: '0',
    })
    const bucketNow = async () =>
      (await run(`select count, "restsUntil" as until from attempts where username = 'ada'`))[0]
    let next = 0
    const from = () => `198.51.${next >> 8}.${next++ % 256}`
    let met = 0
    for (let round = 0; round < 3; round++) {
      const order: string[] = []
      const answers = await Promise.all(
        [wrong, wrong, password, wrong, wrong, password, wrong].map(async (typed, n) => {
          const got = await logIn(at(nodes[n % 2] as ServerProcess, origin), 'ada', typed, from())
          order.push(typed)
          return got.json.code ?? 'in'
        }),
      )
      // Five wrong ones fill nothing, so nobody is told of a rest, right or wrong.
      expect(answers.toSorted()).toEqual(
        ['in', 'in', ...Array(5).fill('invalid_credentials')].toSorted(),
      )
      met += order.lastIndexOf(password) > order.indexOf(wrong) ? 1 : 0
      const left = Number((await bucketNow())?.count ?? 0)
      expect(left).toBeLessThanOrEqual(5)
      // What is left of the ten is just what is left.
      for (let n = left + 1; n < 10; n++)
        expect(
          (await logIn(at(nodes[n % 2] as ServerProcess, origin), 'ada', wrong, from())).status,
        ).toBe(401)
      expect(Number((await bucketNow())?.until ?? 0)).toBe(0)
      expect(
        (await logIn(at(nodes[0] as ServerProcess, origin), 'ada', password, from())).status,
      ).toBe(200)
      expect(await bucketNow()).toBeUndefined()
    }
    // A right one was answered after a wrong one, so they were under way together.
    expect(met).toBeGreaterThan(0)
  })

  test('200 wrong guesses at once: at most ten are looked at, of a known name and of an unknown one', async () => {
    const trusting = { SALLYPORT_TRUST_PROXY: '127.0.0.1' }
    const { nodes, origin, ada, run, audit } = await twoServers(place, trusting)
    for (const username of ['ada', 'nobody']) {
      const earlier = (await audit()).length
      let sent = 0
      let sentWhenFirstAnswered = 0
      const answered: number[] = []
      const answers = await Promise.all(
        Array.from({ length: 200 }, async (_, n) => {
          const who = at(nodes[n % 2] as ServerProcess, origin)
          sent += 1
          const got = await logIn(who, username, wrong, `198.51.${n >> 7}.${n}`)
          sentWhenFirstAnswered ||= sent
          answered.push(n % 2)
          return got
        }),
      )
      expect(sentWhenFirstAnswered).toBe(200)
      const lines = (await audit()).slice(earlier)
      const looked = lines.filter(({ reason }) => reason !== 'account_locked')
      expect(looked.length).toBeLessThanOrEqual(10)
      // Busy is not looked at and not charged; without it exactly ten are.
      const busy = count(answers, 'busy')
      expect(looked.length + busy).toBeGreaterThanOrEqual(10)
      expect(looked.length).toBe(
        count(answers, 'invalid_credentials') +
          lines.filter(({ type }) => type === 'auth.locked').length,
      )
      expect(count(answers, 'account_locked')).toBeGreaterThanOrEqual(190 - busy)
      // Neither node was done before the other had begun.
      const [first, second] = [answered.indexOf(0), answered.indexOf(1)]
      expect(Math.max(first, second)).toBeLessThan(
        Math.min(answered.lastIndexOf(0), answered.lastIndexOf(1)),
      )
      const [bucket] = await run(
        `select count, failures from attempts where id like 'name:%' order by since desc limit 1`,
      )
      expect(bucket).toEqual({ count: looked.length, failures: looked.length })
    }

    // The name rests for strangers on both, whatever they know, and for its owner on neither.
    for (const node of nodes) {
      const stranger = await logIn(at(node, origin), 'ada', password, '192.0.2.1')
      expect([stranger.status, stranger.json.code]).toEqual([429, 'account_locked'])
      const device = ada.jar.get('device') ?? ''
      for (const forged of [
        '',
        'AAAA',
        device.slice(0, -1),
        device.replace(/^./, 'B'),
        device.replace(/.{10}$/, 'AAAAAAAAAA'),
        `${device}A`,
      ]) {
        const liar = at(node, origin)
        liar.jar.set('device', forged)
        const refused = await logIn(liar, 'ada', password, '192.0.2.1')
        expect([forged, refused.status]).toEqual([forged, 429])
      }
      const known = at(node, origin)
      known.jar.set('device', device)
      const signed = await logIn(known, 'ada', password, '192.0.2.1')
      expect(signed.status).toBe(200)
    }
  })

  test('a forged X-Forwarded-For changes nothing, in what is limited and in what is recorded', async () => {
    const { nodes, origin, audit } = await twoServers(place, {})
    const answers: Got[] = []
    for (let n = 0; n < 40; n++)
      answers.push(
        await logIn(
          at(nodes[n % 2] as ServerProcess, origin),
          `name${n}`,
          wrong,
          `198.51.100.${n}`,
        ),
      )
    expect(count(answers, 'invalid_credentials')).toBe(29)
    expect(count(answers.slice(29), 'rate_limited')).toBe(11)
    expect(new Set((await audit()).map(({ address }) => address))).toEqual(new Set(['127.0.0.1']))
  })

  test('a kill and a restart in mid-rest keep what remains', async () => {
    const { nodes, origin, again } = await twoServers(place, {
      SALLYPORT_TRUST_PROXY: '127.0.0.1',
    })
    for (let n = 0; n < 10; n++) await logIn(at(nodes[0], origin), 'ada', wrong, `198.51.100.${n}`)
    const ask = async (node: ServerProcess) => {
      const got = await logIn(at(node, origin), 'ada', password, '192.0.2.1')
      expect([got.status, got.json.code]).toEqual([429, 'account_locked'])
      return Number(got.headers['retry-after'])
    }
    const before = await ask(nodes[0])
    expect(before).toBeGreaterThan(800)
    await Promise.all(nodes.map((node) => node.kill()))
    const after = await ask(await again())
    expect(after).toBeLessThanOrEqual(before)
    expect(after).toBeGreaterThan(before - 120)
  })
})

type Reply<K> = Extract<Told, { kind: K }>

/**
 * Two processes guess at one name, a hundred times each. For the first rounds neither commits before
 * both have read, so that they decide on the same count.
 */
async function race(place: string, username: string, mutation?: keyof typeof mutations) {
  const options = JSON.stringify({
    publicOrigin: 'https://app.example.test',
    database: place,
    secret,
    // All of them are let in at the door.
    hashing: { queue: 100 },
  })
  const children = ['1', '2'].map((number) =>
    fork(join(import.meta.dirname, 'store/guesser.ts'), [options, number], { silent: true }),
  )
  onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL')
  })
  await Promise.all(children.map((child) => reply(child, 'opened')))
  let rounds = 0
  const reading = new Set<ChildProcess>()
  const send = (child: ChildProcess, order: Order) => child.send(order)
  for (const child of children)
    child.on('message', (told: Told) => {
      if (told.kind !== 'read') return
      reading.add(child)
      if (reading.size < children.length) return
      rounds += 1
      reading.clear()
      for (const one of children) send(one, { kind: 'commit', free: rounds >= 15 })
    })
  const guessed = Promise.all(children.map((child) => reply(child, 'guessed')))
  for (const child of children)
    send(child, { kind: 'guess', username, times: 100, ...(mutation && { mutation }) })
  const told = await guessed
  return {
    rounds,
    looked: told.reduce((sum, { looked }) => sum + looked, 0),
    lost: told.reduce((sum, { lost }) => sum + lost, 0),
    codes: told.flatMap(({ codes }) => codes),
  }
}

function reply<K extends Told['kind']>(child: ChildProcess, kind: K): Promise<Reply<K>> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr?.on('data', (chunk) => {
      said += chunk
    })
    child.once('exit', (code) => reject(new Error(`a guesser ended with ${code}: ${said}`)))
    child.on('message', (told: Told) => {
      if (told.kind === kind) resolve(told as Reply<K>)
      if (told.kind === 'failed') reject(new Error(told.why))
    })
  })
}

describe.each(Object.entries(places))(
  'two processes over %s that decide at one moment',
  (_, place) => {
    test('look at ten of 200 guesses', async () => {
      const { looked, lost, rounds, codes } = await race(await place(emptyFolder()), 'nobody')
      expect(looked).toBe(10)
      // They met: each round one of the two was beaten.
      expect(rounds).toBeGreaterThanOrEqual(15)
      expect(lost).toBeGreaterThan(5)
      expect(codes.filter((code) => code === 'invalid_credentials')).toHaveLength(9)
      expect(codes.filter((code) => code === 'account_locked')).toHaveLength(191)
    })

    test('… and at more when revisions are not compared', async () => {
      const { looked } = await race(
        await place(emptyFolder()),
        'nobody',
        'revisions are not compared',
      )
      expect(looked).toBeGreaterThan(10)
    })
  },
)
