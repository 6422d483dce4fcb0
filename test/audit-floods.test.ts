/**
 * A flood of refusals is counted, to the last one, and does not fill the audit (LOG-07): on both
 * databases, with nobody's password looked at for it.
 *
 * @module
 */
import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { saidIn } from '../src/options.ts'
import type { World } from '../src/ports.ts'
import { oneByOne } from '../src/rules/audit-flood.ts'
import { minute } from '../src/rules/time.ts'
import { openGate } from '../src/sallyport.ts'
import { reported } from './campaigns/report.ts'
import {
  databases,
  freshDatabase,
  noLimits,
  openQuery,
  origin,
  secret,
  setupToken,
} from './gate/gate.ts'
import { visitor } from './gate/visitor.ts'
import { browser } from './server/browser.ts'
import { command } from './server/command.ts'
import { places } from './server/pair.ts'
import { serve, unlimited } from './server/process.ts'

const foreign = { Origin: 'https://evil.test' }

async function opened(kind: (typeof databases)[number]) {
  const database = await freshDatabase(kind)
  let now = Date.UTC(2026, 0, 1, 12)
  let world: World | undefined
  const gate = await openGate(
    saidIn({
      ...{ publicOrigin: origin, database, secret, setupToken, limits: noLimits },
      lockout: { threshold: 1 },
    }),
    {
      clock: { now: () => now, elapsed: () => now },
      onOpened: (one) => {
        world = one
      },
    },
  )
  onTestFinished(() => gate.close())
  if (!world) throw new Error('opened without a world')
  const { store } = world
  const run = await openQuery(database)
  return {
    gate,
    store,
    rows: (type: string) =>
      run(`select reason, subject, address, details from audit where type = '${type}'`),
    pass: (time: number) => {
      now += time
    },
  }
}

/** How many refusals rows stand for. */
const counted = (rows: readonly Record<string, unknown>[]) =>
  rows.reduce((sum, { details }) => {
    const { count = 1 } = details === null ? {} : JSON.parse(String(details))
    return sum + Number(count)
  }, 0)

test.each(databases)(
  'LOG-07: wrong origins, and guesses at names at rest, on %s',
  async (kind) => {
    const { gate, store, rows, pass } = await opened(kind)
    const ada = visitor(gate)
    await ada.setUp()
    /** So many at once at most: those under way do not know of each other. */
    const atOnce = 50
    const many = async (times: number, ask: () => Promise<unknown>) => {
      for (let left = times; left > 0; left -= atOnce)
        await Promise.all(Array.from({ length: Math.min(left, atOnce) }, ask))
    }
    const bounded = oneByOne + 2 * atOnce
    const astray = (times: number, address: string) =>
      many(times, async () => {
        const got = await visitor(gate, address).send('POST', '/auth/logout', { headers: foreign })
        expect(got.status).toBe(403)
      })
    await astray(oneByOne + 250, '198.51.100.1')
    await astray(150, '198.51.100.2')
    await store.recordFloods()
    const told = await rows('csrf.rejected')
    expect(told.length).toBeLessThan(bounded)
    expect(counted(told)).toBe(oneByOne + 400)
    const floods = told.filter(({ details }) => details !== null)
    expect(floods.at(-1)).toMatchObject({ reason: 'origin' })
    expect(JSON.parse(String(floods.at(-1)?.details))).toEqual({
      count: expect.any(Number),
      since: Date.UTC(2026, 0, 1, 12),
      addresses: expect.any(Number),
    })
    // It is told once.
    expect(await store.recordFloods()).toBe(0)

    // The first fills the bucket; none of the others is looked at.
    const guess = () => visitor(gate).logIn('ada', 'x'.repeat(20))
    await guess()
    await many(oneByOne + 100, async () => expect((await guess()).status).toBe(429))
    await store.recordFloods()
    const refused = await rows('auth.refused')
    expect(refused.length).toBeLessThan(bounded)
    expect(counted(refused)).toBe(oneByOne + 100)
    // Whom it was about is told, so it stands in that person's activity.
    expect(new Set(refused.map(({ subject }) => subject)).size).toBe(1)

    // A quiet minute later each is recorded by itself again.
    pass(minute)
    await astray(3, '198.51.100.1')
    expect(await rows('csrf.rejected')).toHaveLength(oneByOne + 4)
    // And whoever may come in does.
    expect((await ada.send('GET', '/auth/me')).status).toBe(200)
  },
  60_000,
)

