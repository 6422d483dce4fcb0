/**
 * A session from the second request on, through `handle`: who is asking, when it is over and why, the
 * CSRF token, the list of sessions and their limit. On both databases.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { hour, minute, second } from '../src/rules/time.ts'
import { type AuditLine, databases, openTestGate } from './gate/gate.ts'
import { addPerson } from './gate/people.ts'
import { expectRefused, unharmed } from './gate/refusal.ts'
import { type Got, password, type Visitor, visitor } from './gate/visitor.ts'

const brief = (lines: readonly AuditLine[]) => lines.map(({ type, session }) => [type, session])
const idsOf = (list: Got) => (list.json.items as { id: string }[]).map(({ id }) => id)
const me = (who: Visitor, headers = {}) => who.send('GET', '/auth/me', { headers })

describe.each(databases)('on %s', (kind) => {
  test('Without a cookie of ours there is nobody', async () => {
    const open = await openTestGate(kind)
    const said = await unharmed(open, async () => {
      const nobody = await me(visitor(open.gate))
      expectRefused(nobody, 401, 'not_authenticated')
      expect(nobody.headers.get('www-authenticate')).toBe('Bearer')
    })
    expect(said).toEqual([])
  })

  test('A session is over to the millisecond: idle, or at its absolute limit (REV-11)', async () => {
    const open = await openTestGate(kind)
    const ada = visitor(open.gate)
    await ada.setUp()
    open.pass(15 * minute - 1)
    const moved = await me(ada)
    expect(moved.json.session.idleUntil).toBe('2026-01-01T12:29:59.999Z')
    open.pass(15 * minute - 1)
    expect((await me(ada, { 'X-Sallyport-Passive': '1' })).status).toBe(200)
    open.pass(1)
    const said = await unharmed(open, async () => {
      expectRefused(await me(ada), 401, 'session_expired')
      const headers = { 'Sec-Fetch-Site': 'same-origin' }
      expectRefused(await ada.send('GET', '/auth/csrf', { headers }), 401, 'session_expired')
    })
    expect(said).toEqual([])

    const signed = await ada.logIn('ada')
    const end = Date.parse(signed.json.session.expiresAt)
    for (let spent = 0; spent < 8 * hour - 10 * minute; spent += 10 * minute) {
      open.pass(10 * minute)
      expect((await me(ada)).status).toBe(200)
    }
    expect((await me(ada)).json.session.idleUntil).toBe(new Date(end).toISOString())
    open.pass(10 * minute - 1)
    expect((await me(ada)).status).toBe(200)
    open.pass(1)
    expectRefused(await me(ada), 401, 'session_expired')
    open.pass(40 * 24 * hour)
    expectRefused(await me(ada), 401, 'session_expired')
  })

  test('A session that somebody ended says why', async () => {
    const open = await openTestGate(kind, { session: { limit: 1 } })
    const { gate, query } = open
    const ada = visitor(gate)
    const { json } = await ada.setUp()
    const endedBy: Record<string, () => Promise<unknown>> = {
      evicted: () => visitor(gate).logIn('ada'),
      revoked: () => query(`update sessions set "endedAt" = 1, "endReason" = 'revoked'`),
      replay: () => query(`update sessions set "endedAt" = 1, "endReason" = 'replay'`),
      logout: () => ada.send('DELETE', `/auth/sessions/${json.session.id}`),
      password_changed: () => query('update users set version = version + 1'),
      restored: () => query('update instance set epoch = epoch + 1'),
      user_disabled: () => query('update users set "disabledAt" = 1'),
    }
    for (const [reason, end] of Object.entries(endedBy)) {
      const signed = await ada.logIn('ada')
      const kept = new Map(ada.jar)
      if (reason === 'logout') await ada.send('DELETE', `/auth/sessions/${signed.json.session.id}`)
      else await end()
      for (const [name, value] of kept) ada.jar.set(name, value)
      const said = await unharmed(open, async () => {
        const gone = await me(ada)
        expectRefused(gone, 401, 'session_revoked', reason)
        expect(gone.json.reason).toBe(reason)
      })
      expect(said).toEqual([])
    }
  })

  test('A person keeps a session from idling out; polling and the CSRF token do not (REV-11)', async () => {
    const { gate, pass, recorded } = await openTestGate(kind)
    const ada = visitor(gate)
    await ada.setUp()
    await recorded()
    const idleUntil = async () =>
      (await me(ada, { 'X-Sallyport-Passive': '1' })).json.session.idleUntil
    pass(minute)
    await me(ada)
    expect(await idleUntil()).toBe('2026-01-01T12:15:00.000Z')
    pass(1)
    await ada.send('GET', '/auth/csrf', { headers: { 'Sec-Fetch-Site': 'same-origin' } })
    await ada.send('POST', '/auth/sessions/revoke-others', { headers: { 'X-CSRF-Token': 'x' } })
    expect(await idleUntil()).toBe('2026-01-01T12:15:00.000Z')
    await ada.send('HEAD', '/auth/me')
    expect(await idleUntil()).toBe('2026-01-01T12:16:00.001Z')
    expect((await recorded()).map(({ type }) => type)).toEqual(['csrf.rejected'])
  })

  test('The CSRF token stays the same while it is good for this session', async () => {
    const { gate, pass, recorded } = await openTestGate(kind)
    const ada = visitor(gate)
    await ada.setUp()
    const other = visitor(gate)
    await other.logIn('ada')
    await recorded()
    const ask = () =>
      ada.send('GET', '/auth/csrf', { headers: { 'Sec-Fetch-Site': 'same-origin' } })
    const first = ada.jar.get('__Host-csrf') ?? ''
    pass(10 * second)
    const kept = await ask()
    expect([kept.status, kept.json]).toEqual([200, { token: first }])
    expect(kept.set).toEqual([
      `__Host-csrf=${first}; Path=/; Secure; SameSite=Strict; Max-Age=28790`,
    ])
    for (const planted of [undefined, 'nonsense', '', other.jar.get('__Host-csrf')]) {
      if (planted === undefined) ada.jar.delete('__Host-csrf')
      else ada.jar.set('__Host-csrf', planted)
      const { token } = (await ask()).json
      expect(token).toMatch(/^[\w-]{22}\.[\w-]{43}$/)
      expect([first, planted]).not.toContain(token)
      expect(ada.jar.get('__Host-csrf')).toBe(token)
      expect((await ada.send('POST', '/auth/sessions/revoke-others')).status).toBe(200)
    }
    expect((await recorded()).map(({ type }) => type)).toEqual(['session.revoked'])
  })

  test('The list of sessions comes in pages, newest first, then by id', async () => {
    const open = await openTestGate(kind, { session: { limit: 0 } })
    const { gate, pass, query } = open
    const ada = visitor(gate)
    await ada.setUp()
    const bob = visitor(gate)
    await addPerson(open, 'bob')
    await bob.logIn('bob')
    for (const time of [0, 0, 0, minute, 0, minute]) {
      pass(time)
      await visitor(gate).logIn('ada')
    }
    const rows = await query('select id, "createdAt" from sessions')
    const mine = rows.map(({ id, createdAt }) => ({
      id: String(id),
      createdAt: Number(createdAt),
    }))
    const whole = await ada.send('GET', '/auth/sessions')
    expect([whole.status, whole.json.nextCursor]).toEqual([200, null])
    const order = mine
      .toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
      .map(({ id }) => id)
      .filter((id) => idsOf(whole).includes(id))
    expect(idsOf(whole)).toEqual(order)
    expect(order).toHaveLength(7)
    const names = (whole.json.items as { username: string }[]).map(({ username }) => username)
    expect(new Set(names)).toEqual(new Set(['ada']))

    for (const limit of [1, 2, 3]) {
      const seen: string[] = []
      let cursor: unknown = ''
      for (let pages = 0; cursor !== null; pages++) {
        expect(pages).toBeLessThan(8)
        const page = await ada.send(
          'GET',
          `/auth/sessions?limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`,
        )
        seen.push(...idsOf(page))
        cursor = page.json.nextCursor
      }
      expect(seen).toEqual(order)
    }
    expect((whole.json.items as { current: boolean }[]).filter(({ current }) => current)).toEqual([
      expect.objectContaining({ username: 'ada', address: '198.51.100.7' }),
    ])
  })

  test('A cursor that was altered or is somebody else’s, and a bad limit, are refused (AUTHZ-10)', async () => {
    const open = await openTestGate(kind)
    const { gate } = open
    const ada = visitor(gate)
    await ada.setUp()
    await visitor(gate).logIn('ada')
    await addPerson(open, 'bob')
    const bob = visitor(gate)
    await bob.logIn('bob')
    const cursor = String((await ada.send('GET', '/auth/sessions?limit=1')).json.nextCursor)
    const [at = '', id = '', mac = ''] = cursor.split('~')
    const said = await unharmed(open, async () => {
      for (const query of [
        `cursor=${at}~${id}`,
        `cursor=${at}~${id}~`,
        `cursor=${at}~${id}~${mac.slice(0, -1)}`,
        `cursor=${at}~${id}~${mac}~`,
        `cursor=${at}0~${id}~${mac}`,
        `cursor=${at.toUpperCase()}~${id}~${mac}`,
        `cursor=${at}~${bob.jar.get('__Host-session')?.slice(0, 22)}~${mac}`,
        `cursor=${mac}~${id}~${at}`,
        `cursor=`,
        `cursor=${'~'.repeat(512)}`,
        `cursor=${'a'.repeat(513)}`,
        `cursor=${cursor}&cursor=${cursor}`,
        'limit=0',
        'limit=201',
        'limit=-1',
        'limit=1e1',
        'limit=%EF%BC%91',
        'limit=1&limit=9999',
        'scope=everybody',
        'limit[]=1',
        'a[b]=c',
      ])
        expectRefused(
          await ada.send('GET', `/auth/sessions?${query}`),
          422,
          'validation_failed',
          query,
        )
      const foreign = await bob.send('GET', `/auth/sessions?cursor=${cursor}`)
      expectRefused(foreign, 422, 'validation_failed')
      expect(foreign.json.fields?.map(({ name }) => name)).toEqual(['cursor'])
    })
    expect(said).toEqual([])
    expect((await ada.send('GET', `/auth/sessions?cursor=${cursor}`)).status).toBe(200)
  })

  test('A person ends one session, all others, and this one; nobody else’s (AUTHZ-01)', async () => {
    const open = await openTestGate(kind)
    const { gate, recorded } = open
    const ada = visitor(gate)
    const claimed = await ada.setUp()
    const [second_, third, fourth] = [visitor(gate), visitor(gate), visitor(gate)]
    const [two, three, four] = [
      (await second_.logIn('ada')).json.session.id,
      (await third.logIn('ada')).json.session.id,
      (await fourth.logIn('ada')).json.session.id,
    ]
    await addPerson(open, 'bob')
    const bob = visitor(gate)
    const bobs = (await bob.logIn('bob')).json.session.id
    await addPerson(open, 'carl')
    const carl = visitor(gate)
    await carl.logIn('carl')

    const said = await unharmed(open, async () => {
      for (const id of ['unknown', 'x'.repeat(22), 'x'.repeat(64)])
        expectRefused(await ada.send('DELETE', `/auth/sessions/${id}`), 404, 'not_found', id)
      // Ada may end anybody's (`sessions-admin.test.ts`); nobody else may.
      for (const who of [bob, carl])
        expectRefused(await who.send('DELETE', `/auth/sessions/${two}`), 404, 'not_found')
      expectRefused(await carl.send('DELETE', `/auth/sessions/${bobs}`), 404, 'not_found')
    })
    expect(said).toEqual([])

    const one = await ada.send('DELETE', `/auth/sessions/${two}`)
    expect([one.status, one.text, one.set]).toEqual([204, '', []])
    expect(one.headers.has('clear-site-data')).toBe(false)
    expect(brief(await recorded())).toEqual([['session.revoked', two]])
    const gone = await me(second_)
    expectRefused(gone, 401, 'session_revoked')
    expect(gone.json.reason).toBe('revoked')
    expect((await ada.send('DELETE', `/auth/sessions/${two}`)).status).toBe(204)
    expect(await recorded()).toEqual([])

    const others = await ada.send('POST', '/auth/sessions/revoke-others')
    expect([others.status, others.json, others.set]).toEqual([200, { revoked: 2 }, []])
    expect(brief(await recorded()).sort()).toEqual(
      [three, four].map((id) => ['session.revoked', id]).sort(),
    )
    for (const other of [third, fourth]) expectRefused(await me(other), 401, 'session_revoked')
    expect((await me(bob)).status).toBe(200)

    const current = await ada.send('DELETE', `/auth/sessions/${claimed.json.session.id}`)
    expect([current.status, current.set.length, ada.jar.size]).toEqual([204, 3, 1])
    expect(current.headers.get('clear-site-data')).toBe('"cache", "storage"')
    expect(brief(await recorded())).toEqual([['auth.signed_out', claimed.json.session.id]])
  })

  test('All the others are ended, however many there are', async () => {
    const { gate, query, recorded } = await openTestGate(kind, { session: { limit: 0 } })
    const ada = visitor(gate)
    await ada.setUp()
    // More than one step is shown.
    await query(`
      insert into sessions (id, "userId", "userVersion", epoch, kind, "createdAt", "lastActiveAt",
        "idleUntil", "idleFor", "expiresAt", remembered, address, "userAgent", "endedAt", "endReason",
        revision)
      with recursive numbers(n) as (select 10001 union all select n + 1 from numbers where n < 11200)
      select 'one-of-many-' || n || '-----', "userId", "userVersion", epoch, kind, "createdAt",
        "lastActiveAt", "idleUntil", "idleFor", "expiresAt", remembered, address, "userAgent",
        "endedAt", "endReason", 'by hand'
      from sessions, numbers`)
    await recorded()
    const others = await ada.send('POST', '/auth/sessions/revoke-others')
    expect([others.status, others.json]).toEqual([200, { revoked: 1200 }])
    // In slices: one commit holds up nobody for long.
    const heard = await query('select subjects from revocations')
    const named = heard.map(({ subjects }) => String(subjects).split('sessions:').length - 1)
    expect(Math.max(...named)).toBe(250)
    expect(await query('select id from sessions where "endedAt" is null')).toHaveLength(1)
    expect(await recorded()).toHaveLength(1200)
    expect((await ada.send('POST', '/auth/sessions/revoke-others')).json).toEqual({ revoked: 0 })
  })

  test('A session that many end at once is ended once, and recorded once', async () => {
    const { gate, recorded } = await openTestGate(kind)
    const ada = visitor(gate)
    const { id } = (await ada.setUp()).json.session
    const jar = [...ada.jar]
    await recorded()
    const tabs = Array.from({ length: 12 }, () => visitor(gate))
    for (const tab of tabs) for (const [name, value] of jar) tab.jar.set(name, value)
    const ends = tabs.map((tab, n) =>
      n % 2 ? tab.send('POST', '/auth/logout') : tab.send('DELETE', `/auth/sessions/${id}`),
    )
    for (const { status } of await Promise.all(ends)) expect([204, 401]).toContain(status)
    expect(brief(await recorded())).toEqual([['auth.signed_out', id]])
  })

  test('A session that was over when its browser signs in anew keeps its reason, and clears nothing', async () => {
    const open = await openTestGate(kind, { refresh: { enabled: true } })
    const { gate, query, recorded } = open
    const ada = visitor(gate)
    await ada.setUp()
    const bob = await addPerson(open, 'bob')
    const ends: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
      password_changed: () => query(`update users set version = version + 1 where id = '${bob}'`),
      restored: () => query('update instance set epoch = epoch + 1'),
      revoked: (id) =>
        query(`update sessions set "endedAt" = 1, "endReason" = 'revoked' where id = '${id}'`),
    }
    for (const [reason, end] of Object.entries(ends)) {
      const browser = visitor(gate)
      const { id } = (await browser.logIn('bob')).json.session
      const before = new Map(browser.jar)
      await end(id)
      await recorded()
      expect((await browser.logIn('ada')).status).toBe(200)
      expect((await recorded()).map(({ type }) => type)).toEqual(['auth.signed_in'])
      const old = visitor(gate)
      for (const [name, value] of before) old.jar.set(name, value)
      const gone = await me(old)
      expect([reason, gone.json.code, gone.json.reason]).toEqual([
        reason,
        'session_revoked',
        reason,
      ])
      // A refresh that was on its way with the old cookies does not clear the new ones.
      const late = await old.send('POST', '/auth/refresh')
      expect([late.json.code, late.set]).toEqual(['refresh_token_invalid', []])
    }
  })

  test('At the limit the policy decides: the oldest, the longest idle, or nobody (SESS-01, P1)', async () => {
    for (const limitPolicy of ['evict-oldest', 'evict-idle', 'reject'] as const) {
      const open = await openTestGate(kind, { session: { limit: 2, limitPolicy } })
      const { gate, pass, recorded } = open
      const [first, next, last] = [visitor(gate), visitor(gate), visitor(gate)]
      const one = (await first.setUp()).json.session.id
      pass(2 * minute)
      const two = (await next.logIn('ada')).json.session.id
      pass(2 * minute)
      await me(first)
      await recorded()
      if (limitPolicy === 'reject') {
        const said = await unharmed(open, async () => {
          expectRefused(await last.logIn('ada', 'wrong'), 401, 'invalid_credentials')
          expectRefused(await last.logIn('ada'), 409, 'session_limit_reached')
        })
        expect(said.map(({ reason }) => reason)).toEqual([
          'wrong_password',
          'session_limit_reached',
        ])
        // The one that comes along makes room for its successor.
        expect((await first.logIn('ada')).status).toBe(200)
        continue
      }
      const three = (await last.logIn('ada')).json.session.id
      const [gone, id] = limitPolicy === 'evict-oldest' ? [first, one] : [next, two]
      expect(brief(await recorded())).toEqual([
        ['session.evicted', id],
        ['auth.signed_in', three],
      ])
      const refused = await me(gone)
      expectRefused(refused, 401, 'session_revoked', limitPolicy)
      expect(refused.json.reason).toBe('evicted')
    }
  })

  test('The limit may be another for owners and administrators, from the role there is at sign-in', async () => {
    const open = await openTestGate(kind, { session: { limit: 3, privilegedLimit: 1 } })
    const { gate, pass, query } = open
    const ada = visitor(gate)
    await ada.setUp()
    const eve = await addPerson(open, 'eve', { role: 'admin' })
    const bob = await addPerson(open, 'bob')
    const enter = async (name: string) => {
      pass(1)
      const who = visitor(gate)
      expect((await who.logIn(name)).status).toBe(200)
      return who
    }
    const standing = async (all: readonly Visitor[]) =>
      Promise.all(all.map(async (who) => (await me(who)).status))
    for (const name of ['ada', 'eve', 'bob']) for (let n = 0; n < 4; n++) await enter(name)
    const left = async () =>
      (
        await query(`select "userId", count(*) as open from sessions where "endedAt" is null
          group by "userId" order by count(*), "userId"`)
      ).map((row) => [row.userId, Number(row.open)])
    const adaId = (await left()).find(([id]) => id !== eve && id !== bob)?.[0]
    expect(await left()).toEqual([...[adaId, eve].sort().map((id) => [id, 1]), [bob, 3]])

    const members = [await enter('bob'), await enter('bob'), await enter('bob')]
    expect(await standing(members)).toEqual([200, 200, 200])
    // Who becomes an administrator keeps what he has until he signs in.
    const owner = await enter('ada')
    const promoted = await owner.send('PATCH', `/users/${bob}`, { json: { role: 'admin' } })
    expect(promoted.status).toBe(200)
    expect(await standing(members)).toEqual([200, 200, 200])
    const one = await enter('bob')
    expect(await standing([...members, one])).toEqual([401, 401, 401, 200])
  })

  test('A restricted session may ask who it is, for its token, and to go (MUST-01)', async () => {
    const open = await openTestGate(kind)
    const { gate, recorded } = open
    await visitor(gate).setUp()
    await addPerson(open, 'eve', { role: 'admin', mustChange: true })
    const eve = visitor(gate)
    const signed = await eve.logIn('eve')
    expect([signed.status, signed.json.mustChangePassword]).toEqual([200, true])
    await recorded()
    const said = await unharmed(open, async () => {
      for (const [method, path] of [
        ['GET', '/auth/sessions'],
        ['POST', '/auth/sessions/revoke-others'],
        ['DELETE', `/auth/sessions/${signed.json.session.id}`],
      ] as const)
        expectRefused(await eve.send(method, path), 403, 'password_change_required')
    })
    expect(said).toEqual([])
    expect((await me(eve)).status).toBe(200)
    const headers = { 'Sec-Fetch-Site': 'same-origin' }
    expect((await eve.send('GET', '/auth/csrf', { headers })).status).toBe(200)
    // The flag is the user's, but what a session may is settled when it is opened.
    await open.query('update users set "mustChangePassword" = 0')
    expectRefused(await eve.send('GET', '/auth/sessions'), 403, 'password_change_required')
    expect((await eve.logIn('eve', password)).json.mustChangePassword).toBe(false)
    expect((await eve.send('POST', '/auth/logout')).status).toBe(204)
  })
})
