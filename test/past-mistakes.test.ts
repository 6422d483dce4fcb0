/**
 * Mistakes of the system before this one, each tried here through the whole gate. Those that a test
 * elsewhere is about anyway are in that test's title; `findings.test.ts` knows where.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { hour, minute, second } from '../src/rules/time.ts'
import { type DatabaseKind, databases, openTestGate } from './gate/gate.ts'
import { addPerson } from './gate/people.ts'
import {
  claimed,
  csrf,
  expectLost,
  holding,
  options,
  refresh,
  renew,
  session,
} from './gate/refreshing.ts'
import { expectRefused, unharmed } from './gate/refusal.ts'
import { type Got, type Visitor, visitor } from './gate/visitor.ts'
import { watchedGate } from './gate/watched-gate.ts'

const me = (who: Visitor) => who.send('GET', '/auth/me')

/** Seconds that a cookie set by `got` lives; until the browser closes is longer than anything. */
function ageOf(got: Got, name: string): number {
  const cookie = got.set.find((one) => one.startsWith(`${name}=`))
  expect([name, cookie]).toEqual([name, expect.stringContaining(`${name}=`)])
  const age = /Max-Age=(\d+)/.exec(cookie ?? '')?.[1]
  return age === undefined ? Number.POSITIVE_INFINITY : Number(age)
}

/** Makes every change of a session fail, while sessions can still be read. @returns Undoes it. */
async function unwritable(
  kind: DatabaseKind,
  query: (statement: string) => Promise<unknown>,
): Promise<() => Promise<unknown>> {
  if (kind === 'sqlite') {
    await query(`create trigger stuck before update on sessions
      begin select raise(abort, 'stuck'); end`)
    return () => query('drop trigger stuck')
  }
  await query(`create function stuck() returns trigger language plpgsql
    as $$ begin raise exception 'stuck'; end $$`)
  await query('create trigger stuck before update on sessions execute function stuck()')
  return () => query('drop function stuck cascade')
}

