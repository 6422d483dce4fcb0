/**
 * Refresh tokens that were stolen, replayed, forged, mixed up or used too late: the refresh cases of
 * `security.md`. Those of two processes (RT-03, RT-12) are in `test/refresh-nodes.test.ts`.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { hour, minute, second } from '../../src/rules/time.ts'
import { databases } from '../gate/gate.ts'
import { addPerson } from '../gate/people.ts'
import { claimed, expectLost, holding, refresh, renew, session } from '../gate/refreshing.ts'
import { expectRefused, unharmed } from '../gate/refusal.ts'
import { type Visitor, visitor } from '../gate/visitor.ts'

describe.each(databases)('on %s', (kind) => {
  test('RT-01: a used token after the leeway ends the whole session, and is recorded (R2.4, R4.1)', async () => {
    const { gate, pass, ada, replay, recorded, id } = await claimed(kind)
    const old = new Map(ada.jar)
    await renew(ada)
    pass(31 * second)
    expectLost(await replay(old))
    expect(await recorded()).toMatchObject([{ type: 'refresh.replayed', session: id }])
    expectLost(await replay(ada.jar))
    const me = await holding(gate, ada.jar).send('GET', '/auth/me')
    expectRefused(me, 401, 'session_revoked')
    expect(me.json.reason).toBe('replay')
    expect(await recorded()).toMatchObject([{ type: 'refresh.refused', reason: 'replay' }])
  })

  test('RT-02: fifty at once on one process: one rotation, one successor, nobody out', async () => {
    const { ada, gate, query, types } = await claimed(kind)
    const tabs = Array.from({ length: 50 }, () => holding(gate, ada.jar))
    const answers = await Promise.all(tabs.map(renew))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(tabs.map(({ jar }) => jar.get(refresh))).size).toBe(1)
    expect(await query('select generation from sessions')).toEqual([{ generation: 1 }])
    expect((await renew(tabs[7] ?? ada)).status).toBe(200)
    expect(await types()).toEqual([])
  })

  test('RT-05: within the leeway, but its successor was seen: a replay', async () => {
    const { ada, replay, types } = await claimed(kind)
    const old = new Map(ada.jar)
    await renew(ada)
    await renew(ada)
    expectLost(await replay(old))
    expectLost(await renew(ada))
    expect(await types()).toEqual(['refresh.replayed', 'refresh.refused'])
  })

  test('RT-06, RT-07: an end of any kind is an end of refreshing (R1.7, R5.4, R6.3, L22)', async () => {
    const open = await claimed(kind)
    const { ada, gate, query, replay, recorded } = open
    const ends: readonly [reason: string, end: (who: Visitor, id: string) => Promise<unknown>][] = [
      ['logout', (who) => holding(gate, who.jar).send('POST', '/auth/logout')],
      [
        'revoked',
        async (_, id) => {
          const other = visitor(gate)
          await other.logIn('revoked')
          return other.send('DELETE', `/auth/sessions/${id}`)
        },
      ],
      ['disabled', () => query(`update users set "disabledAt" = 1 where username = 'disabled'`)],
      ['deleted', () => query(`update users set "deletedAt" = 1 where username = 'deleted'`)],
      ['changed', () => query(`update users set version = 2 where username = 'changed'`)],
      ['restored', () => query('update instance set epoch = epoch + 1')],
    ]
    const reasons: (string | null)[] = []
    for (const [name, end] of ends) {
      await addPerson(open, name)
      const who = visitor(gate)
      await end(who, (await who.logIn(name)).json.session.id)
      await recorded()
      const before = await query('select id, generation, digest from sessions order by id')
      for (let n = 0; n < 2; n++) expectLost(await replay(who.jar), name)
      expect(await query('select id, generation, digest from sessions order by id')).toEqual(before)
      const [first, again] = await recorded()
      expect([first?.type, again]).toMatchObject(['refresh.refused', { reason: first?.reason }])
      reasons.push(first?.reason ?? null)
    }
    expect(reasons).toEqual([
      'logout',
      'revoked',
      'user_disabled',
      'user_disabled',
      'password_changed',
      'restored',
    ])
    expectLost(await replay(ada.jar))
  })

  test('RT-09: the tokens of two sessions together renew neither; a mangled one is not looked at', async () => {
    const open = await claimed(kind)
    const { ada, gate, query, recorded } = open
    await addPerson(open, 'bob')
    const [bob, twin] = [visitor(gate), visitor(gate)]
    await bob.logIn('bob')
    await twin.logIn('ada')
    await recorded()
    for (const other of [bob, twin]) {
      const said = await unharmed(open, async () => {
        const mixed = holding(gate, ada.jar)
        mixed.jar.set(session, other.jar.get(session) ?? '')
        expectLost(await renew(mixed))
      })
      expect(said).toMatchObject([{ type: 'refresh.refused', reason: 'other session' }])
      // With the CSRF token of the other as well the gate is shut before.
      const foreign = holding(gate, other.jar)
      foreign.jar.set(refresh, ada.jar.get(refresh) ?? '')
      expectRefused(await renew(foreign), 403, 'csrf_rejected')
      for (const who of [ada, other]) expect((await who.send('GET', '/auth/me')).status).toBe(200)
    }
    const mangled = holding(gate, ada.jar)
    mangled.jar.set(session, `${ada.jar.get(session)}x`)
    expect((await renew(mangled)).status).toBe(200)
    expect(
      (await query('select generation from sessions')).map((row) => Number(row.generation)).sort(),
    ).toEqual([0, 0, 1])
  })

  test('Signing out ends the session of either cookie, and a planted one hides neither (R2.7)', async () => {
    const { ada, gate, query } = await claimed(kind)
    const other = visitor(gate)
    await other.logIn('ada')
    const only = holding(gate, ada.jar)
    only.jar.set(session, 'planted')
    expect((await only.send('GET', '/auth/me')).json.code).toBe('session_expired')
    only.jar.set(session, other.jar.get(session) ?? '')
    expect((await only.send('POST', '/auth/logout')).status).toBe(204)
    expect(await query('select "endReason" from sessions')).toEqual([
      { endReason: 'logout' },
      { endReason: 'logout' },
    ])
  })

  test('RT-11: an answer that was lost is given once more', async () => {
    const { ada, pass, replay, types } = await claimed(kind)
    const old = new Map(ada.jar)
    const first = await replay(old)
    pass(16 * second)
    const retry = await replay(old)
    expect([first.status, retry.status, retry.set[1]]).toEqual([200, 200, first.set[1]])
    expect((await renew(ada)).status).toBe(200)
    expect(await types()).toEqual([])
  })

  test('RT-13, REV-11: to the absolute limit and not beyond, whatever the settings say by then', async () => {
    const { ada, another, pass, query } = await claimed(kind)
    const longer = await another({
      session: { privilegedAbsolute: '30d', privilegedIdle: '30d', absolute: '30d', idle: '30d' },
    })
    const cap = await query('select "expiresAt" from sessions')
    for (let spent = 0; spent < 8 * hour - 10 * minute; spent += 10 * minute) {
      pass(10 * minute)
      const elsewhere = holding(longer, ada.jar)
      expect((await renew(elsewhere)).status).toBe(200)
      for (const [name, value] of elsewhere.jar) ada.jar.set(name, value)
      await ada.send('GET', '/auth/me')
    }
    expect(await query('select "expiresAt" from sessions')).toEqual(cap)
    pass(10 * minute - 1)
    const last = await renew(ada)
    // What is left of the session is what its cookies live, and never nothing.
    expect([last.status, last.set[0]]).toEqual([200, expect.stringMatching(/Max-Age=1$/)])
    expect((await ada.send('GET', '/auth/me')).status).toBe(200)
    pass(1)
    expectLost(await renew(holding(longer, ada.jar)))
  })

  test('REV-11: refreshing keeps no session from idling out', async () => {
    const { ada, pass } = await claimed(kind)
    for (let n = 0; n < 14; n++) {
      pass(minute)
      expect((await renew(ada)).status).toBe(200)
    }
    pass(minute)
    expectLost(await renew(ada))
  })

  test('RT-15: whatever was guessed is 401, reads nothing and ends nothing', async () => {
    const open = await claimed(kind)
    const { ada, gate, query } = open
    const token = ada.jar.get(refresh) ?? ''
    const bytes = Buffer.from(token, 'base64url')
    const guesses = Array.from({ length: 2_000 }, () => {
      const random = randomBytes(75)
      // Not of a root that is unknown: that is another answer.
      bytes.copy(random, 0, 0, 7)
      return random.toString('base64url')
    })
    for (let at = 10; at < 100; at++) {
      const other = token[at] === 'A' ? 'B' : 'A'
      guesses.push(token.slice(0, at) + other + token.slice(at + 1))
    }
    guesses.push(Buffer.concat([bytes.subarray(0, 27), randomBytes(48)]).toString('base64url'))
    guesses.push('', 'x', `${token}=`, ` ${token}`, token.slice(1))
    const said = await unharmed(open, async () => {
      await query('alter table sessions rename to nowhere')
      for (const guess of guesses) {
        const who = holding(gate, new Map([...ada.jar, [refresh, guess]]))
        expectLost(await renew(who), guess)
      }
      await query('alter table nowhere rename to sessions')
      // Of a root that this node does not have: not an answer, so nothing is cleared either.
      const unknown = Buffer.concat([bytes.subarray(0, 1), randomBytes(74)]).toString('base64url')
      const who = holding(gate, new Map([...ada.jar, [refresh, unknown]]))
      expectRefused(await renew(who), 503, 'unavailable')
    })
    expect(said).toEqual([])
    expect((await renew(ada)).status).toBe(200)
  })

  test('RT-16: the token of a session that is over is no weapon against others', async () => {
    const { ada, gate, replay, types, query } = await claimed(kind)
    const over = visitor(gate)
    await over.logIn('ada')
    const [old, used] = [new Map(over.jar), await renew(over)]
    expect(used.status).toBe(200)
    await over.send('POST', '/auth/logout')
    await types()
    for (let n = 0; n < 20; n++) expectLost(await replay(old))
    expect(new Set(await types())).toEqual(new Set(['refresh.refused']))
    expect((await ada.send('GET', '/auth/me')).status).toBe(200)
    expect((await renew(ada)).status).toBe(200)
    const reasons = await query('select "endReason" from sessions where "endedAt" is not null')
    expect(reasons).toEqual([{ endReason: 'logout' }])
    expect((await visitor(gate).logIn('ada')).status).toBe(200)
  })

  test('A refresh on its way while the browser signs in anew does not clear the new cookies', async () => {
    const { ada, pass, replay } = await claimed(kind)
    const old = new Map(ada.jar)
    await ada.logIn('ada')
    pass(10 * second - 1)
    expectRefused(await replay(old), 401, 'refresh_token_invalid')
    pass(1)
    expectLost(await replay(old))
    expect((await ada.send('GET', '/auth/me')).status).toBe(200)
  })
})
