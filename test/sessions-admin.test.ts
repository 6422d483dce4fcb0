/**
 * Everybody's sessions through the gate, on both databases: listed in pages, ended one by one or all
 * of a person, by whoever may and by nobody else.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { minute } from '../src/rules/time.ts'
import { type AuditLine, databases, openTestGate, type TestGate } from './gate/gate.ts'
import { addPerson } from './gate/people.ts'
import { expectRefused, unharmed } from './gate/refusal.ts'
import { type Got, type Visitor, visitor } from './gate/visitor.ts'

type Role = 'owner' | 'admin' | 'member' | 'viewer'
interface Listed {
  readonly id: string
  readonly userId: string
  readonly username: string
  readonly current: boolean
}

const brief = (lines: readonly AuditLine[]) => lines.map(({ type, session }) => [type, session])
const me = (who: Visitor) => who.send('GET', '/auth/me')
const all = (who: Visitor, more = '') => who.send('GET', `/auth/sessions?scope=all${more}`)
const items = ({ json }: Got) => json.items as Listed[]
const revokeAll = (who: Visitor, id: string) => who.send('POST', `/users/${id}/revoke-sessions`)

/** Somebody with a role, signed in in a browser of his own. */
async function signedIn(open: TestGate, username: string, role: Role = 'member') {
  const userId = await addPerson(open, username, { role })
  const who = visitor(open.gate)
  const sid = (await who.logIn(username)).json.session.id
  await open.recorded()
  return { userId, who, sid }
}

async function withOwner(kind: (typeof databases)[number], options = {}) {
  const open = await openTestGate(kind, options)
  const ada = visitor(open.gate)
  const { user, session } = (await ada.setUp()).json
  await open.recorded()
  return { ...open, open, ada, adaId: user.id, adaSid: session.id }
}

/** Gives somebody more sessions by hand, as if he had signed in as often. */
async function manySessions({ query }: TestGate, sid: string, count: number) {
  const [row = {}] = await query(`select * from sessions where id = '${sid}'`)
  const columns = Object.keys(row).filter((name) => name !== 'id')
  const list = (of: string) => columns.map((name) => `${of}"${name}"`).join(', ')
  await query(`with recursive numbers(n) as
      (select 1 union all select n + 1 from numbers where n < ${count})
    insert into sessions (id, ${list('')})
    select 'many' || n, ${list('s.')} from numbers,
      (select * from sessions where id = '${sid}') s`)
}