test.each(databases)(
  'LOG-07: names without end are not told apart, and none is lost, on %s',
  async (kind) => {
    const { store, rows } = await opened(kind)
    const said = (n: number) => ({
      ...({ type: 'auth.refused', outcome: 'refused', actor: 'anonymous' } as const),
      ...{ subject: `name ${n}`, session: null, address: `192.0.2.${n % 200}`, device: null },
      ...{ reason: 'password', details: null },
    })
    for (let n = 0; n < 5_000; n += 50)
      await store.step({}, () => ({
        verdict: undefined,
        record: Array.from({ length: 50 }, (_, more) => said(n + more)),
      }))
    await store.recordFloods()
    const all = await rows('auth.refused')
    expect(counted(all)).toBe(5_000)
    expect(all.length).toBeLessThan(oneByOne + 200)
    expect(all.some(({ subject, details }) => subject === null && details !== null)).toBe(true)
  },
)

/** Refusals sent to a server of its own: as many as LOG-07 asks for in the campaign. */
const flood = process.env.CAMPAIGN === 'floods' ? 100_000 : 1_600

test.each(Object.entries(places))(
  'LOG-07: a flood over HTTP: counted to the last, kept in few rows, nobody is kept waiting; %s',
  // A hundred thousand take as long as the machine has others to serve.
  { timeout: 3_600_000 },
  async (name, place) => {
    const env: Record<string, string> = await place()
    const server = await serve({
      env: { ...env, ...unlimited, SALLYPORT_LOCKOUT_THRESHOLD: '1' },
    })
    const database = env.SALLYPORT_DATABASE ?? `sqlite:${server.folder}/data/sallyport.db`
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ada = browser({ ...server, agent })
    expect((await ada.setUp(server.setupToken)).status).toBe(201)
    // The first guess fills the bucket of the name: none of those that follow is looked at.
    expect((await browser(server).logIn('ada', 'x'.repeat(20))).status).toBe(429)
    const run = await openQuery(database)
    const before = counted(await run("select details from audit where type = 'auth.refused'"))

    let left = flood
    let sending = 32
    const began = performance.now()
    const strangers = Array.from({ length: sending }, async () => {
      const own = new Agent({ keepAlive: true, maxSockets: 1 })
      const stranger = browser({ ...server, agent: own })
      while (left-- > 0) {
        const [status, got] =
          left % 2 === 0
            ? [429, await stranger.logIn('ada', 'x'.repeat(20))]
            : [403, await stranger.send('POST', '/auth/logout', { headers: foreign })]
        expect(got.status).toBe(status)
      }
      own.destroy()
      sending -= 1
    })
    const waits: number[] = []
    while (sending > 0) {
      const asked = performance.now()
      expect((await ada.send('GET', '/auth/me')).status).toBe(200)
      waits.push(performance.now() - asked)
      await pause(20)
    }
    await Promise.all(strangers)
    const seconds = (performance.now() - began) / 1_000
    agent.destroy()
    // What was counted and not yet recorded is, before the end.
    expect((await server.stop()).code).toBe(0)

    const rows = async (type: string) => run(`select details from audit where type = '${type}'`)
    const [astray, refused] = [await rows('csrf.rejected'), await rows('auth.refused')]
    expect([counted(astray), counted(refused) - before]).toEqual([flood / 2, flood / 2])
    // 600 a minute of each kind, those under way when the line was crossed, and one every ten seconds.
    const minutes = Math.ceil(seconds / 60) + 1
    const most = minutes * (oneByOne + 6) + 2 * 32
    expect([astray.length, refused.length].every((count) => count <= most)).toBe(true)
    waits.sort((one, other) => one - other)
    const late = waits.at(Math.floor(waits.length * 0.99)) ?? 0
    expect(late).toBeLessThan(1_000)
    const { code, json } = await command(server.folder, ['audit', 'verify', '--json'], env)
    expect([code, json.intact]).toEqual([0, true])
    reported(`over HTTP, ${name}`, {
      counts: {
        refused: flood,
        seconds: Math.round(seconds),
        'rows kept': astray.length + refused.length,
        'a session check meanwhile, ms: median': Math.round(waits[waits.length >> 1] ?? 0),
        '99 % within, ms': Math.round(late),
      },
      violations: [],
    })
  },
)
