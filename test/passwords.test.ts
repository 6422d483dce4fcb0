/**
 * The own password through the gate, on both databases: changing it, being made to, and showing it
 * once more. Every scenario says what is answered, set and recorded, and that nothing else is.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { day, hour, minute, second } from '../src/rules/time.ts'
import { type AuditLine, databases, openQuery, openTestGate, type TestGate } from './gate/gate.ts'
import { addPerson } from './gate/people.ts'
import { expectRefused, unharmed } from './gate/refusal.ts'
import { type Got, password, type Visitor, visitor } from './gate/visitor.ts'

const chosen = 'nine green lanterns over the harbour'
const brief = (lines: readonly AuditLine[]) => lines.map(({ type, reason }) => [type, reason])
const me = (who: Visitor) => who.send('GET', '/auth/me')
const change = (who: Visitor, newPassword = chosen, currentPassword = password) =>
  who.send('POST', '/auth/change-password', { json: { currentPassword, newPassword } })
const stepUp = (who: Visitor, secret = password) =>
  who.send('POST', '/auth/step-up', { json: { password: secret } })
const names = ({ set }: Got) => set.map((cookie) => cookie.replace(/=[^;]*/, ''))

/** A browser with a copy of the cookies another has now. */
function copyOf({ gate }: Pick<TestGate, 'gate'>, who: Visitor): Visitor {
  const copy = visitor(gate)
  for (const [name, value] of who.jar) copy.jar.set(name, value)
  return copy
}

async function withAda(kind: (typeof databases)[number], options = {}) {
  const open = await openTestGate(kind, options)
  const ada = visitor(open.gate)
  const signed = await ada.setUp()
  await open.recorded()
  return { ...open, open, ada, signed }
}