describe.each(databases)('everybody’s sessions are listed, on %s', (kind) => {
  test('newest first with whose they are; what is over in any way is not', async () => {
    const { open, ada, adaId, adaSid, pass, query } = await withOwner(kind)
    pass(1)
    const bob = await signedIn(open, 'bob')
    pass(1)
    const carl = await signedIn(open, 'carl')
    await open.recorded()
    const said = await unharmed(open, async () => {
      const got = await all(ada)
      expect([got.status, got.json.nextCursor]).toEqual([200, null])
      expect(items(got)).toMatchObject([
        { id: carl.sid, userId: carl.userId, username: 'carl', current: false },
        { id: bob.sid, userId: bob.userId, username: 'bob', current: false },
        { id: adaSid, userId: adaId, username: 'ada', current: true },
      ])
      expect(Object.keys(items(got)[0] ?? {})).toEqual([
        ...['id', 'userId', 'username', 'current', 'device', 'address', 'createdAt'],
        ...['lastActiveAt', 'idleUntil', 'expiresAt', 'remembered'],
      ])
      // Without being asked for all it is the own ones.
      for (const path of ['/auth/sessions', '/auth/sessions?scope=own'])
        expect(items(await ada.send('GET', path)).map(({ id }) => id)).toEqual([adaSid])
    })
    expect(said).toEqual([])
    const ids = async () => items(await all(ada)).map(({ id }) => id)
    await query(`update users set version = version + 1 where username = 'bob'`)
    expect(await ids()).toEqual([carl.sid, adaSid])
    await carl.who.send('POST', '/auth/logout')
    expect(await ids()).toEqual([adaSid])
  })

  test('of one person only; of nobody there are none; and not for who may not', async () => {
    const { open, ada, adaId, adaSid } = await withOwner(kind)
    const bob = await signedIn(open, 'bob')
    const elsewhere = (await visitor(open.gate).logIn('bob')).json.session.id
    await open.recorded()
    const of = async (id: string) =>
      items(await all(ada, `&user=${id}`)).map((one) => [one.userId, one.id])
    await unharmed(open, async () => {
      expect((await of(bob.userId)).sort()).toEqual(
        [bob.sid, elsewhere].map((sid) => [bob.userId, sid]).sort(),
      )
      expect(await of(adaId)).toEqual([[adaId, adaSid]])
      expect(await of('nobody')).toEqual([])
      expectRefused(await all(bob.who, `&user=${adaId}`), 403, 'forbidden')
      // Of the own sessions it picks nothing out.
      const own = items(await bob.who.send('GET', `/auth/sessions?user=${adaId}`))
      expect(own.map(({ userId }) => userId)).toEqual([bob.userId, bob.userId])
    })
  })

  test('in pages without gap or repetition, under equal times too (L14); cursors are of this list and person', async () => {
    const { open, ada, adaSid } = await withOwner(kind, { session: { limit: 0 } })
    await manySessions(open, adaSid, 120)
    const eve = await signedIn(open, 'eve', 'admin')
    const seen: string[] = []
    let cursor = ''
    for (let n = 0; n < 10; n++) {
      const page = await all(ada, `&limit=50${cursor}`)
      seen.push(...items(page).map(({ id }) => id))
      if (page.json.nextCursor === null) break
      cursor = `&cursor=${page.json.nextCursor}`
    }
    expect(seen).toHaveLength(122)
    expect(seen).toEqual([...new Set(seen)].sort())
    await unharmed(open, async () => {
      for (const asked of [
        eve.who.send('GET', `/auth/sessions?scope=all${cursor}`),
        ada.send('GET', `/auth/sessions?scope=own${cursor}`),
        ada.send('GET', `/users?${cursor.slice(1)}`),
        ada.send('GET', `/auth/activity?${cursor.slice(1)}`),
      ])
        expectRefused(await asked, 422, 'validation_failed')
      for (const scope of ['everybody', '', 'all,own', 'ALL'])
        expectRefused(
          await ada.send('GET', `/auth/sessions?scope=${scope}`),
          422,
          'validation_failed',
        )
    })
  })

  test('to whoever may; else 403, and it is recorded', async () => {
    const { open } = await withOwner(kind)
    const admin = await signedIn(open, 'eve', 'admin')
    expect((await all(admin.who)).status).toBe(200)
    for (const role of ['member', 'viewer'] as const) {
      const one = await signedIn(open, role, role)
      const said = await unharmed(open, async () => {
        expectRefused(await all(one.who), 403, 'forbidden')
      })
      expect(said).toMatchObject([
        { type: 'access.refused', reason: 'sessions:read', session: one.sid },
      ])
    }
  })
})

