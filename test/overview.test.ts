/**
 * How things stand, in figures, on both databases: right where there is little, and never counted so
 * far that anybody else would wait for it.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { hour, minute } from '../src/rules/time.ts'
import type { Overview } from '../src/wire.ts'
import { databases, openTestGate, type TestGate } from './gate/gate.ts'
import { guess } from './gate/guesses.ts'
import { addPerson } from './gate/people.ts'
import { type Visitor, visitor } from './gate/visitor.ts'

const seenBy = async (who: Visitor) =>
  (await who.send('GET', '/overview')).json as unknown as Overview
const presentHour = ({ hours }: Overview) => hours.at(-1)
const none = { signedIn: 0, refused: 0, more: false }

/** Records made by hand, one a millisecond. */
const records = ({ query }: TestGate, type: string, count: number, at: number, details = 'null') =>
  query(`with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count})
    insert into audit (id, chain, seq, at, type, actor, subject, session, address, device, outcome,
      reason, details, mac)
    select '${type} ' || n || ' ${at}', 'by hand ${type} ${at}', n, ${at} + n, '${type}', 'anonymous', null,
      null, null, null, 'refused', null, ${details}, 'none' from numbers`)

/** Sessions that were opened long ago, idle since. */
const idled = ({ query, now }: TestGate, count: number) =>
  query(`with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count})
    insert into sessions (id, "userId", "userVersion", epoch, kind, "createdAt", "lastActiveAt",
      "idleUntil", "idleFor", "expiresAt", remembered, address, "userAgent", revision, "provenAt", generation)
    select 'idle' || n, one."userId", one."userVersion", one.epoch, one.kind, one."createdAt" + n,
      one."lastActiveAt", ${now()}, 1, ${now() + hour}, 0, '', '', 'by hand', 0, 0
    from numbers, (select * from sessions order by "createdAt" limit 1) as one`)

describe.each(databases)('the overview on %s', (kind) => {
  test('tells who is here, who rests, what happened in which hour, and the nodes', async () => {
    const open = await openTestGate(kind)
    const { gate, another, pass, now } = open
    const ada = visitor(gate)
    await ada.setUp()
    await addPerson(open, 'bob')
    await visitor(gate).logIn('bob')
    pass(hour)
    await ada.logIn('ada')
    await visitor(gate).logIn('ada')
    for (let tries = 0; tries < 10; tries++) await guess(gate, 'bob')
    // What came as a flood is one record, and counts as often as it says.
    await records(open, 'auth.refused', 1, now(), `'{"count":70,"since":1,"addresses":2}'`)

    const seen = await seenBy(ada)
    expect(seen).toMatchObject({
      sessions: { count: 2, more: false },
      people: { count: 2, more: false },
      resting: { count: 1, more: false },
    })
    expect(seen.hours).toHaveLength(24)
    const present = now() - (now() % hour)
    expect(seen.hours.slice(-3)).toEqual([
      { ...none, from: new Date(present - 2 * hour).toISOString() },
      { ...none, from: new Date(present - hour).toISOString(), signedIn: 2 },
      { ...none, from: new Date(present).toISOString(), signedIn: 2, refused: 80 },
    ])
    const heard = { lease: expect.any(Number), behind: 0 }
    expect(seen.nodes).toEqual([{ id: expect.any(String), current: true, ...heard }])

    await another()
    const { nodes } = await seenBy(ada)
    expect(nodes.map(({ current }) => current).sort()).toEqual([false, true])
  })

  test('counts no further than a statement may read, and says so', async () => {
    const open = await openTestGate(kind)
    const { gate, pass, query, now } = open
    const ada = visitor(gate)
    await ada.setUp()
    const before = now()
    pass(hour)
    await ada.logIn('ada')
    await records(open, 'auth.refused', 1_500, before + minute)
    await records(open, 'auth.signed_in', 999, now() + minute)
    await idled(open, 2_500)
    pass(2 * minute)

    const seen = await seenBy(ada)
    expect(seen.hours.at(-2)).toMatchObject({ signedIn: 0, refused: 1_000, more: true })
    expect(presentHour(seen)).toMatchObject({ signedIn: 1_000, refused: 0, more: true })
    expect(seen.sessions).toEqual({ count: 1, more: false })

    // An hour that is over is not counted again; the present one is.
    await query(`delete from audit where chain like 'by hand%'`)
    const again = await seenBy(ada)
    expect(again.hours.at(-2)).toEqual(seen.hours.at(-2))
    expect(presentHour(again)).toMatchObject({ signedIn: 1, more: false })
  })

  test('goes through ten thousand sessions and no more', async () => {
    const open = await openTestGate(kind)
    const ada = visitor(open.gate)
    await ada.setUp()
    await idled(open, 10_050)
    expect((await seenBy(ada)).sessions).toMatchObject({ more: true })
  })
})