describe.each(databases)('changing the own password, on %s', (kind) => {
  test('opens a new session with full limits and new cookies; every other is over (REV-02, R1.17, P3)', async () => {
    const at = await withAda(kind, { refresh: { enabled: true } })
    const { open, ada, gate, signed, pass } = at
    const other = visitor(gate)
    await other.logIn('ada')
    const before = copyOf(open, ada)
    await open.recorded()
    pass(minute)

    const changed = await change(ada)
    expect(changed.status).toBe(200)
    expect(names(changed)).toEqual([
      '__Host-session; Path=/; Secure; SameSite=Strict; HttpOnly; Max-Age=300',
      '__Host-refresh; Path=/; Secure; SameSite=Strict; HttpOnly',
      '__Host-csrf; Path=/; Secure; SameSite=Strict',
      '__Host-device; Path=/; Secure; SameSite=Strict; HttpOnly; Max-Age=15552000',
    ])
    // Two browsers were trusted; one is now, and by another cookie.
    expect(await open.query('select id from devices')).toHaveLength(1)
    const { session, user } = changed.json
    expect([user.id, user.mustChangePassword]).toEqual([signed.json.user.id, false])
    expect(session.id).not.toBe(signed.json.session.id)
    expect(session.expiresAt).toBe('2026-01-01T20:01:00.000Z')
    expect(session.idleUntil).toBe('2026-01-01T12:16:00.000Z')
    for (const name of ['__Host-session', '__Host-refresh', '__Host-csrf', '__Host-device'])
      expect(ada.jar.get(name)).not.toBe(before.jar.get(name))

    const said = await open.recorded()
    expect(brief(said)).toEqual([['password.changed', null]])
    expect(said[0]).toMatchObject({
      actor: `user:${user.id}`,
      subject: `user:${user.id}`,
      session: session.id,
      address: '198.51.100.7',
      details: JSON.stringify({ replaced: signed.json.session.id }),
    })

    expect((await me(ada)).json.session.id).toBe(session.id)
    for (const gone of [before, other]) {
      const told = await me(gone)
      expectRefused(told, 401, 'session_revoked')
      expect(told.json.reason).toBe('password_changed')
      expect((await gone.send('POST', '/auth/refresh')).status).toBe(401)
    }
    expect((await ada.send('GET', '/auth/sessions')).json.items).toEqual([
      expect.objectContaining({ id: session.id, current: true }),
    ])
    expectRefused(await visitor(gate).logIn('ada'), 401, 'invalid_credentials')
    expect((await visitor(gate).logIn('ada', chosen)).status).toBe(200)
  })

  test('a refresh that was on its way with the old cookies does not clear the new ones', async () => {
    const { open, ada, pass } = await withAda(kind, { refresh: { enabled: true } })
    const late = copyOf(open, ada)
    await change(ada)
    pass(10 * second - 1)
    const refused = await late.send('POST', '/auth/refresh')
    expect([refused.status, refused.set]).toEqual([401, []])
    pass(1)
    expect((await late.send('POST', '/auth/refresh')).set).toHaveLength(3)
  })

  test('whoever was remembered stays remembered', async () => {
    const { open, gate, pass } = await withAda(kind, { session: { remember: true } })
    await addPerson(open, 'bob')
    const bob = visitor(gate)
    const json = { username: 'bob', password, remember: true }
    expect((await bob.send('POST', '/auth/login', { json })).json.session.remembered).toBe(true)
    pass(5 * day)
    const { session } = (await change(bob)).json
    expect([session.remembered, session.expiresAt]).toEqual([true, '2026-02-05T12:00:00.000Z'])
  })

  test('a wrong current password is 422, is recorded, and ends nothing (STEP-03)', async () => {
    const { open, ada } = await withAda(kind)
    const said = await unharmed(open, async () => {
      for (const typed of ['', 'not the password at all', `${password} `, password.toUpperCase()])
        expectRefused(await change(ada, chosen, typed), 422, 'wrong_password')
      expectRefused(await change(ada, 'short', 'not the password'), 422, 'wrong_password')
    })
    expect(brief(said)).toEqual(Array(5).fill(['password.refused', 'wrong_password']))
    expect((await me(ada)).status).toBe(200)
  })

  test('a password that may not be chosen is told by field, and nothing is recorded (MUST-04, W21)', async () => {
    const { open, ada } = await withAda(kind)
    const said = await unharmed(open, async () => {
      for (const [typed, code] of [
        [password, 'same_as_current'],
        ['short', 'too_short'],
        ['x'.repeat(129), 'too_long'],
        ['passwordpassword', 'too_common'],
        ['ada-ada-ada-ada-1', 'too_similar'],
        ['sallyport-2026-x', 'too_similar'],
      ]) {
        const refused = await change(ada, typed)
        expectRefused(refused, 422, 'validation_failed', typed)
        expect(refused.json.fields).toEqual([
          { name: 'newPassword', code, detail: expect.any(String) },
        ])
      }
      const extra = { currentPassword: password, newPassword: chosen, userId: 'x' }
      const got = await ada.send('POST', '/auth/change-password', { json: extra })
      expectRefused(got, 422, 'validation_failed')
    })
    expect(said).toEqual([])
  })

  test('what is over by it stays over for that reason, whoever ends it once more', async () => {
    const { open, ada, gate } = await withAda(kind)
    const other = visitor(gate)
    const { id } = (await other.logIn('ada')).json.session
    await change(ada)
    await open.recorded()
    const said = await unharmed(open, async () => {
      expect((await ada.send('DELETE', `/auth/sessions/${id}`)).status).toBe(204)
      const kept = copyOf(open, other)
      expect((await other.send('POST', '/auth/logout')).status).toBe(204)
      expect((await me(kept)).json.reason).toBe('password_changed')
    })
    expect(said).toEqual([])
  })

  test('of two changes at once one wins, and the other finds its session over', async () => {
    const { open, ada, gate } = await withAda(kind)
    const other = await open.another()
    const bob = copyOf({ gate: other }, ada)
    const answers = await Promise.all([change(ada), change(bob, 'seven grey herons by the weir')])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401])
    const lost = answers.find(({ status }) => status === 401)
    expect(lost?.json.reason).toBe('password_changed')
    expect(brief(await open.recorded())).toEqual([['password.changed', null]])
    const secret = answers[0]?.status === 200 ? chosen : 'seven grey herons by the weir'
    expect((await visitor(gate).logIn('ada', secret)).status).toBe(200)
  })

  test('ends 10,000 sessions in one step that touches none of them', async () => {
    const { open, ada, query } = await withAda(kind, { session: { limit: 0 } })
    await manySessions(open, 10_000)
    const untouched = async () =>
      query(`select count(*) as count, min(revision) as one, max(revision) as other
        from sessions where id like 'many%'`)
    const before = await untouched()
    expect(Number(before[0]?.count)).toBe(10_000)
    expect((await change(ada)).status).toBe(200)
    expect(await untouched()).toEqual(before)
    expect((await ada.send('GET', '/auth/sessions?limit=200')).json.items).toHaveLength(1)
    const others = await ada.send('POST', '/auth/sessions/revoke-others')
    expect(others.json).toEqual({ revoked: 0 })
    expect(brief(await open.recorded())).toEqual([['password.changed', null]])
  })
})

