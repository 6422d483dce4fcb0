/**
 * Sweeps remove what nobody will ask for any more, and nothing that is still evidence: a rest, an end
 * that can still be told, a refresh token that was used.
 *
 * @module
 */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { sweep } from '../src/flows/sweep.ts'
import { saidIn } from '../src/index.ts'
import type { ApiKey, Attempts, Device, Ticket } from '../src/rules/facts.ts'
import { keep } from '../src/rules/step.ts'
import { day, hour, minute, second } from '../src/rules/time.ts'
import type { Database } from '../src/stores/database.ts'
import { openWorld } from '../src/world.ts'
import { databases, openTestGate, origin, secret } from './gate/gate.ts'
import { visitor } from './gate/visitor.ts'
import { beneath, noon, open, person, places, sessionOf, settable, storeOn } from './store/bed.ts'

const deviceOf = (userId: string, id: string, expiresAt: number): Device => ({
  id,
  userId,
  userAgent: 'test',
  createdAt: noon,
  lastUsedAt: noon,
  expiresAt,
})

const keyOf = (userId: string, id: string, expiresAt: number): ApiKey => ({
  id,
  userId,
  name: 'ci',
  scopes: '[]',
  createdAt: noon,
  expiresAt,
  lastUsedAt: null,
  digest: 'a digest',
  lastFour: 'last',
  previousDigest: null,
  rotatesAt: null,
})

const ticketOf = (userId: string, id: string, expiresAt: number): Ticket => ({
  id,
  userId,
  sessionId: 'a session',
  origin: 'https://app.example.test',
  purpose: 'socket',
  createdAt: noon,
  expiresAt,
})

const attemptsAt = (id: string, staleAt: number, restsUntil = 0): Attempts => ({
  id,
  username: null,
  count: 1,
  since: noon,
  rests: 0,
  restsUntil,
  failures: 1,
  addresses: '[]',
  requests: 0,
  minuteSince: noon,
  staleAt,
})

describe.each(Object.entries(places))('on %s', (_, place) => {
  async function bed() {
    const named = await place()
    const clock = settable()
    const database = await open(named, clock)
    const tables = await beneath(named)
    const left = async (table: string) =>
      (await tables.run(`select id from ${table} order by id`)).map(({ id }) => id)
    return { named, clock, database, store: storeOn(database), left, tables }
  }

  test('to the millisecond: what may go, and what has to stay', async () => {
    const { store, clock, left } = await bed()
    await store.step({}, () => ({
      verdict: 0,
      keep: [
        keep('users', person('ada')),
        keep('users', person('gone', { deletedAt: noon })),
        keep('users', person('gone-with-session', { deletedAt: noon })),
        keep('users', person('gone-with-device', { deletedAt: noon })),
        keep('users', person('disabled', { disabledAt: noon })),
        keep('sessions', sessionOf('ada', 'over-a-day', { expiresAt: noon - day })),
        keep('sessions', sessionOf('ada', 'told-still', { expiresAt: noon - day + 1 })),
        keep(
          'sessions',
          sessionOf('ada', 'ended', { endedAt: noon - 2 * day, endReason: 'replay' }),
        ),
        keep('sessions', sessionOf('ada', 'idled-out', { idleUntil: noon - 2 * day })),
        keep('sessions', sessionOf('gone-with-session', 'lasting')),
        keep('devices', deviceOf('ada', 'd-over', noon)),
        keep('devices', deviceOf('ada', 'd-good', noon + 1)),
        keep('devices', deviceOf('gone-with-device', 'd-theirs', noon + 1)),
        keep('keys', keyOf('ada', 'k-over', noon - day)),
        keep('keys', keyOf('ada', 'k-shown-still', noon - day + 1)),
        keep('tickets', ticketOf('ada', 't-over', noon)),
        keep('presence', {
          id: 'gone:ada',
          node: 'gone',
          userId: 'ada',
          connections: 1,
          createdAt: noon,
        }),
        keep('tickets', ticketOf('ada', 't-good', noon + 1)),
        keep('attempts', attemptsAt('a-stale', noon)),
        keep('attempts', attemptsAt('a-fresh', noon + 1)),
        keep('attempts', attemptsAt('a-resting', noon - hour, noon + 1)),
      ],
    }))
    const none = {
      sessions: 0,
      attempts: 0,
      devices: 0,
      keys: 0,
      tickets: 0,
      presence: 0,
      users: 0,
    }
    const one = { sessions: 1, attempts: 1, devices: 1, keys: 1, tickets: 1, presence: 1, users: 1 }
    expect(await sweep({ store })).toEqual(one)
    expect(await left('keys')).toEqual(['k-shown-still'])
    expect(await left('tickets')).toEqual(['t-good'])
    expect(await left('sessions')).toEqual(['ended', 'idled-out', 'lasting', 'told-still'])
    expect(await left('attempts')).toEqual(['a-fresh', 'a-resting'])
    expect(await left('devices')).toEqual(['d-good', 'd-theirs'])
    expect(await left('users')).toEqual([
      'ada',
      'disabled',
      'gone-with-device',
      'gone-with-session',
    ])
    expect(await left('audit')).toEqual([])

    clock.at += 1
    expect(await sweep({ store })).toEqual({ ...one, attempts: 2, devices: 2, presence: 0 })
    clock.at = noon + 12 * hour + day
    expect(await sweep({ store })).toEqual({ ...none, sessions: 3, users: 1 })
    expect(await left('users')).toEqual(['ada', 'disabled'])
    expect(await sweep({ store })).toEqual(none)
  })

  test('two nodes at once, among sign-ins: each row once, at most 500 a statement', async () => {
    const { store, named, clock, left, tables } = await bed()
    await store.step({}, () => ({ verdict: 0, keep: [keep('users', person('ada'))] }))
    const columns = Object.keys(sessionOf('', ''))
    const list = columns.map((name) => `"${name}"`).join()
    const from = columns.map((name) => (name === 'id' ? "'s' || n" : `"${name}"`)).join()
    const over = { expiresAt: noon - 2 * day }
    await store.step({}, () => ({
      verdict: 0,
      keep: [keep('sessions', sessionOf('ada', 's', over))],
    }))
    await tables.run(
      `with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 2999)
       insert into sessions (${list}, revision) select ${from}, 'many' from sessions, numbers`,
    )

    const slices: number[] = []
    const counting = (database: Database) => ({
      ...database,
      async write(query: Parameters<Database['write']>[0]) {
        const removed = await database.write(query)
        slices.push(removed)
        return removed
      },
    })
    const nodes = [await open(named, clock), await open(named, clock)].map(counting).map(storeOn)
    let done = false
    const turns: number[] = []
    const signingIn = (async () => {
      for (let n = 0; !done; n++) {
        const live = sessionOf('ada', `live-${n}`)
        await store.step({}, () => ({ verdict: 0, keep: [keep('sessions', live)] }))
        turns.push(slices.length)
        // As a request does: what follows comes from a socket.
        await turn()
      }
    })()
    const swept = await Promise.all(nodes.map((node) => sweep({ store: node }))).finally(() => {
      done = true
    })
    await signingIn
    // A node passes over what the other is at, and may so stop before the last is gone.
    const rest = await sweep({ store })
    const removed = [...swept, rest].reduce((sum, { sessions }) => sum + sessions, 0)
    expect(removed).toBe(3000)
    expect(Math.max(...slices)).toBeLessThanOrEqual(500)
    // Others came between the slices.
    expect(new Set(turns).size).toBeGreaterThan(2)
    expect((await left('sessions')).filter((id) => !String(id).startsWith('live-'))).toEqual([])
  })
})