describe.each(databases)('on %s', (kind) => {
  test('C5: a session that is cleaned away in the middle of its refresh is lost, and no fault', async () => {
    const { ada, database, gate, query, recorded, id } = await claimed(kind)
    const other = visitor(gate)
    await other.logIn('ada')
    await recorded()
    let cleaned = 0
    const clock = { now: () => Date.UTC(2026, 0, 1, 12), elapsed: () => 0 }
    const before = async () => {
      cleaned += (await query(`delete from sessions where id = '${id}' returning id`)).length
    }
    const node = await watchedGate(database, clock, { before }, { enabled: true })
    const there = visitor(node)
    for (const [name, value] of ada.jar) there.jar.set(name, value)
    expectLost(await renew(there))
    expect(cleaned).toBe(1)
    expect(await recorded()).toMatchObject([{ type: 'refresh.refused', session: id }])
    expect((await renew(other)).status).toBe(200)
  })

  test('R4.4: the CSRF cookie lives as long as the refresh cookie, however it was set', async () => {
    const open = await openTestGate(kind, {
      ...options,
      session: { limit: 0, remember: true, rememberedAbsolute: '20d' },
    })
    const { gate, pass } = open
    await visitor(gate).setUp()
    await addPerson(open, 'bob')
    for (const remember of [false, true]) {
      const bob = visitor(gate)
      const { status, ...signed } = await bob.send('POST', '/auth/login', {
        json: { username: 'bob', password: 'correct horse battery staple', remember },
      })
      expect(status).toBe(200)
      pass(10 * minute)
      const renewed = await renew(bob)
      const again = await bob.send('GET', '/auth/csrf', {
        headers: { 'Sec-Fetch-Site': 'same-origin' },
      })
      const ages = [{ status, ...signed }, renewed].map((got) => [
        ageOf(got, refresh),
        ageOf(got, csrf),
      ])
      const whole = remember ? 20 * 24 * 3600 : Number.POSITIVE_INFINITY
      const rest = remember ? whole - 600 : whole
      expect(ages).toEqual([
        [whole, whole],
        [rest, rest],
      ])
      expect(ageOf(again, csrf)).toBe(rest)
    }
  })

  test('R5.6: every instant is kept as a number', async () => {
    const { query } = await openTestGate(kind)
    const columns = await query(
      kind === 'sqlite'
        ? `select t.name as at, c.name, lower(c.type) as type from sqlite_schema t
            join pragma_table_info(t.name) c where t.type = 'table'`
        : `select table_name as at, column_name as name, data_type as type
            from information_schema.columns where table_schema = 'sallyport'`,
    )
    const instants = columns.filter(({ name }) =>
      /(?:^at|At|Until|since|Since)$/.test(String(name)),
    )
    expect(instants.length).toBeGreaterThan(15)
    for (const { at, name, type } of instants)
      expect([at, name, type]).toEqual([at, name, 'bigint'])
  })

  test('L7, R3.3, R4.3: a refresh that could not be kept has used nothing up, and gives nothing out', async () => {
    const faults: unknown[] = []
    const open = await openTestGate(kind, { ...options, onFault: (fault) => faults.push(fault) })
    const ada = visitor(open.gate)
    await ada.setUp()
    const mend = await unwritable(kind, open.query)
    const said = await unharmed(open, async () => {
      for (let n = 0; n < 3; n++) expectRefused(await renew(ada), 500, 'internal')
    })
    expect([said, faults.length]).toEqual([[], 3])
    await mend()
    expect((await renew(ada)).status).toBe(200)
    expect((await me(ada)).status).toBe(200)
  })

  test('L11: all sessions that are ended are over on every node, also where they were used before', async () => {
    const open = await claimed(kind)
    const { ada, gate } = open
    const other = await open.another()
    const id = await addPerson(open, 'bob')
    const bobs = Array.from({ length: 5 }, () => visitor(gate))
    for (const bob of bobs) await bob.logIn('bob')
    const everywhere = () =>
      Promise.all(bobs.flatMap(({ jar }) => [gate, other].map((node) => me(holding(node, jar)))))
    expect((await everywhere()).map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect((await ada.send('POST', `/users/${id}/revoke-sessions`)).json.revoked).toBe(5)
    for (const got of await everywhere()) expectRefused(got, 401, 'session_revoked')
    for (const { jar } of bobs) expectLost(await renew(holding(other, jar)))
  })

  test('L22: who is deleted renews nothing from that moment on', async () => {
    const open = await claimed(kind)
    const id = await addPerson(open, 'bob')
    const bob = visitor(open.gate)
    await bob.logIn('bob')
    const jar = new Map(bob.jar)
    expect((await open.ada.send('DELETE', `/users/${id}`)).status).toBe(204)
    expectLost(await open.replay(jar))
    // Not under the name of somebody who came after either.
    await open.query(`update users set username = 'gone' where id = '${id}'`)
    const made = await open.ada.send('POST', '/users', {
      json: { username: 'bob', role: 'member' },
    })
    expect(made.status).toBe(201)
    expectLost(await open.replay(jar))
  })
})

test('R1.6: what stopped mattering is found by an index, not by reading every guess', async () => {
  const { query } = await openTestGate()
  const plan = await query(
    `explain query plan select id, revision from attempts where "staleAt" <= 1 order by "staleAt" limit 500`,
  )
  expect(plan.map(({ detail }) => detail)).toEqual([
    expect.stringMatching(/^SEARCH attempts USING INDEX attempts_stale /),
  ])
})

test('R6.1: a session whose instants cannot be read is over, and is no fault', async () => {
  // PostgreSQL takes no such value.
  const { ada, gate, query, replay } = await claimed('sqlite')
  await visitor(gate).logIn('ada')
  for (const column of ['expiresAt', 'idleUntil', 'epoch', 'userVersion']) {
    const who = visitor(gate)
    const { id } = (await who.logIn('ada')).json.session
    const jar = new Map(who.jar)
    await query(`update sessions set "${column}" = 'soon' where id = '${id}'`)
    expect([column, (await me(who)).status]).toEqual([column, 401])
    expectLost(await replay(jar), column)
  }
  const jar = new Map(ada.jar)
  expect((await renew(ada)).status).toBe(200)
  await query(`update sessions set "rotatedAt" = 'soon' where "rotatedAt" is not null`)
  expectLost(await replay(jar))
})

test('R6.4: a CSRF cookie that cannot be read is refused like any other, and recorded', async () => {
  const open = await claimed()
  const said = await unharmed(open, async () => {
    for (const value of ['%zz', '%', 'a=b=c', '\u00e9', '"']) {
      const who = holding(open.gate, new Map([...open.ada.jar, [csrf, value]]))
      expectRefused(await renew(who), 403, 'csrf_rejected', value)
    }
  })
  expect(said.map(({ type }) => type)).toEqual(Array(5).fill('csrf.rejected'))
})

test('L4: no old cookie keeps anybody from signing out, or from signing in again', async () => {
  const open = await claimed()
  const { ada, gate, pass } = open
  const junk = ['', 'x', 'a.b.c', 'x'.repeat(3_000)]
  const old = new Map(ada.jar)
  await ada.send('POST', '/auth/logout')
  const stranger = visitor(gate)
  await stranger.logIn('ada')
  const foreign = new Map(stranger.jar)
  pass(9 * hour)
  const jars: ReadonlyMap<string, string>[] = [
    old,
    foreign,
    new Map([...old, [csrf, foreign.get(csrf) ?? '']]),
    new Map([...foreign, [session, old.get(session) ?? '']]),
    new Map([[csrf, old.get(csrf) ?? '']]),
    ...[...old.keys()].flatMap((name) => junk.map((value) => new Map([...old, [name, value]]))),
    new Map([...old.keys()].map((name) => [name, 'x'])),
  ]
  for (const jar of jars) {
    const asking = holding(gate, jar)
    expect((await me(asking)).status).toBe(401)
    // Renewing says so, or asks for a token that only a session has; either way it is over.
    const { status, json } = await renew(asking)
    expect([401, 403]).toContain(status)
    if (status === 403) {
      const headers = { 'Sec-Fetch-Site': 'same-origin' }
      const token = await asking.send('GET', '/auth/csrf', { headers })
      expect([json.code, token.status]).toEqual(['csrf_rejected', 401])
    }
    const out = await holding(gate, jar).send('POST', '/auth/logout')
    expect([out.status, out.set.length]).toEqual([204, 3])
    const back = holding(gate, jar)
    expect((await back.logIn('ada')).status).toBe(200)
    expect((await back.send('POST', '/auth/sessions/revoke-others')).status).toBe(200)
    pass(second)
  }
})