describe.each(databases)('somebody else’s session is ended, on %s', (kind) => {
  test('by who may: over at once, told as revoked, recorded with who did it', async () => {
    const { open, adaId, ada, gate } = await withOwner(kind, { refresh: { enabled: true } })
    const { userId, who: bob, sid } = await signedIn(open, 'bob')
    const second = visitor(gate)
    await second.logIn('bob')
    await open.recorded()
    const done = await ada.send('DELETE', `/auth/sessions/${sid}`)
    expect([done.status, done.text, done.set]).toEqual([204, '', []])
    const [said, ...more] = await open.recorded()
    expect(more).toEqual([])
    expect(said).toMatchObject({
      type: 'session.revoked',
      actor: `user:${adaId}`,
      subject: `user:${userId}`,
      session: sid,
    })
    const gone = await me(bob)
    expectRefused(gone, 401, 'session_revoked')
    expect(gone.json.reason).toBe('revoked')
    expect((await bob.send('POST', '/auth/refresh')).status).toBe(401)
    expect([(await me(second)).status, (await me(ada)).status]).toEqual([200, 200])
    // Once more is nothing more.
    await unharmed(open, async () => {
      expect((await ada.send('DELETE', `/auth/sessions/${sid}`)).status).toBe(204)
    })
  })

  test('not of a higher role: 403; not by who may not: 404, as if it were not there', async () => {
    const { open, ada, adaSid } = await withOwner(kind)
    const admin = await signedIn(open, 'eve', 'admin')
    const said = await unharmed(open, async () => {
      expectRefused(await admin.who.send('DELETE', `/auth/sessions/${adaSid}`), 403, 'forbidden')
    })
    expect(said).toMatchObject([{ type: 'access.refused', reason: 'role' }])
    const member = await signedIn(open, 'bob')
    const viewer = await signedIn(open, 'carl', 'viewer')
    const quiet = await unharmed(open, async () => {
      for (const { who } of [member, viewer])
        for (const id of [adaSid, admin.sid, 'A'.repeat(22)])
          expectRefused(await who.send('DELETE', `/auth/sessions/${id}`), 404, 'not_found')
      expectRefused(await ada.send('DELETE', `/auth/sessions/${'A'.repeat(22)}`), 404, 'not_found')
    })
    expect(quiet).toEqual([])
    // An equal's may be.
    const other = await signedIn(open, 'dora', 'admin')
    expect((await admin.who.send('DELETE', `/auth/sessions/${other.sid}`)).status).toBe(204)
  })
})

describe.each(databases)('all sessions of somebody are ended, on %s', (kind) => {
  test('how many is told, and each is recorded', async () => {
    const { open, ada, adaId, gate, pass } = await withOwner(kind)
    const bob = await signedIn(open, 'bob')
    const second = visitor(gate)
    const other = (await second.logIn('bob')).json.session.id
    const carl = await signedIn(open, 'carl')
    const done = await revokeAll(ada, bob.userId)
    expect([done.status, done.json]).toEqual([200, { revoked: 2 }])
    const said = await open.recorded()
    expect(brief(said).sort()).toEqual(
      [bob.sid, other].sort().map((sid) => ['session.revoked', sid]),
    )
    expect(new Set(said.map(({ actor }) => actor))).toEqual(new Set([`user:${adaId}`]))
    for (const who of [bob.who, second]) expect((await me(who)).json.reason).toBe('revoked')
    expect((await me(carl.who)).status).toBe(200)
    expect((await revokeAll(ada, bob.userId)).json).toEqual({ revoked: 0 })
    // The password is still good.
    expect((await bob.who.logIn('bob')).status).toBe(200)

    // Of oneself it is all but this one.
    const mine = visitor(gate)
    await mine.logIn('ada')
    expect((await revokeAll(ada, adaId)).json).toEqual({ revoked: 1 })
    expect([(await me(ada)).status, (await me(mine)).status]).toEqual([200, 401])

    pass(10 * minute)
    await me(ada)
    await open.recorded()
    await unharmed(open, async () => {
      expectRefused(await revokeAll(ada, carl.userId), 403, 'step_up_required')
    })
  })

  test('10,000 of them', async () => {
    const { open, ada, query } = await withOwner(kind, { session: { limit: 0 } })
    const bob = await signedIn(open, 'bob')
    await manySessions(open, bob.sid, 9_999)
    const done = await revokeAll(ada, bob.userId)
    expect([done.status, done.json]).toEqual([200, { revoked: 10_000 }])
    const open_ = `select count(*) as count from sessions where "endedAt" is null`
    expect(Number((await query(open_))[0]?.count)).toBe(1)
    const [row] = await query(`select count(*) as count from audit where type = 'session.revoked'`)
    expect(Number(row?.count)).toBe(10_000)
  }, 60_000)

  test('the own others, 10,000 of them', async () => {
    const { open, ada, adaSid, query } = await withOwner(kind, { session: { limit: 0 } })
    await manySessions(open, adaSid, 10_000)
    const done = await ada.send('POST', '/auth/sessions/revoke-others')
    expect([done.status, done.json]).toEqual([200, { revoked: 10_000 }])
    expect((await me(ada)).status).toBe(200)
    const left = await query(`select id from sessions where "endedAt" is null`)
    expect(left).toEqual([{ id: adaSid }])
  }, 60_000)
})

