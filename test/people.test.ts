/**
 * People through the gate, on both databases: added, looked at, changed, given a temporary password,
 * disabled and deleted. Every scenario says what is answered and recorded, and that nothing else is.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { day, hour, minute } from '../src/rules/time.ts'
import { type AuditLine, databases, openTestGate, type TestGate } from './gate/gate.ts'
import { addPerson } from './gate/people.ts'
import { expectRefused, unharmed } from './gate/refusal.ts'
import { type Got, password, type Sending, type Visitor, visitor } from './gate/visitor.ts'

const chosen = 'nine green lanterns over the harbour'
const brief = (lines: readonly AuditLine[]) => lines.map(({ type, subject }) => [type, subject])
const me = (who: Visitor) => who.send('GET', '/auth/me')
const create = (who: Visitor, json: unknown) => who.send('POST', '/users', { json })
const patch = (who: Visitor, id: string, json: unknown) =>
  who.send('PATCH', `/users/${id}`, { json })
const reset = (who: Visitor, id: string, sending?: Sending) =>
  who.send('POST', `/users/${id}/reset-password`, sending)
const change = (who: Visitor, currentPassword: string, newPassword = chosen) =>
  who.send('POST', '/auth/change-password', { json: { currentPassword, newPassword } })
const listed = ({ json }: Got) => (json.items as { username: string }[]).map((one) => one.username)
const temporary = /^(?:[0-9a-hjkmnp-tv-z]{5}-){3}[0-9a-hjkmnp-tv-z]{5}$/
const id = expect.stringMatching(/^[\w-]{22}$/)

/** A claimed instance, its owner signed in. */
async function withOwner(kind: (typeof databases)[number], options = {}) {
  const open = await openTestGate(kind, options)
  const ada = visitor(open.gate)
  const signed = await ada.setUp()
  await open.recorded()
  return { ...open, open, ada, adaId: signed.json.user.id }
}

/** Somebody with a role, and a browser in which he is signed in. */
async function signedIn(open: TestGate, username: string, role?: 'owner' | 'admin' | 'member') {
  const userId = await addPerson(open, username, role ? { role } : {})
  const who = visitor(open.gate)
  await who.logIn(username)
  await open.recorded()
  return { userId, who }
}

