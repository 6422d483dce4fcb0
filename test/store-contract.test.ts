/**
 * What every database promises, shown on each: a step is atomic and commits only while all it was
 * shown still holds. Every race is forced, and every guard is shown to be what held it.
 *
 * @module
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  auditOf,
  everySession,
  instance,
  owners,
  people,
  peopleOf,
  type Store,
  session,
  sessionsOf,
  user,
  userNamed,
} from '../src/ports.ts'
import { type AuditRow, type ChainHead, event, macOf } from '../src/rules/audit.ts'
import type { Place } from '../src/rules/cursor.ts'
import { forget, keep, type Step } from '../src/rules/step.ts'
import { hour } from '../src/rules/time.ts'
import {
  auditKey,
  beneath,
  careless,
  noon,
  open,
  person,
  places,
  sessionOf,
  settable,
  storeOn,
} from './store/bed.ts'
import { atOnce, type Mutation, meeting, mutations, newTally, watched } from './store/race.ts'
import { rivals } from './store/rivals.ts'

const signedIn = event('auth.signed_in', 'success')

const add = (store: Store, ...people: readonly ReturnType<typeof person>[]) =>
  store.step({}, () => ({ verdict: undefined, keep: people.map((one) => keep('users', one)) }))

const addSession = (store: Store, one: ReturnType<typeof sessionOf>) =>
  store.step({}, () => ({ verdict: undefined, keep: [keep('sessions', one)] }))

/** Signs in: at most five at once, the oldest goes. */
const signIn = (store: Store, userId: string, id: string) =>
  store.step({ user: user(userId), live: sessionsOf(userId) }, ({ live }, now) => ({
    verdict: live.length,
    keep: [
      ...live
        .slice(4)
        .map((one) => keep('sessions', { ...one, endedAt: now, endReason: 'evicted' as const })),
      keep('sessions', sessionOf(userId, id, { createdAt: now })),
    ],
    record: [signedIn],
  }))

/** Counts one up: the version of a user stands for any number. */
const increment = (store: Store, id: string) =>
  store.step({ user: user(id) }, ({ user }): Step<void> => {
    if (!user) throw new Error('gone')
    return {
      verdict: undefined,
      keep: [keep('users', { ...user, version: user.version + 1 })],
      record: [signedIn],
    }
  })

/** All that a list holds, page by page. */
async function everything<T extends { id: string }>(
  page: (after: Place | undefined) => Promise<readonly T[]>,
  placeOf: (one: T) => Place = (one) => one as unknown as Place,
): Promise<T[]> {
  const all: T[] = []
  for (;;) {
    const last = all.at(-1)
    const next = await page(last && placeOf(last))
    if (next.length === 0) return all
    all.push(...next)
  }
}

/** As many stores as competitors, over two nodes, none committing before all have read. */
async function competitors(place: string, count: number, mutation?: Mutation) {
  const tally = newTally()
  const before = meeting(count)
  const nodes = await atOnce(2, () => open(place))
  const seen = nodes.map((node) => watched(node, { before, mutation, tally }))
  // A store each, for steps of one store over the same records would queue and never meet.
  const stores = Array.from({ length: count }, (_, n) => storeOn(seen[n % 2] as (typeof seen)[0]))
  return { stores, tally }
}

