/**
 * PostgreSQL with every connection of the pool held by somebody who waits for a lock: whoever is known
 * is let in from memory, whatever needs the database is told 503 in time, and all is well by itself.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type alterations, altered } from './server/altered.ts'
import type { Got } from './server/browser.ts'
import { fleet, places } from './server/pair.ts'

/** As in `stores/postgres-pool.ts`. */
const connections = 10
/** More wait for a connection than get one before they are told to come again. */
const crowd = 60

async function exhausted(...more: (keyof typeof alterations)[]) {
  const some = await fleet(1, places['one PostgreSQL'], altered(...more))
  const [server] = some.nodes
  const ada = some.tab(0)
  await ada.setUp(server?.setupToken ?? '')
  const ask = (path: string) => some.tab(0, ada.jar).send('GET', path)
  expect([(await ask('/auth/me')).status, (await ask('/auth/devices')).status]).toEqual([200, 200])

  await some.query('begin')
  await some.query('lock table sessions in access exclusive mode')
  let over = false
  const crowding = Array.from({ length: crowd }, async () => {
    const got: Got[] = []
    while (!over) got.push(await ask('/auth/sessions'))
    return got
  })
  const waiting = `select count(*)::int as count from pg_locks
    where relation = 'sallyport.sessions'::regclass and not granted`
  const held = async () => (await some.query(waiting))[0]?.count
  await expect.poll(held).toBe(connections)

  const known: Got[] = []
  const needing: Got[] = []
  const signingIn: Got[] = []
  // Several leases long; each of the second kind waits for as long as it may.
  const until = performance.now() + 2_500
  await Promise.all([
    (async () => {
      while (performance.now() < until) {
        known.push(await ask('/auth/me'))
        await pause(50)
      }
    })(),
    (async () => {
      while (performance.now() < until) needing.push(await ask('/auth/devices'))
    })(),
    (async () => {
      signingIn.push(await some.tab(0).logIn())
    })(),
  ])
  await expect.poll(held).toBe(connections)
  await some.query('rollback')
  const began = performance.now()
  await expect.poll(async () => (await ask('/auth/devices')).status).toBe(200)
  const recovery = performance.now() - began
  over = true
  const crowded = (await Promise.all(crowding)).flat()
  const again = await some.tab(0).logIn()
  const stopped = await server?.stop()
  return { known, needing, signingIn, crowded, recovery, again, stopped }
}

test('All of the pool held: who is known goes on, the rest is 503, and nothing has to be restarted', {
  timeout: 60_000,
}, async ({ annotate }) => {
  const { known, needing, signingIn, crowded, recovery, again, stopped } = await exhausted()
  expect(new Set(known.map(({ status }) => status))).toEqual(new Set([200]))
  expect(known.length).toBeGreaterThan(5)
  // Who waited for a lock gives his connection back in the end, and one in the crowd is given it.
  expect(needing.some(({ status }) => status === 503)).toBe(true)
  expect(new Set(needing.map(({ status }) => status)).difference(new Set([200, 503]))).toEqual(
    new Set(),
  )
  expect(signingIn.map(({ status }) => status)).toEqual([503])
  for (const { status, headers } of [...needing, ...signingIn, ...crowded])
    expect([status, status === 503 ? Number(headers['retry-after']) >= 1 : true]).toEqual([
      status,
      true,
    ])
  expect(new Set(crowded.map(({ status }) => status))).toEqual(new Set([200, 503]))
  expect(recovery).toBeLessThan(5_000)
  // It is the process it was.
  expect([again.status, stopped]).toEqual([200, { code: 0, signal: null }])
  await annotate(`${known.length} checks from memory, recovered after ${Math.round(recovery)} ms`)
})

test('A server that remembers nobody is found out', { timeout: 60_000 }, async () => {
  const { known } = await exhausted('remembers nobody')
  expect(known.some(({ status }) => status === 503)).toBe(true)
})