describe.each(databases)('a person is added, on %s', (kind) => {
  test('with a password made here, good for a day and for one thing', async () => {
    const { open, ada, adaId, gate, recorded, pass } = await withOwner(kind)
    const made = await create(ada, { username: 'Bob', role: 'member', displayName: ' Bob ' })
    expect([made.status, made.set]).toEqual([201, []])
    expect(made.json).toEqual({
      user: {
        id,
        username: 'bob',
        displayName: 'Bob',
        role: 'member',
        scopes: [],
        disabled: false,
        mustChangePassword: true,
        createdAt: '2026-01-01T12:00:00.000Z',
        lastLoginAt: null,
      },
      temporaryPassword: expect.stringMatching(temporary),
    })
    const { user, temporaryPassword } = made.json as unknown as {
      user: { id: string }
      temporaryPassword: string
    }
    const [said, ...more] = await recorded()
    expect(more).toEqual([])
    expect(said).toMatchObject({
      type: 'user.created',
      actor: `user:${adaId}`,
      subject: `user:${user.id}`,
      address: '198.51.100.7',
      outcome: 'success',
      details: JSON.stringify({ username: 'bob', role: 'member' }),
    })
    expect(JSON.stringify(await open.query('select * from audit'))).not.toContain(temporaryPassword)

    const bob = visitor(gate)
    const signed = await bob.logIn('bob', temporaryPassword)
    expect([signed.status, signed.json.mustChangePassword]).toEqual([200, true])
    expectRefused(await bob.send('GET', '/auth/sessions'), 403, 'password_change_required')
    pass(5 * minute)
    expect((await change(bob, temporaryPassword)).status).toBe(200)
    expect((await bob.send('GET', '/auth/sessions')).status).toBe(200)
    // Used, it is nothing any more; the chosen one has no end.
    expectRefused(await visitor(gate).logIn('bob', temporaryPassword), 401, 'invalid_credentials')
    pass(300 * day)
    expect((await visitor(gate).logIn('bob', chosen)).status).toBe(200)
  })

  test('with a password given, which meets the policy and is temporary too', async () => {
    const { open, ada, gate, pass } = await withOwner(kind)
    const said = await unharmed(open, async () => {
      for (const [given, code] of [
        ['short', 'too_short'],
        ['bob-bob-bob-bob', 'too_similar'],
      ]) {
        const refused = await create(ada, { username: 'bob', role: 'member', password: given })
        expectRefused(refused, 422, 'validation_failed')
        expect(refused.json.fields).toEqual([
          { name: 'password', code, detail: expect.any(String) },
        ])
      }
    })
    expect(said).toEqual([])
    const made = await create(ada, { username: 'bob', role: 'member', password: chosen })
    expect([made.status, Object.keys(made.json)]).toEqual([201, ['user']])
    pass(day - 1)
    const bob = visitor(gate)
    expect((await bob.logIn('bob', chosen)).json.mustChangePassword).toBe(true)
    expectRefused(await change(bob, chosen), 422, 'validation_failed')
    pass(1)
    expectRefused(await visitor(gate).logIn('bob', chosen), 401, 'invalid_credentials')
    // Nor does it choose another then, from a session it opened.
    expectRefused(await change(bob, chosen, password), 422, 'wrong_password')
  })

  test('not with a name taken, a role that is not there, or a field unknown (ENUM-04)', async () => {
    const { open, ada } = await withOwner(kind)
    await create(ada, { username: 'bob', role: 'member' })
    const said = await unharmed(open, async () => {
      for (const username of ['bob', 'BOB', 'ｂｏｂ', 'ada'])
        expectRefused(await create(ada, { username, role: 'member' }), 409, 'username_taken')
      const refused = await create(ada, { username: '-', role: 'janitor', displayName: '' })
      expectRefused(refused, 422, 'validation_failed')
      expect(refused.json.fields?.map(({ name }) => name)).toEqual([
        'username',
        'role',
        'displayName',
      ])
      for (const name of ['id', 'scopes', 'disabled', 'passwordHash', 'mustChangePassword'])
        expectRefused(
          await create(ada, { username: 'carl', role: 'member', [name]: 'x' }),
          422,
          'validation_failed',
        )
    })
    expect(said).toEqual([])
  })

  test('once, when two administrators add the same name at once', async () => {
    const { open, ada, query } = await withOwner(kind)
    const other = await open.another()
    const eve = visitor(other)
    await eve.logIn('ada')
    await open.recorded()
    const answers = await Promise.all(
      [ada, eve].map((who) => create(who, { username: 'bob', role: 'member' })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409])
    expect(await query(`select id from users where username = 'bob'`)).toHaveLength(1)
    expect((await open.recorded()).map(({ type }) => type)).toEqual(['user.created'])
  })
})

describe.each(databases)('people are looked at, on %s', (kind) => {
  test('in pages, by name, and one by one', async () => {
    const { open, ada, adaId, pass } = await withOwner(kind)
    for (const username of ['bob', 'carl', 'dora'])
      await create(ada, { username, role: 'viewer', displayName: `${username} of Ghent` })
    pass(1)
    await create(ada, { username: 'emil', role: 'viewer' })
    await open.recorded()
    const said = await unharmed(open, async () => {
      const all = await ada.send('GET', '/users')
      expect([all.status, all.json.nextCursor]).toEqual([200, null])
      expect(listed(all)[0]).toBe('emil')
      expect(listed(all).sort()).toEqual(['ada', 'bob', 'carl', 'dora', 'emil'])

      const paged: string[] = []
      for (let cursor = ''; ; ) {
        const page = await ada.send('GET', `/users?limit=2${cursor}`)
        paged.push(...listed(page))
        if (page.json.nextCursor === null) break
        cursor = `&cursor=${page.json.nextCursor}`
      }
      expect(paged).toEqual(listed(all))
      expect(listed(await ada.send('GET', '/users?query=GHENT'))).toHaveLength(3)
      expect(listed(await ada.send('GET', '/users?query=em'))).toEqual(['emil'])
      expect(listed(await ada.send('GET', '/users?query=nobody'))).toEqual([])

      const one = await ada.send('GET', `/users/${adaId}`)
      expect([one.status, one.json]).toEqual([200, (await me(ada)).json.user])
      expectRefused(await ada.send('GET', `/users/${'x'.repeat(22)}`), 404, 'not_found')
    })
    expect(said).toEqual([])
  })
})