/** Gives the owner more sessions by hand, as if he had signed in as often. */
async function manySessions({ query }: Pick<TestGate, 'query'>, count: number) {
  const [row = {}] = await query('select * from sessions')
  const columns = Object.keys(row).filter((name) => name !== 'id')
  const list = columns.map((name) => `"${name}"`).join(', ')
  await query(`with recursive numbers(n) as
      (select 1 union all select n + 1 from numbers where n < ${count})
    insert into sessions (id, ${list}) select 'many' || n, ${columns
      .map((name) => `s."${name}"`)
      .join(', ')} from numbers, (select * from sessions) s`)
}

describe.each(databases)('a restricted session, on %s', (kind) => {
  test('changes its password and goes on in a full one; the old tokens never grow (FIX-05)', async () => {
    const { open, gate } = await withAda(kind, { refresh: { enabled: true } })
    await addPerson(open, 'eve', { mustChange: true })
    const eve = visitor(gate)
    const signed = await eve.logIn('eve')
    expect(signed.json.mustChangePassword).toBe(true)
    const old = copyOf(open, eve)
    expectRefused(await eve.send('GET', '/auth/sessions'), 403, 'password_change_required')
    expectRefused(await change(eve, password), 422, 'validation_failed')

    const changed = await change(eve)
    expect([changed.status, changed.json.mustChangePassword]).toEqual([200, false])
    expect((await eve.send('GET', '/auth/sessions')).status).toBe(200)
    expect((await stepUp(eve, chosen)).status).toBe(200)
    expectRefused(await old.send('GET', '/auth/me'), 401, 'session_revoked')
    expect((await old.send('POST', '/auth/refresh')).status).toBe(401)
    const again = await visitor(gate).logIn('eve', chosen)
    expect([again.status, again.json.mustChangePassword]).toEqual([200, false])
  })

  test('stays restricted through refresh, CSRF, step-up and signing in again (MUST-02)', async () => {
    const { open, gate } = await withAda(kind, { refresh: { enabled: true } })
    await addPerson(open, 'eve', { mustChange: true })
    const eve = visitor(gate)
    const restricted = async () => {
      expect((await me(eve)).json.mustChangePassword).toBe(true)
      expectRefused(await eve.send('GET', '/auth/sessions'), 403, 'password_change_required')
    }
    await eve.logIn('eve')
    await restricted()
    expect((await eve.send('POST', '/auth/refresh')).status).toBe(200)
    await restricted()
    const headers = { 'Sec-Fetch-Site': 'same-origin' }
    expect((await eve.send('GET', '/auth/csrf', { headers })).status).toBe(200)
    expectRefused(await stepUp(eve), 403, 'password_change_required')
    await restricted()
    await eve.logIn('eve')
    await restricted()
  })

  test('asks fifty times while the change commits: never let in before, never with old tokens (MUST-03)', async () => {
    const { open, gate } = await withAda(kind)
    await addPerson(open, 'eve', { mustChange: true })
    const eve = visitor(gate)
    await eve.logIn('eve')
    const tabs = Array.from({ length: 50 }, () => copyOf(open, eve))
    const seen = new Set<string>()
    let over = false
    const asking = tabs.map(async (tab) => {
      for (let asked = 0; !over || asked === 0; asked++) {
        const got = await tab.send('GET', '/auth/sessions')
        seen.add(got.json.code ?? `${got.status}`)
        await new Promise(setImmediate)
      }
    })
    const changed = await change(eve)
    over = true
    await Promise.all(asking)
    expect(changed.status).toBe(200)
    expect([...seen].sort()).not.toContain('200')
    expect(seen).toContain('password_change_required')
    for (const tab of tabs)
      expectRefused(await tab.send('GET', '/auth/sessions'), 401, 'session_revoked')
  })
})

