/**
 * Standing, lease, feed and barrier, on both databases: what is revoked is remembered nowhere once the
 * step has answered. Each trap of the design by its number (`docs/guide/several-nodes.md`).
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Heard, instance, type Store, session, Unavailable, user } from '../src/ports.ts'
import type { Facts, Kind } from '../src/rules/facts.ts'
import { forget, keep } from '../src/rules/step.ts'
import { subjectOf } from '../src/rules/trust.ts'
import { beneath, noon, open, person, places, sessionOf, storeOn } from './store/bed.ts'
import { hands, type Meddling, real, type Seat, seat, until } from './store/seats.ts'

/** A person with a session. */
const settle = (store: Store) =>
  store.step({}, () => ({
    verdict: undefined,
    keep: [keep('users', person('ada')), keep('sessions', sessionOf('ada', 'one'))],
  }))

const learn = async ({ standing }: Seat) => {
  await Promise.all([
    standing.find('sessions', 'one'),
    standing.find('users', 'ada'),
    standing.find('instance', 'instance'),
  ])
}
const recalled = ({ standing }: Seat, kind: Kind, id: string) => standing.recall()?.(kind, id)
const knows = (one: Seat) => recalled(one, 'sessions', 'one') !== undefined

const endOne = (store: Store) =>
  store.step({ one: session('one') }, ({ one }) => ({
    verdict: undefined,
    keep: one?.endedAt === null ? [keep('sessions', { ...one, endedAt: noon })] : [],
  }))
const differs = (one: object, what: object) =>
  Object.entries(what).some(([name, value]) => value !== Reflect.get(one, name))
const change = (store: Store, what: Partial<Facts['users']>) =>
  store.step({ ada: user('ada') }, ({ ada }) => ({
    verdict: undefined,
    keep: ada && differs(ada, what) ? [keep('users', { ...ada, ...what })] : [],
  }))

/** Keeps a node's looks, or its beats, from ever being answered. */
function sticking(meddling: Meddling, which?: 'write') {
  let free = () => {}
  const stuck = new Promise<void>((resolve) => {
    free = resolve
  })
  meddling.before = (what) => (which === undefined || what === which ? stuck : undefined)
  onTestFinished(() => free())
  return { free: () => free() }
}

/** Until each node has told of its first look: what it hears later it tells by itself. */
const beaten = (tables: Awaited<ReturnType<typeof beneath>>) =>
  until(async () => Number((await tables.run('select min(beats) as n from nodes'))[0]?.n) > 1)

/** Everything that ends trust, and the record that must not be remembered afterwards. */
const endings: Readonly<Record<string, [(store: Store) => Promise<unknown>, Kind, string]>> = {
  'a session ends': [endOne, 'sessions', 'one'],
  'a live session is forgotten': [
    (store) =>
      store.step({ one: session('one'), ada: user('ada') }, ({ one }) => ({
        verdict: 0,
        keep: one ? [forget('sessions', 'one')] : [],
      })),
    'sessions',
    'one',
  ],
  'a version moves': [(store) => change(store, { version: 2 }), 'users', 'ada'],
  'somebody is disabled': [(store) => change(store, { disabledAt: noon }), 'users', 'ada'],
  'a role changes': [(store) => change(store, { role: 'viewer' }), 'users', 'ada'],
  'a scope changes': [(store) => change(store, { scopes: '[{}]' }), 'users', 'ada'],
  'the epoch moves': [
    (store) =>
      store.step({ here: instance() }, ({ here }) => ({
        verdict: 0,
        keep: here ? [keep('instance', { ...here, epoch: here.epoch + 1 })] : [],
      })),
    'instance',
    'instance',
  ],
}