describe.each(databases)('a person is changed, on %s', (kind) => {
  test('name, role and scopes: recorded as they were and are; sessions go on', async () => {
    const { open, ada, adaId } = await withOwner(kind)
    const { userId, who: bob } = await signedIn(open, 'bob')
    const scopes = [{ role: 'admin', scope: 'department:sales' }]
    const done = await patch(ada, userId, { displayName: 'Bob', role: 'admin', scopes })
    expect([done.status, done.json]).toMatchObject([
      200,
      { id: userId, displayName: 'Bob', role: 'admin', scopes, disabled: false },
    ])
    const [said, ...more] = await open.recorded()
    expect(more).toEqual([])
    expect(said).toMatchObject({
      type: 'user.updated',
      actor: `user:${adaId}`,
      subject: `user:${userId}`,
      details: JSON.stringify({
        role: 'admin',
        roleBefore: 'member',
        displayName: 'Bob',
        displayNameBefore: null,
        scopes: JSON.stringify(scopes),
        scopesBefore: '[]',
      }),
    })
    // At once, in the session there is.
    const now = await me(bob)
    expect(now.json.permissions).toContain('users:write')
    expect((await bob.send('GET', '/users')).status).toBe(200)
    expect((await patch(ada, userId, { displayName: null, role: 'member' })).status).toBe(200)
    expectRefused(await bob.send('GET', '/users'), 403, 'forbidden')
  })

  test('into what there is already: nothing is written and nothing recorded', async () => {
    const { open, ada } = await withOwner(kind)
    const { userId } = await signedIn(open, 'bob')
    const said = await unharmed(open, async () => {
      for (const json of [{}, { role: 'member' }, { disabled: false, scopes: [] }])
        expect((await patch(ada, userId, json)).status).toBe(200)
    })
    expect(said).toEqual([])
  })

  test('not into what cannot be', async () => {
    const { open, ada } = await withOwner(kind)
    const { userId } = await signedIn(open, 'bob')
    const said = await unharmed(open, async () => {
      const bad: [unknown, string][] = [
        [{ role: 'janitor' }, 'role'],
        [{ role: 1 }, 'role'],
        [{ role: null }, 'role'],
        [{ displayName: '' }, 'displayName'],
        [{ displayName: 'a\u202eb' }, 'displayName'],
        [{ disabled: 'true' }, 'disabled'],
        [{ scopes: [{ role: 'janitor', scope: 'a' }] }, 'scopes'],
        [{ scopes: [{ role: 'member', scope: '' }] }, 'scopes.0.scope'],
        [{ scopes: [{ role: 'member', scope: 'a', id: 1 }] }, 'scopes.0.id'],
        [{ scopes: 'all' }, 'scopes'],
        [{ username: 'carl' }, 'username'],
      ]
      for (const [json, name] of bad) {
        const refused = await patch(ada, userId, json)
        expectRefused(refused, 422, 'validation_failed', JSON.stringify(json))
        expect(refused.json.fields?.map((field) => field.name)).toEqual([name])
      }
      expectRefused(await patch(ada, 'x'.repeat(22), { role: 'viewer' }), 404, 'not_found')
    })
    expect(said).toEqual([])
  })

  test('a new role voids the proof of every session, and nobody else’s (STEP-02)', async () => {
    const { open, ada, gate, pass } = await withOwner(kind)
    const { userId, who: bob } = await signedIn(open, 'bob', 'admin')
    const second = visitor(gate)
    await second.logIn('bob')
    const add = (who: Visitor, username: string) => create(who, { username, role: 'viewer' })
    expect((await add(bob, 'carl')).status).toBe(201)
    pass(1)
    await patch(ada, userId, { role: 'owner' })
    for (const who of [bob, second]) expectRefused(await add(who, 'dora'), 403, 'step_up_required')
    pass(1)
    const shown = await bob.send('POST', '/auth/step-up', { json: { password } })
    expect(shown.status).toBe(200)
    expect((await add(bob, 'dora')).status).toBe(201)
    expectRefused(await add(second, 'emil'), 403, 'step_up_required')
    expect((await add(ada, 'emil')).status).toBe(201)
    // So do scopes, and taking a role.
    await patch(ada, userId, { scopes: [{ role: 'viewer', scope: 'a' }] })
    expectRefused(await add(bob, 'finn'), 403, 'step_up_required')
  })
})