describe.each(databases)('through the gate on %s', (kind) => {
  test('an end can be told, and a used refresh token is known, until a day after the limit', async () => {
    let now = Date.UTC(2026, 0, 1, 12)
    const test = await openTestGate(kind, {
      refresh: { enabled: true },
      session: { privilegedIdle: '8h', accessLifetime: '6h' },
      clock: { now: () => now, elapsed: () => now },
    })
    const { gate, database, query, recorded } = test
    const written = { publicOrigin: origin, database, secret }
    const clock = { now: () => now, elapsed: () => now }
    const { world, close } = await openWorld(saidIn(written), clock)
    onTestFinished(close)

    const [ada, thief] = [visitor(gate), visitor(gate)]
    await ada.setUp()
    for (const [name, value] of ada.jar) thief.jar.set(name, value)
    await ada.send('POST', '/auth/refresh')
    now += 5 * hour
    await recorded()
    await sweep(world)
    expect(await recorded()).toEqual([])
    expect((await thief.send('POST', '/auth/refresh')).json.code).toBe('refresh_token_invalid')
    expect((await recorded()).map(({ type }) => type)).toEqual(['refresh.replayed'])
    const me = () => ada.send('GET', '/auth/me').then(({ json }) => json.reason ?? json.code)
    expect(await me()).toBe('replay')

    now += 3 * hour + day - minute
    await sweep(world)
    expect(await me()).toBe('replay')
    now += minute
    await sweep(world)
    expect(await query('select id from sessions')).toEqual([])
    expect(await me()).toBe('session_expired')
  })
})

test('a gate sweeps about once a minute, and says what it removed', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const told: object[] = []
  const { gate, query, pass, recorded } = await openTestGate('sqlite', {
    onChore: (one) => one.chore === 'sweep' && told.push(one),
  })
  await visitor(gate).setUp()
  await recorded()
  await vi.advanceTimersByTimeAsync(2 * minute)
  expect(told).toEqual([])
  pass(8 * hour + day)
  // The work itself takes real time: the next round is set only after it.
  await expect
    .poll(async () => {
      await vi.advanceTimersByTimeAsync(10 * second)
      return told
    })
    .toEqual([
      {
        chore: 'sweep',
        is: 'done',
        removed: {
          sessions: 1,
          attempts: 0,
          devices: 0,
          keys: 0,
          tickets: 0,
          presence: 0,
          users: 0,
        },
      },
    ])
  expect(await query('select id from sessions')).toEqual([])
  expect(await recorded()).toEqual([])
})
