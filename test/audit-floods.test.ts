/**
 * A flood of refusals is counted, to the last one, and does not fill the audit (LOG-07): on both
 * databases, with nobody's password looked at for it.
 *
 * @module
 */
import { expect, onTestFinished, test } from 'vitest'
import { saidIn } from '../src/options.ts'
import type { World } from '../src/ports.ts'
import { oneByOne } from '../src/rules/audit-flood.ts'
import { minute } from '../src/rules/time.ts'
import { openGate } from '../src/sallyport.ts'
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
    const foreign = { headers: { Origin: 'https://evil.test' } }
    /** So many at once at most: those under way do not know of each other. */
    const atOnce = 50
    const many = async (times: number, ask: () => Promise<unknown>) => {
      for (let left = times; left > 0; left -= atOnce)
        await Promise.all(Array.from({ length: Math.min(left, atOnce) }, ask))
    }
    const bounded = oneByOne + 2 * atOnce
    const astray = (times: number, address: string) =>
      many(times, async () => {
        const got = await visitor(gate, address).send('POST', '/auth/logout', foreign)
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