describe.each(databases)('who becomes an administrator, on %s', (kind) => {
  test('is remembered no longer, and idles out as one', async () => {
    const { open, ada, gate, pass, query } = await withOwner(kind, {
      refresh: { enabled: true },
      session: { remember: true, privilegedAbsolute: '8h', privilegedIdle: '15m', limit: 0 },
    })
    const userId = await addPerson(open, 'bob')
    const enter = async () => {
      const who = visitor(gate)
      const json = { username: 'bob', password, remember: true }
      expect((await who.send('POST', '/auth/login', { json })).json.session.remembered).toBe(true)
      return who
    }
    const [first, second] = [await enter(), await enter()]
    pass(minute)
    const rows = () =>
      query(`select "idleFor", "idleUntil", "expiresAt", remembered from sessions
        where "userId" = '${userId}'`)
    const before = await rows()
    // A role in a scope, or one that is no higher, leaves them alone.
    await patch(ada, userId, { scopes: [{ role: 'admin', scope: 'a' }] })
    await patch(ada, userId, { role: 'viewer' })
    expect(await rows()).toEqual(before)

    expect((await patch(ada, userId, { role: 'admin' })).status).toBe(200)
    const now = Date.parse('2026-01-01T12:00:00Z') + minute
    const curbed = {
      idleFor: 15 * minute,
      idleUntil: now + 15 * minute,
      expiresAt: now + 8 * hour,
      remembered: 0,
    }
    const told = (await rows()).map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)])),
    )
    expect(told).toEqual([curbed, curbed])
    // Taking the role again gives nothing back.
    await patch(ada, userId, { role: 'member' })
    for (let n = 0; n < 14; n++) {
      pass(minute)
      expect((await first.send('POST', '/auth/refresh')).status).toBe(200)
    }
    await me(first)
    pass(minute)
    expect((await me(first)).status).toBe(200)
    const gone = await second.send('POST', '/auth/refresh')
    expect([gone.status, gone.json.code]).toEqual([401, 'refresh_token_invalid'])
  })
})

describe.each(databases)('a person is disabled, on %s', (kind) => {
  test('every session is over at once, and comes back with nothing (REV-03)', async () => {
    const { open, ada, gate } = await withOwner(kind, { refresh: { enabled: true } })
    const userId = await addPerson(open, 'bob')
    const browsers = Array.from({ length: 5 }, () => visitor(gate))
    for (const one of browsers) await one.logIn('bob')
    await open.recorded()
    const other = await open.another()

    const done = await patch(ada, userId, { disabled: true })
    expect([done.status, done.json.disabled]).toEqual([200, true])
    expect(brief(await open.recorded())).toEqual([['user.disabled', `user:${userId}`]])
    const over = async () => {
      for (const [n, one] of browsers.entries()) {
        const node = visitor(n % 2 ? gate : other)
        for (const [name, value] of one.jar) node.jar.set(name, value)
        const gone = await me(node)
        expectRefused(gone, 401, 'session_revoked')
        expect(gone.json.reason).toBe('user_disabled')
        expect((await node.send('POST', '/auth/refresh')).status).toBe(401)
      }
    }
    await over()
    expectRefused(await visitor(gate).logIn('bob'), 401, 'invalid_credentials')
    expect((await ada.send('GET', '/auth/sessions?scope=all')).json.items).toHaveLength(1)

    await open.recorded()
    expect((await patch(ada, userId, { disabled: false })).json.disabled).toBe(false)
    expect(brief(await open.recorded())).toEqual([['user.enabled', `user:${userId}`]])
    await over()
    expect((await visitor(gate).logIn('bob')).status).toBe(200)
  })
})