describe.each(Object.entries(places))('standing on %s', (_, place) => {
  /** Nodes over one database, which know the session; clocks stand still unless a test moves them. */
  async function seats(count: number) {
    const at = await place()
    const clocks = Array.from({ length: count }, hands)
    const all: Seat[] = []
    for (const clock of clocks) all.push(await seat(at, { clock }))
    await settle((all[0] as Seat).store)
    for (const one of all) await learn(one)
    return { at, all, clocks, tables: await beneath(at) }
  }

  describe.each(Object.entries(endings))('%s', (_, [ending, kind, id]) => {
    test('and nobody remembers the record, from the answer on', async () => {
      const { all } = await seats(3)
      const [one, ...others] = all as [Seat, ...Seat[]]
      for (const other of all) expect(recalled(other, kind, id)).toBeDefined()
      await ending(one.store)
      for (const other of [one, ...others]) expect(recalled(other, kind, id)).toBeUndefined()
      // All of them wrote how far they have heard, and none waited for a lease to run out.
      expect(one.standing.state().barriers).toMatchObject({ count: 1, longest: 0 })
    })
  })

  /** Two nodes that revoke, and a third that remembers and hears nothing. */
  async function withDeaf() {
    const at = await place()
    const meddling: Meddling = {}
    const one: Meddling = {}
    const seats = [
      await seat(at, { clock: hands(), meddling: one }),
      await seat(at, { clock: hands() }),
      await seat(at, { clock: hands(), meddling }),
    ] as const
    await settle(seats[0].store)
    for (const here of seats) await learn(here)
    const { free } = sticking(meddling)
    /** Whether something was answered within a tenth of a second. */
    const answers = (deed: Promise<unknown>) =>
      Promise.race([deed.then(() => true), pause(100, false)])
    return { seats, one, free, answers }
  }

  describe.each(Object.entries(endings))('%s, twice at once', (_, [ending, kind, id]) => {
    test('and neither is answered before everybody has heard', async () => {
      const { seats, free, answers } = await withDeaf()
      const [one, other, deaf] = seats
      const first = ending(one.store)
      expect(await answers(first)).toBe(false)
      // It finds nothing left to do, or does it once more.
      const second = ending(other.store)
      expect([await answers(second), recalled(deaf, kind, id) !== undefined]).toEqual([false, true])
      free()
      await Promise.all([first, second])
      for (const here of seats) expect(recalled(here, kind, id)).toBeUndefined()
    })
  })

  test('asked again after a commit that was not answered, it waits all the same', async () => {
    const { seats, one, free, answers } = await withDeaf()
    one.commit = async (commit) => {
      await commit()
      throw new Unavailable('cut')
    }
    await expect(endOne(seats[0].store)).rejects.toThrow(Unavailable)
    delete one.commit
    const again = endOne(seats[0].store)
    expect([await answers(again), knows(seats[2])]).toEqual([false, true])
    free()
    await again
    expect(seats.map(knows)).toEqual([false, false, false])
  })

  test('a commit that lands after it was given up is heard of by the node that sent it', async () => {
    const meddling: Meddling = {}
    const node = await seat(await place(), { clock: hands(), meddling })
    await settle(node.store)
    let land = () => Promise.resolve(false)
    meddling.commit = (commit) => {
      land = commit
      return Promise.reject(new Unavailable('cut'))
    }
    await expect(endOne(node.store)).rejects.toThrow(Unavailable)
    await learn(node)
    expect(knows(node)).toBe(true)
    expect(await land()).toBe(true)
    await until(() => !knows(node))
  })

  test('what ends no trust is told to nobody and waits for nobody', async () => {
    const { all, tables } = await seats(2)
    const [one, other] = all as [Seat, Seat]
    await change(one.store, { lastLoginAt: noon })
    expect(recalled(other, 'users', 'ada')).toBeDefined()
    expect(await tables.run('select * from revocations')).toEqual([])
    expect(one.standing.state().barriers.count).toBe(0)
    // Whoever wrote it reads it again, so that it does not write the same over and over.
    expect(recalled(one, 'users', 'ada')).toBeUndefined()
  })

  test('one who writes without being a node is heard too, and waits too', async () => {
    const { all, at } = await seats(1)
    await endOne(storeOn(await open(at, real)))
    expect(knows(all[0] as Seat)).toBe(false)
  })

  test('trap 1: what is revoked while it is read is not remembered', async () => {
    const { all } = await seats(2)
    const [one, other] = all as [Seat, Seat]
    const { memory } = other.node
    const { promise: held, resolve: go } = Promise.withResolvers<void>()
    const { promise: seen, resolve: see } = Promise.withResolvers<void>()
    const reading = memory.fill('sessions', 'one', async () => {
      const row = await other.store.find(session('one'))
      see()
      await held
      return row
    })
    const another = memory.fill('users', 'ada', async () => {
      await held
      return other.store.find(user('ada'))
    })
    await seen
    await endOne(one.store)
    go()
    expect(await reading).toMatchObject({ endedAt: null })
    await another
    expect(recalled(other, 'sessions', 'one')).toBeUndefined()
    // What nobody revoked meanwhile is.
    expect(recalled(other, 'users', 'ada')).toBeDefined()
  })

  test('trap 2: whoever stood still answers nothing, before any timer has run', async () => {
    const { all, clocks } = await seats(1)
    const [node] = all as [Seat]
    clocks[0]?.pass(999)
    expect(knows(node)).toBe(true)
    clocks[0]?.pass(1)
    expect(knows(node)).toBe(false)
    // It hears again, and what it remembered is still good.
    await until(() => knows(node))
  })

  test('trap 2: a machine that slept shows it by its two clocks', async () => {
    const { all, clocks } = await seats(1)
    const [clock] = clocks
    if (clock) clock.wall += 251
    expect(knows(all[0] as Seat)).toBe(false)
    await until(() => knows(all[0] as Seat))
  })

  test('trap 3: a node that comes hears first where the feed ends', async () => {
    const { all, at } = await seats(1)
    await endOne((all[0] as Seat).store)
    const late = await seat(at, { clock: hands() })
    expect(late.standing.state()).toMatchObject({ fresh: true, feedLag: 0 })
    expect(late.node.id).not.toBe(all[0]?.node.id)
  })

  test('trap 3: what is revoked between its registration and its first look is told at once', async () => {
    const { all, at, tables } = await seats(1)
    const [one] = all as [Seat]
    const end = async () => Number((await tables.run('select head from feed'))[0]?.head)
    let reads = 0
    let ended: Promise<unknown> | undefined
    const before = async (what: 'read' | 'write') => {
      reads += what === 'read' ? 1 : 0
      if (what === 'write' || reads !== 2) return
      const head = await end()
      ended = endOne(one.store)
      await until(async () => (await end()) > head)
    }
    await seat(at, { clock: hands(), meddling: { before } })
    // No clock moves: whoever says only at the next beat how far it has heard is waited for without end.
    await ended
    expect(one.standing.state().barriers).toMatchObject({ count: 1, longest: 0 })
  })

  test('what a node revokes alone it tells at most every 50 ms, and not with each deed', async () => {
    const at = await place()
    const tables = await beneath(at)
    let writes = 0
    const before = (what: 'read' | 'write') => {
      writes += what === 'write' ? 1 : 0
      return undefined
    }
    // Its clock stands still: no beat is due.
    const { store } = await seat(at, { clock: hands(), meddling: { before } })
    await settle(store)
    await beaten(tables)
    const [already, began] = [writes, performance.now()]
    for (let n = 0; n < 20; n++) await change(store, { role: n % 2 ? 'viewer' : 'member' })
    expect(writes - already).toBeLessThanOrEqual((performance.now() - began) / 50)
    const told = async () => {
      const [row] = await tables.run('select applied, head from nodes, feed')
      return Number(row?.head) > 0 && Number(row?.applied) === Number(row?.head)
    }
    await until(told)
  })

  test('whoever comes upon what another has revoked alone waits until that one has told, and no longer', async () => {
    const { all, tables } = await seats(2)
    const [one, other] = all as [Seat, Seat]
    await beaten(tables)
    await endOne(one.store)
    // No clock moves: a node that told at its next beat would be waited for without end.
    await endOne(other.store)
    expect(other.standing.state().barriers).toMatchObject({ count: 1, longest: 0 })
  })

  test('whoever revokes waits for what there was then, not for what others revoke meanwhile', async () => {
    const at = await place()
    const tables = await beneath(at)
    let reads = 0
    const meddling: Meddling = { reads: () => (reads += 1) }
    const one = await seat(at, { clock: hands(), meddling })
    const other = await seat(at, { clock: hands() })
    await settle(one.store)
    await tables.run(`insert into nodes (id, lease, applied, beats) values ('slow', 400, -1, 1)`)
    const end = async () => Number((await tables.run('select head from feed'))[0]?.head)
    const hears = (head: number) =>
      tables.run(`update nodes set applied = ${head} where id = 'slow'`)
    const first = change(one.store, { role: 'viewer' })
    await until(async () => (await end()) === 1)
    // Two looks after the commit: the first of them has come back.
    const seen = reads
    await until(() => reads > seen + 2)
    const second = change(other.store, { role: 'member' })
    await until(async () => (await end()) === 2)
    await hears(1)
    await first
    await hears(2)
    await second
  })

  test.each([
    ['an entry is missing', `update feed set head = head + 1`],
    [
      'the feed ends before what was heard',
      `delete from revocations where seq > 0; update feed set head = head - 1`,
    ],
    ['the epoch is another one', `update instance set epoch = epoch + 1`],
    ['the node was forgotten', `delete from nodes`],
    ['its row is of another time', `update nodes set beats = beats - 1`],
  ])('trap 4: %s, and everything is forgotten', async (_, tampering) => {
    const { all, clocks, tables } = await seats(2)
    const [one, other] = all as [Seat, Seat]
    // The feed has an entry, which both have heard.
    await change(one.store, { displayName: 'Ada' })
    await learn(one)
    expect(knows(one)).toBe(true)
    for (const one of tampering.split(';')) await tables.run(one)
    await until(() => one.node.memory.size === 0)
    await until(() => one.node.fresh())
    expect(knows(one)).toBe(false)
    // It is a node like any other again.
    clocks[0]?.pass(1)
    await learn(one)
    await endOne(other.store)
    expect(knows(one)).toBe(false)
  })

  test('trap 6: a slow answer shortens the lease, which counts from the sending', async () => {
    const clock = hands()
    const meddling: Meddling = {}
    const node = await seat(await place(), { clock, meddling })
    await settle(node.store)
    await learn(node)
    meddling.before = (what) => {
      if (what === 'read') clock.pass(900)
      return undefined
    }
    clock.pass(1_000)
    await until(() => node.standing.state().leaseAge === 900)
    const stuck = sticking(meddling)
    expect(knows(node)).toBe(true)
    clock.pass(100)
    expect(knows(node)).toBe(false)
    stuck.free()
  })

  test('trap 7: a dead node is waited for as long as it may have a lease, and forgotten in the end', async () => {
    const at = await place()
    const node = await seat(at, { lease: 250 })
    const tables = await beneath(at)
    await settle(node.store)
    await tables.run(`insert into nodes (id, lease, applied, beats) values ('dead', 400, -1, 1)`)
    const began = performance.now()
    await change(node.store, { role: 'viewer' })
    // The longest lease of all rows, not the own.
    expect(performance.now() - began).toBeGreaterThanOrEqual(440)
    expect(performance.now() - began).toBeLessThan(1_000)
    await until(async () => (await tables.run('select id from nodes')).length === 1)
    // Ten leases of its own, watched.
    expect(performance.now() - began).toBeGreaterThan(4_000)
    const again = performance.now()
    await change(node.store, { role: 'member' })
    expect(performance.now() - again).toBeLessThan(400)
  })

  test('a node whose beats are not acknowledged has no lease after five, however well it reads', async () => {
    const clock = hands()
    const meddling: Meddling = {}
    const node = await seat(await place(), { clock, meddling })
    await settle(node.store)
    await learn(node)
    const stuck = sticking(meddling, 'write')
    for (let age = 0; age < 4_900; age += 700) {
      clock.pass(700)
      await until(() => node.standing.state().leaseAge === 0)
    }
    expect([clock.age, knows(node)]).toEqual([4_900, true])
    clock.pass(100)
    await until(() => node.standing.state().leaseAge === 0)
    expect(knows(node)).toBe(false)
    stuck.free()
    await until(() => knows(node))
  })

  test('without the database nothing is answered after a lease, and all of it soon after it is back', async () => {
    const clock = hands()
    const meddling: Meddling = {}
    const node = await seat(await place(), { clock, meddling })
    await settle(node.store)
    await learn(node)
    const told: Heard[] = []
    node.standing.watch([subjectOf('sessions', 'one')], (heard) => told.push(heard))
    meddling.before = () => Promise.reject(new Unavailable('cut'))
    clock.pass(1_000)
    expect(knows(node)).toBe(false)
    expect(told).toEqual([])
    clock.pass(1_000)
    await until(() => told.length > 0)
    expect(told).toEqual(['lost'])
    delete meddling.before
    await until(() => knows(node))
    expect(told).toEqual(['lost'])
  })

  test('whoever watches is told, here at once and elsewhere before it is answered', async () => {
    const { all } = await seats(2)
    const [one, other] = all as [Seat, Seat]
    const told: string[] = []
    const stops = [one, other].map((here, at) =>
      here.standing.watch([subjectOf('sessions', 'one'), subjectOf('users', 'ada')], (heard) =>
        told.push(`${at} ${heard}`),
      ),
    )
    await change(one.store, { lastLoginAt: noon })
    expect(told).toEqual([])
    await endOne(one.store)
    // More than once, where it was done.
    expect(new Set(told)).toEqual(new Set(['0 changed', '1 changed']))
    stops[1]?.()
    told.length = 0
    await change(other.store, { role: 'viewer' })
    expect(told).toEqual(['0 changed'])
  })

  test('a node that leaves is waited for by nobody', async () => {
    const { all, tables } = await seats(2)
    const [one, other] = all as [Seat, Seat]
    await other.node.close()
    expect(other.node.fresh()).toBe(false)
    expect(await tables.run('select id from nodes')).toEqual([{ id: one.node.id }])
    await endOne(one.store)
    expect(one.standing.state().barriers.longest).toBe(0)
  })

  test('old entries are removed, and a node that has not heard them begins anew', async () => {
    const at = await place()
    const tables = await beneath(at)
    const node = await seat(at, { lease: 250 })
    await settle(node.store)
    await learn(node)
    await tables.run(`insert into revocations (seq, subjects, at)
      with recursive n(seq) as (select 1 union all select seq + 1 from n where seq < 10020)
      select seq, 'users:nobody', 0 from n`)
    await tables.run(`update feed set head = 10020`)
    await until(() => node.node.memory.size === 0)
    await until(
      async () => (await tables.run('select seq from revocations where seq <= 20')).length === 0,
    )
    expect(node.standing.state()).toMatchObject({ fresh: true, feedLag: 0 })
  })
})
