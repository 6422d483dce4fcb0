/**
 * PostgreSQL that answers late: the lease is shorter by as much, and nobody is let in whose session has ended.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type alterations, altered } from './server/altered.ts'
import type { Got } from './server/browser.ts'
import { type Fleet, pair, places } from './server/pair.ts'
import { wireTo } from './store/wire-cutter.ts'

type Alteration = keyof typeof alterations

const settings = { SALLYPORT_SESSION_LIMIT: '0', SALLYPORT_REFRESH_ENABLED: 'false' }
const now = () => performance.now()

async function timed(asked: Promise<Got>) {
  const began = now()
  const { status, json } = await asked
  return { status, json, began, took: now() - began }
}
type Timed = Awaited<ReturnType<typeof timed>>

/** Two servers, of which one hears everything late; sessions are ended on the other. */
async function slowed(by: number, ...more: readonly Alteration[]) {
  const place = await places['one PostgreSQL']()
  const some: Fleet = await pair(async () => place, { ...settings, ...altered('hashes at once') })
  const wire = await wireTo(place.SALLYPORT_DATABASE)
  const ada = some.tab(1)
  // The one that was started first has printed the link; either may have been.
  const claimable = some.nodes.find(({ claimLink }) => claimLink)
  await ada.setUp(claimable?.setupToken ?? '')
  await some.nodes[0]?.stop()
  await some.again(0, {
    SALLYPORT_DATABASE: wire.place,
    ...altered('hashes at once', ...more),
    // Where some is to be left of it, also on a machine that is busy itself.
    ...(by < 500 && { SALLYPORT_REVOCATION_LEASE: '3s' }),
  })
  const ended = Array.from({ length: 5 }, () => some.tab(1))
  for (const one of ended) await one.logIn()
  const check = (one: typeof ada) => timed(some.tab(0, one.jar).send('GET', '/auth/me'))
  // All are known there, over as many connections as it will have.
  const known = await Promise.all([ada, ada, ada, ...ended].map(check))
  expect(known.map(({ status }) => status)).toEqual(known.map(() => 200))
  wire.slow(by)
  await pause(1_100)

  const violations: string[] = []
  const alive: Timed[] = []
  const refused: Timed[] = []
  let over = false
  const watching = async (
    one: typeof ada,
    jar: ReadonlyMap<string, string>,
    dead: () => number,
  ) => {
    while (!over) {
      const got = await timed(some.tab(0, jar).send('GET', '/auth/me'))
      if (one === ada) alive.push(got)
      else if (got.began > dead()) {
        if (got.status === 200) violations.push(`${Math.round(got.began - dead())} ms after`)
        else refused.push(got)
      }
      await pause(20)
    }
  }
  const deaths = ended.map(() => Number.POSITIVE_INFINITY)
  const watchers = [
    watching(ada, ada.jar, () => 0),
    ...ended.map((one, n) => watching(one, new Map(one.jar), () => deaths[n] ?? 0)),
  ]
  await Promise.all(
    ended.map(async (one, n) => {
      await pause(250 * n)
      expect((await one.send('POST', '/auth/logout')).status).toBe(204)
      deaths[n] = now()
    }),
  )
  await pause(2_000)
  over = true
  await Promise.all(watchers)
  const quick = alive.filter(({ status, took }) => status === 200 && took < by).length
  return { violations, alive, refused, quick }
}

test.each([
  [200, 'shorter'],
  [700, 'none'],
] as const)(
  'Each way %i ms late: a lease that is %s, and nobody is let in who was signed out',
  async (by, left) => {
    const { violations, alive, refused, quick } = await slowed(by)
    expect(violations).toEqual([])
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.every(({ status }) => status === 401 || status === 503)).toBe(true)
    expect(alive.every(({ status }) => status === 200 || status === 503)).toBe(true)
    expect(alive.some(({ status }) => status === 200)).toBe(true)
    expect(quick > 0).toBe(left === 'shorter')
    // Without one all had to be read, over the slow wire.
    if (left === 'none') expect(alive.some(({ took }) => took >= 2 * by)).toBe(true)
  },
)

test('A node that hears late and looks at no lease is found out', async () => {
  expect((await slowed(700, 'looks at no lease')).violations).not.toEqual([])
})

test('Tables that somebody keeps locked: 503 in time, not a fault, and then all is well', async () => {
  const place = await places['one PostgreSQL']()
  const some = await pair(async () => place, settings)
  const ada = some.tab(0)
  await ada.setUp(some.nodes.find(({ claimLink }) => claimLink)?.setupToken ?? '')
  await some.query('begin')
  await some.query('lock table sessions in access exclusive mode')
  const { status, took } = await timed(some.tab(1, ada.jar).send('GET', '/auth/me'))
  await some.query('rollback')
  expect(status).toBe(503)
  expect(took).toBeLessThan(5_000)
  expect((await some.tab(1, ada.jar).send('GET', '/auth/me')).status).toBe(200)
})