describe.each(databases)('a person is deleted, on %s', (kind) => {
  test('gone from every list, sessions over, and the name is free for somebody else (REV-13)', async () => {
    const { open, ada, gate, query } = await withOwner(kind, { refresh: { enabled: true } })
    const { userId, who: bob } = await signedIn(open, 'bob')
    const gone = await ada.send('DELETE', `/users/${userId}`)
    expect([gone.status, gone.text]).toEqual([204, ''])
    const [said, ...more] = await open.recorded()
    expect(more).toEqual([])
    expect(said).toMatchObject({
      type: 'user.deleted',
      subject: `user:${userId}`,
      details: JSON.stringify({ username: 'bob', role: 'member' }),
    })
    expect(await query(`select "passwordHash" as hash from users where id = '${userId}'`)).toEqual([
      { hash: null },
    ])

    const nobody = await unharmed(open, async () => {
      for (const [method, path, json] of [
        ['GET', `/users/${userId}`],
        ['PATCH', `/users/${userId}`, { disabled: false }],
        ['DELETE', `/users/${userId}`],
        ['POST', `/users/${userId}/reset-password`],
        ['POST', `/users/${userId}/revoke-sessions`],
      ] as const)
        expectRefused(await ada.send(method, path, json ? { json } : {}), 404, 'not_found', path)
      expect(listed(await ada.send('GET', '/users'))).toEqual(['ada'])
      expect(listed(await ada.send('GET', '/users?query=deleted'))).toEqual([])
      const over = await me(bob)
      expectRefused(over, 401, 'session_revoked')
      expect(over.json.reason).toBe('user_disabled')
      expect((await bob.send('POST', '/auth/refresh')).status).toBe(401)
    })
    expect(nobody.map(({ type, reason }) => [type, reason])).toEqual([
      ['refresh.refused', 'user_disabled'],
    ])

    const again = await create(ada, { username: 'bob', role: 'admin', password: chosen })
    expect([again.status, again.json.user.id === userId]).toEqual([201, false])
    // The new one's name opens nothing to who kept the old one's cookies or password.
    expectRefused(await visitor(gate).logIn('bob'), 401, 'invalid_credentials')
    for (const typed of [`deleted:${userId}`, 'deleted:bob'])
      expectRefused(await visitor(gate).logIn(typed), 401, 'invalid_credentials')
    const [newer, older] = [visitor(gate), bob]
    expect((await newer.logIn('bob', chosen)).status).toBe(200)
    expect((await me(older)).status).toBe(401)
  })
})

describe.each(databases)('a temporary password, on %s', (kind) => {
  test('given by an administrator ends all sessions and the password there was', async () => {
    const { open, ada, adaId, gate, pass } = await withOwner(kind, { refresh: { enabled: true } })
    const { userId, who: bob } = await signedIn(open, 'bob')
    const given = await reset(ada, userId)
    expect([given.status, given.set, Object.keys(given.json)]).toEqual([
      200,
      [],
      ['temporaryPassword'],
    ])
    const first = String(given.json.temporaryPassword)
    expect(first).toMatch(temporary)
    const [said, ...more] = await open.recorded()
    expect(more).toEqual([])
    expect(said).toMatchObject({ type: 'password.reset', subject: `user:${userId}` })
    expect(said?.actor).toBe(`user:${adaId}`)

    const over = await me(bob)
    expectRefused(over, 401, 'session_revoked')
    expect(over.json.reason).toBe('password_changed')
    expect((await bob.send('POST', '/auth/refresh')).status).toBe(401)
    expectRefused(await visitor(gate).logIn('bob'), 401, 'invalid_credentials')
    const restricted = visitor(gate)
    expect((await restricted.logIn('bob', first)).json.mustChangePassword).toBe(true)

    // Another one voids the first, and the session it opened (MUST-04).
    const second = String((await reset(ada, userId)).json.temporaryPassword)
    expect(second).not.toBe(first)
    expectRefused(await visitor(gate).logIn('bob', first), 401, 'invalid_credentials')
    expectRefused(await change(restricted, first), 401, 'session_revoked')
    pass(day)
    expectRefused(await visitor(gate).logIn('bob', second), 401, 'invalid_credentials')
  })

  test('is as long as a password must be', async () => {
    const { open, ada, gate } = await withOwner(kind, { password: { minLength: 27 } })
    const { userId } = await signedIn(open, 'bob')
    const given = String((await reset(ada, userId)).json.temporaryPassword)
    expect(given).toHaveLength(29)
    expect((await visitor(gate).logIn('bob', given)).status).toBe(200)
  })

  test('not for oneself: 409; not without a recent proof', async () => {
    const { open, ada, adaId, pass } = await withOwner(kind)
    const said = await unharmed(open, async () => {
      expectRefused(await reset(ada, adaId), 409, 'conflict')
    })
    expect(said).toEqual([])
    pass(10 * minute)
    await me(ada)
    await unharmed(open, async () => {
      expectRefused(await reset(ada, adaId), 403, 'step_up_required')
    })
  })
})