describe.each(Object.entries(places))('%s', (_, fresh) => {
  /** A place with Ada in it, and a store that no race touches. */
  async function withAda(clock = settable()) {
    const place = await fresh()
    const database = await open(place, clock)
    const store = storeOn(database)
    await add(store, person('ada'))
    return { place, database, store, clock }
  }

  test('what was kept is found, by any key, and nothing hidden with it', async () => {
    const { store } = await withAda()
    expect(await store.find(user('ada'))).toEqual(person('ada'))
    expect(await store.find(userNamed('ada'))).toEqual(person('ada'))
    expect(await store.find(user('bob'))).toBeUndefined()
    expect(await store.find(instance())).toMatchObject({ id: 'instance', epoch: 1 })
    await store.ping()
  })

  test('a fact comes back as it was kept, whatever text and number it holds', async () => {
    const { store } = await withAda()
    const text = fc.string({ unit: 'binary', maxLength: 40 })
    let count = 0
    await fc.assert(
      fc.asyncProperty(text, text, fc.nat(), fc.maxSafeInteger(), async (a, b, version, at) => {
        const id = `user ${count++}`
        const kept = person(id, { displayName: a, scopes: b, createdAt: at })
        await add(store, { ...kept, version: version % 2 ** 31 })
        const storable = (said: string) => said.toWellFormed().replaceAll('\0', '\ufffd')
        expect(await store.find(user(id))).toEqual({
          ...kept,
          displayName: storable(a),
          scopes: storable(b),
          version: version % 2 ** 31,
        })
      }),
      { numRuns: 40 },
    )
  })

  test('a list shows its live members, newest first, then by id', async () => {
    const { store, clock } = await withAda()
    const members = [
      sessionOf('ada', 'b', { createdAt: noon }),
      sessionOf('ada', 'a', { createdAt: noon }),
      sessionOf('ada', 'newest', { createdAt: noon + 1 }),
      sessionOf('ada', 'ended', { endedAt: noon, endReason: 'logout' }),
      sessionOf('ada', 'idle', { idleUntil: noon }),
      sessionOf('ada', 'over', { expiresAt: noon }),
      sessionOf('ada', 'idle soon', { idleUntil: noon + 1 }),
    ]
    for (const one of members) await addSession(store, one)
    const ids = async () => (await store.find(sessionsOf('ada'))).map(({ id }) => id)
    expect(await ids()).toEqual(['newest', 'a', 'b', 'idle soon'])
    clock.at += 1
    expect(await ids()).toEqual(['newest', 'a', 'b'])
    expect(await store.find(sessionsOf('bob'))).toEqual([])
  })

  test('pages follow each other without a gap or a repetition', async () => {
    const { store } = await withAda()
    for (let n = 0; n < 23; n++) {
      await addSession(store, sessionOf('ada', `s${n}`, { createdAt: noon + (n % 3) }))
    }
    const all = await store.find(sessionsOf('ada'))
    const paged: (typeof all)[number][] = []
    for (;;) {
      const page = await store.page(sessionsOf('ada'), { after: paged.at(-1), limit: 5 })
      if (page.length === 0) break
      paged.push(...page)
    }
    expect(paged).toEqual(all)
    expect(paged).toHaveLength(23)
  })

  test('what is void by its user’s version or the instance’s epoch is in no list', async () => {
    const { store, place } = await withAda()
    await add(store, person('bob', { version: 7 }))
    await addSession(store, sessionOf('ada', 'ada of before', { userVersion: 0 }))
    await addSession(store, sessionOf('ada', 'ada'))
    await addSession(store, sessionOf('bob', 'bob', { userVersion: 7, createdAt: noon + 1 }))
    await addSession(store, sessionOf('bob', 'bob of before', { userVersion: 6 }))
    const ids = async (userId: string) => (await store.find(sessionsOf(userId))).map(({ id }) => id)
    const everybody = async () =>
      (await store.page(everySession(), { limit: 10 })).map(({ id }) => id)
    expect([await ids('ada'), await ids('bob')]).toEqual([['ada'], ['bob']])
    expect(await everybody()).toEqual(['bob', 'ada'])
    await increment(store, 'bob')
    expect([await ids('bob'), await everybody()]).toEqual([[], ['ada']])
    await (await beneath(place)).run('update instance set epoch = epoch + 1')
    expect([await ids('ada'), await everybody()]).toEqual([[], []])
  })

  test('everybody’s live sessions follow each other, in order under equal times', async () => {
    const { store, clock } = await withAda()
    await add(store, person('bob'))
    for (let n = 0; n < 23; n++) {
      const owner = n % 2 ? 'ada' : 'bob'
      const more = { createdAt: noon + (n % 3), ...(n === 22 && { idleUntil: noon + 1 }) }
      await addSession(store, sessionOf(owner, `s${String(n).padStart(2, '0')}`, more))
    }
    await addSession(store, sessionOf('bob', 'ended', { endedAt: noon, endReason: 'logout' }))
    clock.at += 1
    const paged = await everything((after) => store.page(everySession(), { after, limit: 5 }))
    const expected = [...paged].sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
    expect(paged.map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
    expect(new Set(paged.map(({ id }) => id)).size).toBe(22)
    expect(paged[0]).toEqual(sessionOf('bob', 's02', { createdAt: noon + 2 }))
  })

  test('everybody’s live sessions are found behind thousands that have idled out, a slice at a time', async () => {
    const { store, place } = await withAda()
    const { run } = await beneath(place)
    const ends = [sessionOf('ada', 'newest', { createdAt: noon + 9_000 })]
    ends.push(sessionOf('ada', 'middle', { createdAt: noon + 4_500, idleUntil: noon + hour }))
    ends.push(sessionOf('ada', 'oldest', { createdAt: noon - 1 }))
    for (const one of ends) await addSession(store, one)
    const columns = Object.keys(ends[0] ?? {})
    const own: Record<string, string> = {
      id: `'over' || n`,
      createdAt: 'cast(n as bigint) + o."createdAt" - 9000',
      idleUntil: '1',
    }
    await run(`with recursive n(n) as (select 0 union all select n + 1 from n where n < 8999)
      insert into sessions (${columns.map((name) => `"${name}"`).join()}, revision)
      select ${columns.map((name) => own[name] ?? `o."${name}"`).join()}, 'by hand'
      from (select * from sessions where id = 'newest') o, n`)

    let turns = 0
    let over = false
    const counting = (async () => {
      for (; !over; turns++) await turn()
    })()
    const page = await store.page(everySession(), { limit: 10 })
    over = true
    await counting
    expect(page.map(({ id }) => id)).toEqual(['newest', 'middle', 'oldest'])
    // Others had their turn after each thousand.
    expect(turns).toBeGreaterThan(8)
    const all = await everything((after) => store.page(everySession(), { after, limit: 1 }))
    expect(all.map(({ id }) => id)).toEqual(['newest', 'middle', 'oldest'])
  })

  test('people are listed newest first, the deleted are not, and names are found however spelled', async () => {
    const { store } = await withAda()
    await add(
      store,
      person('bob', { createdAt: noon + 2, displayName: 'Ädele 100%' }),
      person('carl', { createdAt: noon + 2, displayName: 'ＡＤＡ the Second' }),
      person('dora', { createdAt: noon + 1, deletedAt: noon, username: 'deleted:ada' }),
      person('emil', { createdAt: noon + 3, displayName: 'x_y' }),
    )
    const found = async (text?: string) =>
      (await store.page(people(text), { limit: 10 })).map(({ id }) => id)
    expect(await found()).toEqual(['emil', 'bob', 'carl', 'ada'])
    expect(await found('')).toEqual(['emil', 'bob', 'carl', 'ada'])
    expect(await found('ADA')).toEqual(['carl', 'ada'])
    expect(await found('äDELE')).toEqual(['bob'])
    expect([await found('%'), await found('_'), await found("'")]).toEqual([['bob'], ['emil'], []])
    expect((await store.page(peopleOf(['dora', 'ada']), { limit: 2 })).map(({ id }) => id)).toEqual(
      ['dora', 'ada'],
    )
  })

  test('a name is found behind thousands of others, page by page', async () => {
    const { store } = await withAda()
    for (let n = 0; n < 5; n++) {
      const some = Array.from({ length: 500 }, (_, i) => {
        const id = `p${n * 500 + i}`
        return person(id, { createdAt: noon + (i % 7), ...(i % 250 === 0 && { displayName: 'Ö' }) })
      })
      await add(store, ...some)
    }
    const all = await everything((after) => store.page(people('ö'), { after, limit: 3 }))
    expect(new Set(all.map(({ id }) => id)).size).toBe(10)
    expect(all).toHaveLength(10)
  })

  test('what was recorded about somebody is listed, newest first', async () => {
    const { store, clock } = await withAda()
    for (let n = 0; n < 12; n++) {
      const subject = n % 4 === 0 ? 'user:bob' : 'user:ada'
      clock.at += n % 3
      const record = [event('auth.refused', 'refused', { subject, reason: `${n}` })]
      await store.step({}, () => ({ verdict: 0, record }))
    }
    const paged = await everything(
      (after) => store.page(auditOf('user:ada'), { after, limit: 2 }),
      ({ at, id }) => ({ createdAt: at, id }),
    )
    expect(paged.map(({ reason }) => reason).sort()).toEqual(
      ['1', '2', '3', '5', '6', '7', '9', '10', '11'].sort(),
    )
    expect(paged.map(({ at }) => at)).toEqual(paged.map(({ at }) => at).sort((a, b) => b - a))
  })

  test('thirty sign-ins at once never pass the limit of five (SESS-02)', async () => {
    const { place, store } = await withAda()
    const { stores, tally } = await competitors(place, 30)
    let most = 0
    let looks = 0
    let over = false
    const auditor = (async () => {
      while (!over) {
        most = Math.max(most, (await store.find(sessionsOf('ada'))).length)
        looks += 1
        // SQLite answers without a turn of the event loop; the others need one.
        await turn()
      }
    })()
    await atOnce(30, (n) => signIn(stores[n] as Store, 'ada', `s${n}`))
    over = true
    await auditor

    expect(tally.together).toBe(30)
    expect(tally.lost).toBeGreaterThan(28)
    expect(looks).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(5)
    expect(await store.find(sessionsOf('ada'))).toHaveLength(5)
    const recorded = await (await beneath(place)).run('select id from audit')
    expect(recorded).toHaveLength(30)
  })

  test('… and pass it when the owner of a list is not moved', async () => {
    const { place, store } = await withAda()
    const { stores, tally } = await competitors(place, 30, mutations['owners are not moved'])
    await atOnce(30, (n) => signIn(stores[n] as Store, 'ada', `s${n}`))
    expect(tally.together).toBe(30)
    expect((await store.find(sessionsOf('ada'))).length).toBeGreaterThan(5)
  })

  describe('twenty set-ups at once', () => {
    const claim = (store: Store, id: string) =>
      store.step({ instance: instance() }, ({ instance }, now) =>
        !instance || instance.claimedAt !== null
          ? { verdict: 'late' }
          : {
              verdict: 'claimed',
              keep: [
                keep('instance', { ...instance, claimedAt: now }),
                keep('users', person(id, { role: 'owner' })),
              ],
              record: [event('instance.claimed', 'success')],
            },
      )
    const race = async (mutation?: Mutation) => {
      const place = await fresh()
      const { stores, tally } = await competitors(place, 20, mutation)
      const verdicts = await atOnce(20, (n) => claim(stores[n] as Store, `owner${n}`))
      expect(tally.together).toBe(20)
      const owners = await (await beneath(place)).run('select id from users')
      return { claimed: verdicts.filter((verdict) => verdict === 'claimed').length, owners, tally }
    }

    test('make one owner', async () => {
      const { claimed, owners, tally } = await race()
      expect({ claimed, owners: owners.length, lost: tally.lost }).toEqual({
        claimed: 1,
        owners: 1,
        lost: 19,
      })
    })

    test('… and more when revisions are not compared', async () => {
      const { owners } = await race(mutations['revisions are not compared'])
      expect(owners.length).toBeGreaterThan(1)
    })
  })

  describe('a change whose record cannot be written', () => {
    const tampered = async (mutation?: Mutation) => {
      const { place, database, store } = await withAda()
      await (await beneath(place)).run('drop table audit')
      const change = increment(storeOn(watched(database, { mutation })), 'ada')
      const outcome = await change.then(
        () => 'done',
        (error: Error) => error.name,
      )
      return { outcome, version: (await store.find(user('ada')))?.version }
    }

    test('is undone, with a fault', async () => {
      expect(await tampered()).toEqual({ outcome: expect.stringMatching(/error/i), version: 1 })
    })

    test('… and is not when nothing is recorded', async () => {
      const unrecorded = await tampered(mutations['nothing is recorded'])
      expect(unrecorded).toEqual({ outcome: 'done', version: 2 })
    })
  })

  describe('increments at once', () => {
    const race = async (mutation?: Mutation) => {
      const { place, store } = await withAda()
      const { stores, tally } = await competitors(place, 40, mutation)
      await atOnce(40, (n) => increment(stores[n] as Store, 'ada'))
      expect(tally.together).toBe(40)
      return { version: (await store.find(user('ada')))?.version, tally }
    }

    test('lose none', async () => {
      const { version, tally } = await race()
      expect(version).toBe(41)
      expect(tally.lost).toBeGreaterThanOrEqual(39)
    })

    test('… and lose some when revisions are not compared', async () => {
      const { version } = await race(mutations['revisions are not compared'])
      expect(version).toBeLessThan(41)
    })

    test('of one process queue up, so that none is tried twice', async () => {
      const { database, store } = await withAda()
      const tally = newTally()
      const queued = storeOn(watched(database, { tally }))
      await atOnce(100, () => increment(queued, 'ada'))
      expect(await store.find(user('ada'))).toMatchObject({ version: 101 })
      expect(tally).toEqual({ lost: 0, together: 1, waiting: 0, done: 100 })
    })
  })

  describe('one name for ten people at once', () => {
    const register = (store: Store, id: string) =>
      store.step({ holder: userNamed('grace') }, ({ holder }) =>
        holder
          ? { verdict: 'taken' }
          : { verdict: 'made', keep: [keep('users', person(id, { username: 'grace' }))] },
      )
    const made = async (stores: readonly Store[]) => {
      const verdicts = await atOnce(10, (n) => register(stores[n] as Store, `grace${n}`))
      return verdicts.filter((verdict) => verdict === 'made').length
    }

    test('goes to one of them, and the others are told', async () => {
      const { stores, tally } = await competitors(await fresh(), 10)
      expect(await made(stores)).toBe(1)
      expect(tally).toMatchObject({ together: 10, lost: 9 })
    })

    test('… and all believe they have it when a write may meet no row', async () => {
      const place = await fresh()
      const node = await open(place)
      const before = meeting(10)
      const blind = watched(await careless(place, node), { before })
      expect(await made(Array.from({ length: 10 }, () => storeOn(blind)))).toBe(10)
    })

    test('is a fault for a step that never asked who has it', async () => {
      const { store } = await withAda()
      await expect(add(store, person('eve', { username: 'ada' }))).rejects.toThrow(/50 tries/)
    })
  })

  describe('two owners who demote each other', () => {
    const demote = (store: Store, by: string, whom: string) =>
      store.step({ by: user(by), whom: user(whom) }, ({ by, whom }) =>
        by?.role === 'owner' && whom?.role === 'owner'
          ? { verdict: 'demoted', keep: [keep('users', { ...whom, role: 'member' })] }
          : { verdict: 'refused' },
      )
    const race = async (mutation?: Mutation) => {
      const place = await fresh()
      const { stores, tally } = await competitors(place, 2, mutation)
      const [one, two] = stores as [Store, Store]
      const quiet = storeOn(await open(place))
      await add(quiet, person('a', { role: 'owner' }), person('b', { role: 'owner' }))
      await Promise.all([demote(one, 'a', 'b'), demote(two, 'b', 'a')])
      expect(tally.together).toBe(2)
      const people = await Promise.all([quiet.find(user('a')), quiet.find(user('b'))])
      return { owners: people.filter((one) => one?.role === 'owner').length, tally }
    }

    test('leave one owner: what was only shown is checked too', async () => {
      for (let round = 0; round < 5; round++) {
        const { owners, tally } = await race()
        expect({ owners, lost: tally.lost }).toEqual({ owners: 1, lost: 1 })
      }
    })

    test('… and none when it is not', async () => {
      const { owners } = await race(mutations['what was only shown is not checked'])
      expect(owners).toBe(0)
    })
  })

  describe('two owners who step down at once', () => {
    /** Each is shown himself and the list; neither is shown the other. */
    const stepDown = (store: Store, id: string) =>
      store.step({ me: user(id), owners: owners() }, ({ me, owners }) =>
        me && owners.length > 1
          ? { verdict: 'gone', keep: [keep('users', { ...me, role: 'member' })] }
          : { verdict: 'last' },
      )
    const race = async (mutation?: Mutation) => {
      const place = await fresh()
      const { stores, tally } = await competitors(place, 2, mutation)
      const [one, two] = stores as [Store, Store]
      const quiet = storeOn(await open(place))
      await add(quiet, person('a', { role: 'owner' }), person('b', { role: 'owner' }))
      const verdicts = await Promise.all([stepDown(one, 'a'), stepDown(two, 'b')])
      expect(tally.together).toBe(2)
      return { verdicts, left: (await quiet.find(owners())).length }
    }

    test('leave one: the list is guarded by the instance', async () => {
      for (let round = 0; round < 5; round++) {
        const { verdicts, left } = await race()
        expect([left, verdicts.sort()]).toEqual([1, ['gone', 'last']])
      }
    })

    test('… and none when owners are not moved', async () => {
      expect((await race(mutations['owners are not moved'])).left).toBe(0)
    })

    test('whoever becomes one, goes, or is disabled moves the instance; nobody else does', async () => {
      const { store, place } = await withAda()
      const tables = await beneath(place)
      const moves = async (deed: () => Promise<unknown>) => {
        const [before] = await tables.run('select revision from instance')
        await deed()
        const [after] = await tables.run('select revision from instance')
        return before?.revision !== after?.revision
      }
      const become = (more: Partial<ReturnType<typeof person>>) => () =>
        store.step({ ada: user('ada') }, ({ ada }) => ({
          verdict: 0,
          keep: ada ? [keep('users', { ...ada, ...more })] : [],
        }))
      expect(await moves(become({ role: 'admin' }))).toBe(false)
      expect(await moves(become({ role: 'owner' }))).toBe(true)
      expect(await moves(become({ lastLoginAt: noon }))).toBe(false)
      expect(await moves(become({ disabledAt: noon }))).toBe(true)
      expect(await moves(become({ role: 'member' }))).toBe(false)
      expect(await moves(() => add(store, person('o', { role: 'owner' })))).toBe(true)
      expect(await moves(() => add(store, person('m')))).toBe(false)
    })
  })

  describe('what happens between a reading and its commit', () => {
    /** How often a rule over `asked` is shown the world while `meanwhile` happens once. */
    async function shownWhile(
      asked: Parameters<Store['step']>[0],
      meanwhile: (store: Store) => Promise<unknown>,
      mutation?: Mutation,
    ) {
      const { place, store } = await withAda()
      await add(store, person('bob'))
      for (const id of ['s1', 's2']) await addSession(store, sessionOf('ada', id))
      // The rival is mutated as well: it may be the one that leaves a guard away.
      const rival = storeOn(watched(await open(place), { mutation }))
      let happened = false
      const before = async () => {
        if (happened) return
        happened = true
        await meanwhile(rival)
      }
      const node = watched(await open(place), { before, mutation })
      let shown = 0
      await storeOn(node).step(asked, () => {
        shown += 1
        return { verdict: undefined, record: [signedIn] }
      })
      return shown
    }

    const remake = async (store: Store) => {
      await store.step({ bob: user('bob') }, () => ({
        verdict: undefined,
        keep: [forget('users', 'bob')],
      }))
      await add(store, person('bob'))
    }
    const touch = (store: Store) =>
      store.step({ one: session('s1') }, ({ one }) => ({
        verdict: undefined,
        keep: one ? [keep('sessions', { ...one, idleUntil: one.idleUntil + hour })] : [],
      }))
    const end = (store: Store) =>
      store.step({ one: session('s1') }, ({ one }, now) => ({
        verdict: undefined,
        keep: one ? [keep('sessions', { ...one, endedAt: now, endReason: 'logout' })] : [],
      }))
    const drop = (store: Store) =>
      store.step({ one: session('s1') }, () => ({
        verdict: undefined,
        keep: [forget('sessions', 's1')],
      }))
    const enter = (store: Store) => addSession(store, sessionOf('ada', 's3'))

    const blind = mutations['what was only shown is not checked']
    const unmoved = mutations['owners are not moved']
    test.each([
      ['a record forgotten and made anew, though equal', user('bob'), remake, 2, blind],
      ['a record changed', session('s1'), touch, 2, blind],
      ['a list gains a member, unasked', sessionsOf('ada'), enter, 2, unmoved],
      ['a list loses a member that ends', sessionsOf('ada'), end, 2, unmoved],
      ['a list loses a member that is forgotten', sessionsOf('ada'), drop, 2, unmoved],
    ])('%s: shown anew', async (_, ref, meanwhile, times, mutation) => {
      expect(await shownWhile({ ref }, meanwhile)).toBe(times)
      expect(await shownWhile({ ref }, meanwhile, mutation)).toBe(1)
    })

    test.each([
      ['a member of a list only moves its instants', sessionsOf('ada'), touch],
      ['another record changes', user('bob'), (store: Store) => increment(store, 'ada')],
    ])('%s: nothing is lost', async (_, ref, meanwhile) => {
      expect(await shownWhile({ ref }, meanwhile)).toBe(1)
    })
  })

  test('a rule that throws writes nothing and holds nobody up', async () => {
    const { store } = await withAda()
    const broken = store.step({ user: user('ada') }, () => {
      throw new Error('a mistake')
    })
    const after = increment(store, 'ada')
    await expect(broken).rejects.toThrow('a mistake')
    await after
    expect(await store.find(user('ada'))).toMatchObject({ version: 2 })
  })

  test('mistakes of a rule are faults: forgetting the unseen, changing one record twice', async () => {
    const { store } = await withAda()
    const unseen = store.step({}, () => ({ verdict: 0, keep: [forget('users', 'ada')] }))
    await expect(unseen).rejects.toThrow('without having seen it')
    const twice = [keep('users', person('bob')), keep('users', person('bob'))]
    await expect(store.step({}, () => ({ verdict: 0, keep: twice }))).rejects.toThrow('twice')
    const odd = { ...sessionsOf('ada'), by: 'address' }
    await expect(store.step({ odd }, () => ({ verdict: 0 }))).rejects.toThrow('no list of sessions')
  })

  describe('the audit chain', () => {
    /** The first thing wrong with what is kept, if anything. */
    async function flaw(place: string): Promise<string | undefined> {
      const tables = await beneath(place)
      const rows = (await tables.run(
        'select * from audit order by chain, seq',
      )) as unknown as AuditRow[]
      const heads = (await tables.run('select * from audit_chains')) as unknown as ChainHead[]
      const ends = new Map(rows.map(({ chain }) => [chain, { seq: 0, mac: '' }]))
      for (const row of rows) {
        const end = ends.get(row.chain) ?? { seq: 0, mac: '' }
        // A bigint is text to the bare driver of PostgreSQL.
        const read = { ...row, seq: Number(row.seq), at: Number(row.at) }
        if (read.seq !== end.seq + 1) return `gap before ${read.seq}`
        if (macOf(auditKey, end.mac, read) !== read.mac) return `altered at ${read.seq}`
        ends.set(row.chain, { seq: read.seq, mac: read.mac })
      }
      for (const { chain, seq, mac } of heads) {
        if (ends.get(chain)?.seq !== Number(seq) || ends.get(chain)?.mac !== mac) return 'cut'
      }
      return heads.length === ends.size ? undefined : 'a chain without an end'
    }

    /** Two nodes, forty records, odd text among them. */
    async function recorded() {
      const { place } = await withAda()
      const nodes = (await atOnce(2, () => open(place))).map(storeOn)
      const odd = event('auth.refused', 'refused', { reason: 'bad \0 \ud800 name', details: '{}' })
      await atOnce(40, (n) =>
        (nodes[n % 2] as Store).step({}, () => ({ verdict: 0, record: [signedIn, odd] })),
      )
      return place
    }

    test('verifies over two nodes that write at once', async () => {
      const place = await recorded()
      const tables = await beneath(place)
      expect(await flaw(place)).toBeUndefined()
      expect(await tables.run('select id from audit')).toHaveLength(80)
      const chains = await tables.run('select chain from audit_chains')
      expect(chains.length).toBeGreaterThanOrEqual(2)
    })

    test.each([
      ['an edit', `update audit set outcome = 'success' where seq = 2`, /altered at 2/],
      ['a deletion', 'delete from audit where seq = 3', /gap before 4/],
      ['a cut', 'delete from audit where seq > 3', /cut/],
      ['a record moved in time', 'update audit set at = at + 1 where seq = 1', /altered at 1/],
    ])('shows %s', async (_, tampering, found) => {
      const place = await recorded()
      await (await beneath(place)).run(tampering)
      expect(await flaw(place)).toMatch(found)
    })

    test('shows a swap', async () => {
      const place = await recorded()
      const tables = await beneath(place)
      for (const [from, to] of [
        [1, 1000],
        [2, 1],
        [1000, 2],
      ]) {
        await tables.run(`update audit set seq = ${to} where seq = ${from}`)
      }
      expect(await flaw(place)).toMatch('altered at 1')
    })

    test('goes on in a new chain when its end was tampered with', async () => {
      const { place, store } = await withAda()
      await increment(store, 'ada')
      await (await beneath(place)).run(`update audit_chains set mac = 'x'`)
      await increment(store, 'ada')
      expect(await store.find(user('ada'))).toMatchObject({ version: 3 })
      expect(await flaw(place)).toBe('cut')
    })
  })

  describe('four processes', () => {
    const race = async (mutation?: keyof typeof mutations) => {
      const place = await fresh()
      const processes = await rivals(4, place)
      const store = storeOn(await open(place))
      await add(store, person('ada', { version: 0 }))
      const { lost } = await processes.count(50, mutation)
      const version = (await store.find(user('ada')))?.version
      return { version, lost, instances: new Set(processes.instanceIds).size }
    }

    test('that start on an empty database and count 50 times each lose none of 200', async () => {
      const { version, lost, instances } = await race()
      expect({ version, instances }).toEqual({ version: 200, instances: 1 })
      // The first steps of all four have read the same record, by force.
      expect(lost).toBeGreaterThanOrEqual(3)
    })

    test('… and lose some when revisions are not compared', async () => {
      const { version } = await race('revisions are not compared')
      expect(version).toBeLessThanOrEqual(197)
    })
  })

  test('eight nodes that start at once on an empty database make one schema', async () => {
    const place = await fresh()
    const nodes = await atOnce(8, () => open(place))
    expect(new Set(nodes.map(({ instanceId }) => instanceId)).size).toBe(1)
    const tables = await beneath(place)
    const made = readdirSync(join(import.meta.dirname, '../src/stores/migrations'))
    expect(await tables.run('select name from migrations')).toHaveLength(made.length)
    expect(await tables.run('select id from instance')).toHaveLength(1)
  })

  test('a database of a newer version is refused and left as it is', async () => {
    const { place } = await withAda()
    const tables = await beneath(place)
    await tables.run(`insert into migrations (name) values ('9999-later')`)
    await expect(open(place)).rejects.toThrow(/newer Sallyport \(9999-later\)/)
    expect(await tables.run('select id from users')).toHaveLength(1)
  })

  test('there is one instance row, for ever', async () => {
    const { place } = await withAda()
    const tables = await beneath(place)
    const second = tables.run(
      `insert into instance (id, "instanceId", epoch, revision) values ('other', 'x', 1, 'r')`,
    )
    await expect(second).rejects.toThrow()
  })

  test('forgetting a person takes the sessions along', async () => {
    const { store } = await withAda()
    await signIn(store, 'ada', 's1')
    await store.step({ ada: user('ada') }, () => ({ verdict: 0, keep: [forget('users', 'ada')] }))
    expect(await store.find(session('s1'))).toBeUndefined()
  })
})
