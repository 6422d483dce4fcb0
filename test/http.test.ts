/**
 * Coming in and going out through `handle`: each scenario asserts status, body, cookies, what was
 * recorded, and that nothing else was. On both databases.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { hour, minute } from '../src/rules/time.ts'
import { type AuditLine, databases, openTestGate, setupToken } from './gate/gate.ts'
import { addPerson } from './gate/people.ts'
import { expectRefused, unharmed } from './gate/refusal.ts'
import { password, visitor } from './gate/visitor.ts'

const id = expect.stringMatching(/^[\w-]{22}$/)
const noon = '2026-01-01T12:00:00.000Z'
const cleared = ['session', 'refresh', 'csrf'].map(
  (name) =>
    `__Host-${name}=; Path=/; Secure; SameSite=Strict${name === 'csrf' ? '' : '; HttpOnly'}; Max-Age=0`,
)
const brief = (lines: readonly AuditLine[]) => lines.map(({ type, reason }) => [type, reason])

describe.each(databases)('on %s', (kind) => {
  test('Setting up makes the owner and signs him in, once', async () => {
    const { gate, recorded } = await openTestGate(kind)
    const ada = visitor(gate)
    expect((await ada.send('GET', '/auth/setup')).json).toEqual({
      needsOwner: true,
      passwordPolicy: { minLength: 15, maxLength: 128, maxBytes: 1024 },
    })
    expect(await recorded()).toEqual([])

    const claimed = await ada.send('POST', '/auth/setup', {
      json: { setupToken, username: 'Ada', password, displayName: ' Ada L. ' },
    })
    expect(claimed.status).toBe(201)
    const userId = claimed.json.user.id
    expect(claimed.json).toEqual({
      user: {
        id,
        username: 'ada',
        displayName: 'Ada L.',
        role: 'owner',
        scopes: [],
        disabled: false,
        mustChangePassword: false,
        createdAt: noon,
        lastLoginAt: noon,
      },
      session: {
        id,
        userId,
        username: 'ada',
        current: true,
        device: {
          browser: 'Firefox',
          os: 'Linux',
          kind: 'desktop',
          userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0',
        },
        address: '198.51.100.7',
        createdAt: noon,
        lastActiveAt: noon,
        idleUntil: '2026-01-01T12:15:00.000Z',
        expiresAt: '2026-01-01T20:00:00.000Z',
        remembered: false,
      },
      permissions: expect.arrayContaining(['sessions:read', 'users:write', 'audit:read']),
      mustChangePassword: false,
    })
    expect(claimed.set).toEqual([
      expect.stringMatching(
        /^__Host-session=[\w.-]+; Path=\/; Secure; SameSite=Strict; HttpOnly; Max-Age=28800$/,
      ),
      expect.stringMatching(
        /^__Host-csrf=[\w-]{22}\.[\w-]{43}; Path=\/; Secure; SameSite=Strict; Max-Age=28800$/,
      ),
      expect.stringMatching(
        /^__Host-device=[\w-]{74}; Path=\/; Secure; SameSite=Strict; HttpOnly; Max-Age=15552000$/,
      ),
    ])
    const who = { actor: `user:${userId}`, subject: `user:${userId}`, address: '198.51.100.7' }
    expect(await recorded()).toMatchObject([
      { ...who, type: 'instance.claimed', outcome: 'success', reason: null },
      { ...who, type: 'auth.signed_in', outcome: 'success', session: claimed.json.session.id },
    ])
    expect((await ada.send('GET', '/auth/me')).json).toEqual(claimed.json)
    expect((await ada.send('GET', '/auth/setup')).json).toMatchObject({ needsOwner: false })
    expect(await recorded()).toEqual([])
  })

  test('A set-up is refused for being claimed, then for its token, then for its fields', async () => {
    const open = await openTestGate(kind)
    const stranger = visitor(open.gate)
    const send = (json: unknown) => stranger.send('POST', '/auth/setup', { json })
    const said = await unharmed(open, async () => {
      for (const token of ['x', '', undefined, 7, `${setupToken} `, setupToken.toUpperCase()])
        expectRefused(await send({ setupToken: token, username: '!' }), 403, 'forbidden')
      const wrong = await send({ setupToken, username: '-', password: 'short', isOwner: true })
      expectRefused(wrong, 422, 'validation_failed')
      expect(wrong.json.fields).toEqual([
        { name: 'isOwner', code: 'unknown_field', detail: expect.any(String) },
      ])
      const unfit = await send({ setupToken, username: '-', password, displayName: '\u0007' })
      expectRefused(unfit, 422, 'validation_failed')
      expect(unfit.json.fields?.map(({ name }) => name)).toEqual(['username', 'displayName'])
    })
    expect(brief(said)).toEqual(Array(6).fill(['auth.refused', 'forbidden']))

    await visitor(open.gate).setUp()
    const late = await unharmed(open, async () => {
      for (const token of [setupToken, 'wrong'])
        expectRefused(await send({ setupToken: token, username: 7 }), 409, 'already_set_up')
    })
    expect(brief(late)).toEqual(Array(2).fill(['auth.refused', 'already_set_up']))
  })

  test('A name and a password open a session; anything wrong with them is one refusal', async () => {
    const open = await openTestGate(kind, { session: { remember: true } })
    await visitor(open.gate).setUp()
    await addPerson(open, 'gone', { disabled: true })
    const ada = visitor(open.gate)
    const said = await unharmed(open, async () => {
      expectRefused(await ada.logIn('ada', `${password}!`), 401, 'invalid_credentials')
      expectRefused(await ada.logIn('nobody'), 401, 'invalid_credentials')
      expectRefused(await ada.logIn('no such name!'), 401, 'invalid_credentials')
      expectRefused(await ada.logIn('gone'), 401, 'invalid_credentials')
    })
    expect(brief(said)).toEqual(
      ['wrong_password', 'unknown_name', 'unknown_name', 'cannot_sign_in'].map((why) => [
        'auth.refused',
        why,
      ]),
    )
    expect(said.every(({ actor, outcome }) => `${actor} ${outcome}` === 'anonymous refused')).toBe(
      true,
    )
    const malformed = await unharmed(open, async () => {
      for (const json of [
        { username: 'a'.repeat(1025), password },
        { username: 'ada', password: 'é'.repeat(513) },
        { username: 'ada' },
        { username: 'ada', password, extra: 1 },
        { username: 'ada', password, remember: 'true' },
      ])
        expectRefused(await ada.send('POST', '/auth/login', { json }), 422, 'validation_failed')
    })
    expect(malformed).toEqual([])

    open.pass(hour)
    const json = { username: '\uff21DA', password, remember: true }
    const signed = await ada.send('POST', '/auth/login', { json })
    expect([signed.status, signed.json.session.remembered]).toEqual([200, false])
    expect(signed.json.user).toMatchObject({
      username: 'ada',
      lastLoginAt: '2026-01-01T13:00:00.000Z',
    })
    expect(signed.set.map((cookie) => /Max-Age=\d+/.exec(cookie)?.[0])).toEqual([
      'Max-Age=28800',
      'Max-Age=28800',
      'Max-Age=15552000',
    ])
    expect(await open.recorded()).toMatchObject([
      { type: 'auth.signed_in', session: signed.json.session.id },
    ])
  })

  test('A member may be remembered where that is allowed, and only there', async () => {
    for (const remember of [true, false]) {
      const open = await openTestGate(kind, { session: { remember } })
      await visitor(open.gate).setUp()
      await addPerson(open, 'bob')
      const json = { username: 'bob', password, remember: true }
      const bob = await visitor(open.gate).send('POST', '/auth/login', { json })
      expect(bob.json.session.remembered).toBe(remember)
      const lasts = remember ? 30 * 24 * 3600 : 12 * 3600
      expect(bob.set[0]).toContain(`; Max-Age=${lasts}`)
    }
  })

  test('Many sign in at once while their hash is made anew, and none is refused or signed out for it (W31)', async () => {
    const { gate, database, query, recorded } = await openTestGate(kind)
    const ada = visitor(gate)
    await ada.setUp()
    const kept = async () =>
      String((await query('select "passwordHash" from users'))[0]?.passwordHash)
    expect(await kept()).toMatch(/^[\w-]{8}\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    await recorded()
    const stricter = await openTestGate(kind, { database, hashing: { passes: 3 } })
    const crowd = Array.from({ length: 4 }, () => visitor(stricter.gate).logIn('ada'))
    expect((await Promise.all(crowd)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const anew = await kept()
    expect(anew).toMatch(/\$m=19456,t=3,p=1\$/)
    expect((await ada.send('GET', '/auth/me')).status).toBe(200)
    expect(brief(await recorded())).toEqual(Array(4).fill(['auth.signed_in', null]))
    // Once is enough, and a gate with the old settings leaves it alone.
    for (const one of [gate, stricter.gate])
      expect((await visitor(one).logIn('ada')).status).toBe(200)
    expect(await kept()).toBe(anew)
  })

  test('Signing out ends the session, clears its cookies, and can be said twice', async () => {
    const { gate, recorded, pass } = await openTestGate(kind)
    const ada = visitor(gate)
    const { json } = await ada.setUp()
    const copy = new Map(ada.jar)
    const sid = json.session.id
    await recorded()
    ada.jar.set('__Host-device', 'stays')
    const out = await ada.send('POST', '/auth/logout', { headers: { 'X-CSRF-Token': null } })
    expect([out.status, out.text, out.set]).toEqual([204, '', cleared])
    expect(out.headers.get('clear-site-data')).toBe('"cache", "storage"')
    expect([...ada.jar]).toEqual([['__Host-device', 'stays']])
    const signedOut = { type: 'auth.signed_out', actor: `user:${json.user.id}`, session: sid }
    expect(await recorded()).toMatchObject([signedOut])

    const thief = visitor(gate)
    for (const [name, value] of copy) thief.jar.set(name, value)
    const gone = await thief.send('GET', '/auth/me')
    expectRefused(gone, 401, 'session_revoked')
    expect(gone.json.reason).toBe('logout')
    for (const [name, value] of copy) ada.jar.set(name, value)
    for (const again of ['once more', 'and without any cookie']) {
      const out = await ada.send('POST', '/auth/logout')
      expect([again, out.status, out.set]).toEqual([again, 204, cleared])
    }
    expect(await recorded()).toEqual([])

    // One that was over by itself has nobody to end it.
    await ada.logIn('ada')
    pass(8 * hour + minute)
    await recorded()
    const late = await ada.send('POST', '/auth/logout')
    expect([late.status, late.set, await recorded()]).toEqual([204, cleared, []])
  })

  test('Signing in while signed in ends the session that came, whoever’s it was', async () => {
    const open = await openTestGate(kind)
    const { gate, recorded } = open
    const browser = visitor(gate)
    const first = await browser.setUp()
    await addPerson(open, 'bob')
    const before = new Map(browser.jar)
    const failed = await unharmed(open, async () => {
      expectRefused(await browser.logIn('bob', 'wrong'), 401, 'invalid_credentials')
    })
    expect(brief(failed)).toEqual([['auth.refused', 'wrong_password']])
    expect((await browser.send('GET', '/auth/me')).status).toBe(200)

    const bob = await browser.logIn('bob')
    expect(bob.json.user.username).toBe('bob')
    expect(await recorded()).toMatchObject([
      {
        type: 'session.replaced',
        actor: `user:${bob.json.user.id}`,
        subject: `user:${first.json.user.id}`,
        session: first.json.session.id,
      },
      { type: 'auth.signed_in', session: bob.json.session.id },
    ])
    const old = visitor(gate)
    for (const [name, value] of before) old.jar.set(name, value)
    const gone = await old.send('GET', '/auth/me')
    expectRefused(gone, 401, 'session_revoked')
    expect(gone.json.reason).toBe('logout')
    expect(
      [...browser.jar.values()].filter((value) => [...before.values()].includes(value)),
    ).toEqual([])
  })
})