describe.each(databases)('an owner is left for ever, on %s', (kind) => {
  test('the last one is not demoted, disabled or deleted, by anybody, himself included', async () => {
    const { open, ada, adaId } = await withOwner(kind)
    // One who is disabled is none.
    await addPerson(open, 'olga', { role: 'owner', disabled: true })
    await open.recorded()
    const said = await unharmed(open, async () => {
      for (const json of [
        { role: 'admin' },
        { disabled: true },
        { role: 'viewer', disabled: true },
      ])
        expectRefused(await patch(ada, adaId, json), 409, 'last_owner', JSON.stringify(json))
      expectRefused(await ada.send('DELETE', `/users/${adaId}`), 409, 'last_owner')
    })
    expect(said.map(({ type, reason }) => [type, reason])).toEqual(
      Array(4).fill(['access.refused', 'last_owner']),
    )
    expect((await patch(ada, adaId, { displayName: 'Ada' })).status).toBe(200)
  })

  test('another whose temporary password is over does not count', async () => {
    const { ada, adaId, gate, pass } = await withOwner(kind)
    expect((await create(ada, { username: 'olga', role: 'owner' })).status).toBe(201)
    pass(day)
    const again = visitor(gate)
    expect((await again.logIn('ada')).status).toBe(200)
    expectRefused(await patch(again, adaId, { role: 'member' }), 409, 'last_owner')
  })

  test('with another there, each of it may be', async () => {
    const { open, ada, adaId, pass } = await withOwner(kind)
    const { userId, who: olga } = await signedIn(open, 'olga', 'owner')
    expect((await patch(ada, adaId, { role: 'member' })).status).toBe(200)
    expectRefused(await patch(olga, userId, { role: 'member' }), 409, 'last_owner')
    expect((await patch(olga, adaId, { role: 'owner' })).status).toBe(200)
    pass(hour / 12)
    expect((await ada.send('DELETE', `/users/${userId}`)).status).toBe(403)
    await ada.send('POST', '/auth/step-up', { json: { password } })
    expect((await ada.send('DELETE', `/users/${userId}`)).status).toBe(204)
    expectRefused(await patch(ada, adaId, { disabled: true }), 409, 'last_owner')
  })
})

describe.each(databases)('what happened around one, on %s', (kind) => {
  test('is listed for that person alone, newest first, and tells nothing of others (AUTHZ-14)', async () => {
    const { open, ada, adaId, gate, pass } = await withOwner(kind)
    const { userId, who: bob } = await signedIn(open, 'bob')
    pass(1)
    await visitor(gate, '203.0.113.9').logIn('bob', 'not the password of bob')
    pass(1)
    await patch(ada, userId, { displayName: 'Bob' })
    pass(1)
    const stranger = visitor(gate)
    await stranger.logIn('bob')
    pass(1)
    const session = (await me(stranger)).json.session.id
    await ada.send('DELETE', `/auth/sessions/${session}`)

    const got = await bob.send('GET', '/auth/activity')
    expect([got.status, got.json.nextCursor]).toEqual([200, null])
    const items = got.json.items as Record<string, unknown>[]
    const mine = { actor: `user:${userId}`, address: '198.51.100.7' }
    expect(items).toMatchObject([
      { type: 'session.revoked', session, actor: `user:${adaId}`, address: null },
      { type: 'auth.signed_in', ...mine },
      { type: 'user.updated', session: null, actor: `user:${adaId}`, address: null },
      { type: 'auth.refused', actor: 'anonymous', address: '203.0.113.9' },
      { type: 'auth.signed_in', ...mine },
    ])
    for (const item of items) {
      expect(item.subject).toBe(`user:${userId}`)
      expect(Object.keys(item)).toEqual([
        ...['id', 'at', 'type', 'actor', 'subject', 'session', 'address', 'device'],
        ...['outcome', 'reason', 'details'],
      ])
    }
    expect(items[2]?.details).toEqual({ displayName: 'Bob', displayNameBefore: null })

    const paged: unknown[] = []
    for (let cursor = ''; ; ) {
      const page = await bob.send('GET', `/auth/activity?limit=2${cursor}`)
      paged.push(...(page.json.items as unknown[]))
      if (page.json.nextCursor === null) break
      cursor = `&cursor=${page.json.nextCursor}`
    }
    expect(paged).toEqual(items)
  })
})