describe.each(databases)('step-up, on %s', (kind) => {
  test('tells until when, is recorded, and is of this session alone (STEP-02)', async () => {
    const { open, ada, gate, pass, query } = await withAda(kind)
    const other = visitor(gate)
    await other.logIn('ada')
    const add = (who: Visitor, username: string) =>
      who.send('POST', '/users', { json: { username, role: 'member' } })
    pass(10 * minute)
    await open.recorded()
    const refused = await add(ada, 'bob')
    expectRefused(refused, 403, 'step_up_required')
    expect(refused.json.stepUp).toEqual({ within: 600 })

    const done = await stepUp(ada)
    expect([done.status, done.json, done.set]).toEqual([
      200,
      { until: '2026-01-01T12:20:00.000Z' },
      [],
    ])
    expect(brief(await open.recorded())).toEqual([['auth.stepped_up', null]])
    expectRefused(await add(other, 'bob'), 403, 'step_up_required')
    pass(10 * minute - 1)
    expect((await add(ada, 'bob')).status).toBe(201)
    pass(1)
    expectRefused(await add(ada, 'carl'), 403, 'step_up_required')
    expect(await query(`select username from users where username = 'carl'`)).toEqual([])
  })

  test('is not moved by a refresh, nor by being active', async () => {
    const { ada, pass } = await withAda(kind, { refresh: { enabled: true } })
    pass(5 * minute)
    expect((await ada.send('POST', '/auth/refresh')).status).toBe(200)
    expect((await me(ada)).status).toBe(200)
    pass(5 * minute)
    expect((await ada.send('POST', '/auth/refresh')).status).toBe(200)
    const json = { username: 'bob', role: 'member' }
    expectRefused(await ada.send('POST', '/users', { json }), 403, 'step_up_required')
  })

  test('a wrong password is 422, is recorded, and leaves the earlier proof as it was', async () => {
    const { open, ada, pass } = await withAda(kind)
    pass(9 * minute)
    await me(ada)
    const said = await unharmed(open, async () => {
      expectRefused(await stepUp(ada, 'not the password at all'), 422, 'wrong_password')
    })
    expect(brief(said)).toEqual([['password.refused', 'wrong_password']])
    const json = { username: 'bob', role: 'member' }
    expect((await ada.send('POST', '/users', { json })).status).toBe(201)
  })

  test('is held against the hash that is kept, not the one that is remembered', async () => {
    const { open, ada, gate } = await withAda(kind)
    await addPerson(open, 'bob')
    const bob = visitor(gate)
    await bob.logIn('bob')
    expect((await change(bob)).status).toBe(200)
    expect((await me(ada)).status).toBe(200)
    // As a sign-in at another node does that hashes anew, nobody is told.
    const query = await openQuery(open.database)
    const bobs = `(select "passwordHash" from users where username = 'bob')`
    await query(`update users set "passwordHash" = ${bobs} where username = 'ada'`)
    expectRefused(await stepUp(ada), 422, 'wrong_password')
    expect((await stepUp(ada, chosen)).status).toBe(200)
    expect((await change(ada, password, chosen)).status).toBe(200)
  })

  test('changing the password is a proof as well', async () => {
    const { ada, pass } = await withAda(kind, { session: { privilegedIdle: '1h' } })
    pass(hour - 1)
    expect((await change(ada)).status).toBe(200)
    const json = { username: 'bob', role: 'member' }
    expect((await ada.send('POST', '/users', { json })).status).toBe(201)
  })
})
