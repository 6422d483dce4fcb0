/**
 * The whole gate through `handle`: each scenario asserts status, body, cookies, what was recorded, and
 * that nothing else was. On both databases.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { databases, openTestGate } from './gate/gate.ts'
import { visitor } from './gate/visitor.ts'

describe.each(databases)('on %s', (kind) => {
  test('claim, who am I, sign out, sign in', async () => {
    const { gate, recorded } = await openTestGate(kind)
    const ada = visitor(gate)
    expect((await ada.send('GET', '/auth/setup')).json).toEqual({
      needsOwner: true,
      passwordPolicy: { minLength: 15, maxLength: 128, maxBytes: 1024 },
    })
    const claimed = await ada.setUp()
    expect(claimed.status).toBe(201)
    const userId = claimed.json.user.id
    expect((await recorded()).map(({ type, actor }) => [type, actor])).toEqual([
      ['instance.claimed', `user:${userId}`],
      ['auth.signed_in', `user:${userId}`],
    ])
    const me = await ada.send('GET', '/auth/me')
    expect([me.status, me.json.user.username]).toEqual([200, 'ada'])
    const out = await ada.send('POST', '/auth/logout')
    expect([out.status, ada.jar.size]).toEqual([204, 0])
    expect((await recorded()).map(({ type }) => type)).toEqual(['auth.signed_out'])
    expect((await ada.send('GET', '/auth/me')).json.code).toBe('not_authenticated')
    expect((await ada.logIn('ADA')).status).toBe(200)
  })
})
