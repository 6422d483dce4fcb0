/**
 * Refresh through the whole gate: rotation, healing, replay, and fifty at once, on both databases.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { databases, openTestGate } from './gate/gate.ts'
import { addPerson } from './gate/people.ts'
import { visitor } from './gate/visitor.ts'

const second = 1000
const minute = 60 * second

describe.each(databases)('on %s', (kind) => {
  test('a refresh renews all three cookies, keeps session and CSRF token, and moves no limit (R2.1, R5.1)', async () => {
    const { gate, pass, recorded } = await openTestGate(kind, { refresh: { enabled: true } })
    const ada = visitor(gate)
    const signed = await ada.setUp()
    const before = new Map(ada.jar)
    const names = ['csrf', 'device', 'refresh', 'session'].map((name) => `__Host-${name}`)
    expect([...before.keys()].sort()).toEqual(names)
    await recorded()
    pass(5 * minute + 10 * second)
    expect((await ada.send('GET', '/auth/me')).json.code).toBe('session_expired')

    const renewed = await ada.send('POST', '/auth/refresh')
    expect(renewed.status).toBe(200)
    expect(renewed.json.session).toEqual(signed.json.session)
    expect(ada.jar.get('__Host-csrf')).toBe(before.get('__Host-csrf'))
    expect(ada.jar.get('__Host-refresh')).not.toBe(before.get('__Host-refresh'))
    expect(renewed.set.map((cookie) => cookie.replace(/=[^;]*/, ''))).toEqual([
      '__Host-session; Path=/; Secure; SameSite=Strict; HttpOnly; Max-Age=300',
      '__Host-refresh; Path=/; Secure; SameSite=Strict; HttpOnly',
      '__Host-csrf; Path=/; Secure; SameSite=Strict',
    ])
    expect((await ada.send('GET', '/auth/me')).status).toBe(200)
    expect(await recorded()).toEqual([])
  })

  test('the immediate predecessor is healed within the leeway: the same successor', async () => {
    const { gate, pass } = await openTestGate(kind, { refresh: { enabled: true } })
    const ada = visitor(gate)
    await ada.setUp()
    const old = new Map(ada.jar)
    await ada.send('POST', '/auth/refresh')
    const successor = ada.jar.get('__Host-refresh')
    pass(30 * second)
    for (const [name, value] of old) ada.jar.set(name, value)
    expect((await ada.send('POST', '/auth/refresh')).status).toBe(200)
    expect(ada.jar.get('__Host-refresh')).toBe(successor)
  })

  test.each([
    ['a predecessor after the leeway', 1, 30 * second + 1],
    ['a grandparent within it', 2, 0],
  ])('%s ends the session, in the same step', async (_, rotations, wait) => {
    const { gate, pass, recorded } = await openTestGate(kind, { refresh: { enabled: true } })
    const ada = visitor(gate)
    await ada.setUp()
    const old = new Map(ada.jar)
    for (let n = 0; n < rotations; n++) await ada.send('POST', '/auth/refresh')
    const live = new Map(ada.jar)
    pass(wait)
    await recorded()

    for (const [name, value] of old) ada.jar.set(name, value)
    const refused = await ada.send('POST', '/auth/refresh')
    expect([refused.status, refused.json.code]).toEqual([401, 'refresh_token_invalid'])
    expect([...ada.jar.keys()]).toEqual(['__Host-device'])
    expect((await recorded()).map(({ type }) => type)).toEqual(['refresh.replayed'])

    for (const [name, value] of live) ada.jar.set(name, value)
    const me = await ada.send('GET', '/auth/me')
    expect([me.json.code, me.json.reason]).toEqual(['session_revoked', 'replay'])
    expect((await ada.send('POST', '/auth/refresh')).status).toBe(401)
  })

  test('fifty at once over two nodes: one rotation, one successor, nobody signed out (R4.15, R7.1)', async () => {
    const one = await openTestGate(kind, { refresh: { enabled: true } })
    const other = await one.another()
    const ada = visitor(one.gate)
    await ada.setUp()
    let cookies = new Map(ada.jar)
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, async (_, n) => {
          const tab = visitor(n % 2 === 0 ? one.gate : other)
          for (const [name, value] of cookies) tab.jar.set(name, value)
          const answer = await tab.send('POST', '/auth/refresh')
          return { status: answer.status, jar: tab.jar }
        }),
      )
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      expect(new Set(answers.map(({ jar }) => jar.get('__Host-refresh'))).size).toBe(1)
      const [row] = await one.query('select generation from sessions')
      expect(Number(row?.generation)).toBe(round + 1)
      cookies = answers[0]?.jar ?? cookies
    }
  })

  test('no CSRF token, no rotation (R1.1)', async () => {
    const { gate, dump } = await openTestGate(kind, { refresh: { enabled: true } })
    const ada = visitor(gate)
    await ada.setUp()
    const before = await dump()
    for (const headers of [
      { 'X-CSRF-Token': null },
      { 'X-CSRF-Token': 'AAAA' },
      { Origin: 'https://evil.test', 'Sec-Fetch-Site': 'cross-site' },
    ]) {
      ada.jar.delete('__Host-session')
      const refused = await ada.send('POST', '/auth/refresh', { headers })
      expect([refused.status, refused.json.code, refused.set]).toEqual([403, 'csrf_rejected', []])
    }
    expect(await dump()).toBe(before)
  })

  test('signing in with the session cookie of one and the refresh cookie of another ends both (decision 9)', async () => {
    const open = await openTestGate(kind, { refresh: { enabled: true } })
    const ada = visitor(open.gate)
    await ada.setUp()
    for (const name of ['bob', 'carl']) await addPerson(open, name)
    const [bob, carl] = [visitor(open.gate), visitor(open.gate)]
    const one = (await bob.logIn('bob')).json.session.id
    const two = (await carl.logIn('carl')).json.session.id
    const mixed = visitor(open.gate)
    mixed.jar.set('__Host-session', bob.jar.get('__Host-session') ?? '')
    mixed.jar.set('__Host-refresh', carl.jar.get('__Host-refresh') ?? '')
    await open.recorded()
    const wrong = await mixed.logIn('bob', 'not the password at all')
    expect(wrong.status).toBe(401)
    for (const who of [bob, carl]) expect((await who.send('GET', '/auth/me')).status).toBe(200)
    await open.recorded()

    expect((await mixed.logIn('bob')).status).toBe(200)
    for (const who of [bob, carl]) {
      const { status, json } = await who.send('GET', '/auth/me')
      expect([status, json.code, json.reason]).toEqual([401, 'session_revoked', 'logout'])
      // A refresh that was on its way clears none of the new cookies.
      const late = await who.send('POST', '/auth/refresh')
      expect([late.json.code, late.set]).toEqual(['refresh_token_invalid', []])
    }
    const replaced = (await open.recorded()).filter(({ type }) => type === 'session.replaced')
    expect(replaced.map(({ session }) => session).sort()).toEqual([one, two].sort())
    expect((await mixed.send('GET', '/auth/me')).status).toBe(200)
  })

  test('credentials are looked at before the body is (decision 2)', async () => {
    const { gate } = await openTestGate(kind, { refresh: { enabled: true } })
    const ada = visitor(gate)
    await ada.setUp()
    const json = { a: 1 }
    const nobody = await visitor(gate).send('POST', '/auth/refresh', { json })
    expect([nobody.status, nobody.json.code]).toEqual([401, 'refresh_token_invalid'])
    expect(nobody.set).toHaveLength(3)
    const headers = { 'X-CSRF-Token': null }
    const forged = await ada.send('POST', '/auth/refresh', { json, headers })
    expect([forged.status, forged.json.code, forged.set]).toEqual([403, 'csrf_rejected', []])
    const old = ada.jar.get('__Host-refresh')
    const sent = await ada.send('POST', '/auth/refresh', { json })
    expect([sent.status, sent.json.code, sent.set]).toEqual([400, 'malformed_request', []])
    expect((await ada.send('POST', '/auth/refresh')).status).toBe(200)
    expect(ada.jar.get('__Host-refresh')).not.toBe(old)
  })
})