describe.each(databases)('a limit that was lowered, on %s', (kind) => {
  test.each(['evict-oldest', 'evict-idle'] as const)(
    'holds from the next sign-in on, however many there were (%s)',
    async (limitPolicy) => {
      const { open, adaSid, query } = await withOwner(kind, { session: { limit: 0 } })
      await manySessions(open, adaSid, 2_499)
      const lower = await open.another({ session: { limit: 3, limitPolicy } })
      await open.recorded()
      const who = visitor(lower)
      const signed = await who.logIn('ada')
      expect(signed.status).toBe(200)
      const left = await query(`select id from sessions where "endedAt" is null`)
      expect(left).toHaveLength(3)
      expect(left).toContainEqual({ id: signed.json.session.id })
      expect((await me(who)).status).toBe(200)
      const evicted = (await open.recorded()).filter(({ type }) => type === 'session.evicted')
      expect(new Set(evicted.map(({ session }) => session)).size).toBe(2_498)
      expect(evicted).toHaveLength(2_498)
    },
    60_000,
  )
})

describe.each(databases)('how long a session lasts, on %s', (kind) => {
  const login = (who: Visitor, username: string, remember: boolean) =>
    who.send('POST', '/auth/login', {
      json: { username, password: 'correct horse battery staple', remember },
    })

  test.each([
    ['owner', true, '12:15', '2026-01-01T20', false],
    ['admin', true, '12:15', '2026-01-01T20', false],
    ['member', false, '12:30', '2026-01-02T00', false],
    ['viewer', false, '12:30', '2026-01-02T00', false],
    ['member', true, '12:00', '2026-01-31T12', true],
    ['viewer', true, '12:00', '2026-01-31T12', true],
  ] as const)(
    '%s, asking to be remembered: %s',
    async (role, remember, idle, until, remembered) => {
      const { open, gate } = await withOwner(kind, { session: { remember: true } })
      await addPerson(open, 'somebody', { role })
      const { session } = (await login(visitor(gate), 'somebody', remember)).json
      const day = remembered ? '2026-01-08' : '2026-01-01'
      expect(session).toMatchObject({
        remembered,
        idleUntil: `${day}T${idle}:00.000Z`,
        expiresAt: `${until}:00:00.000Z`,
      })
    },
  )

  test('where nobody may be remembered, asking changes nothing', async () => {
    const { open, gate } = await withOwner(kind)
    await addPerson(open, 'bob')
    const { session } = (await login(visitor(gate), 'bob', true)).json
    expect(session).toMatchObject({ remembered: false, expiresAt: '2026-01-02T00:00:00.000Z' })
  })
})

describe.each(databases)('a browser whose session is over signs in anew, on %s', (kind) => {
  test.each([
    ['its person changed the password elsewhere', 'password_changed'],
    ['its person was disabled', 'user_disabled'],
  ] as const)('where %s the old session keeps its first reason', async (_, reason) => {
    const { open, ada, gate } = await withOwner(kind)
    const { userId, who: bob, sid } = await signedIn(open, 'bob')
    const copy = visitor(gate)
    for (const [name, value] of bob.jar) copy.jar.set(name, value)
    await addPerson(open, 'carl')
    if (reason === 'user_disabled')
      await ada.send('PATCH', `/users/${userId}`, { json: { disabled: true } })
    else {
      const elsewhere = visitor(gate)
      await elsewhere.logIn('bob')
      const json = {
        currentPassword: 'correct horse battery staple',
        newPassword: 'nine green lanterns over the harbour',
      }
      await elsewhere.send('POST', '/auth/change-password', { json })
    }
    await open.recorded()
    const signed = await bob.logIn('carl')
    expect(signed.status).toBe(200)
    expect(brief(await open.recorded())).toEqual([['auth.signed_in', signed.json.session.id]])
    expect((await me(copy)).json.reason).toBe(reason)
    const [row] = await open.query(`select "endReason" from sessions where id = '${sid}'`)
    expect(row).toEqual({ endReason: null })
  })
})
