/**
 * Why a session is over, as its browser is told for as long as its row is kept: by what ended it first,
 * whatever ran out or happened since. On both databases, through the gate.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { hour, minute } from '../src/rules/time.ts'
import { databases, openTestGate } from './gate/gate.ts'
import { addPerson } from './gate/people.ts'
import { expectRefused } from './gate/refusal.ts'
import { password, type Visitor, visitor } from './gate/visitor.ts'

const other = 'nine green lanterns over the harbour'

/** Ada, who owns the instance, and Bob, signed in at a browser. */
async function opened(kind: (typeof databases)[number]) {
  const open = await openTestGate(kind, { refresh: { enabled: true } })
  const ada = visitor(open.gate)
  await ada.setUp()
  const id = await addPerson(open, 'bob')
  const bob = visitor(open.gate)
  await bob.logIn('bob')
  const users = `/users/${id}`
  const set = (disabled: boolean) => ada.send('PATCH', users, { json: { disabled } })
  return {
    ...open,
    ada,
    bob,
    disable: () => set(true),
    enable: () => set(false),
    reset: () => ada.send('POST', `${users}/reset-password`),
    remove: () => ada.send('DELETE', users),
    async changeElsewhere() {
      const elsewhere = visitor(open.gate)
      await elsewhere.logIn('bob')
      const json = { currentPassword: password, newPassword: other }
      return elsewhere.send('POST', '/auth/change-password', { json })
    },
  }
}

async function expectOver(who: Visitor, reason: string) {
  const got = await who.send('GET', '/auth/me')
  expectRefused(got, 401, 'session_revoked')
  expect(got.json.reason).toBe(reason)
}

describe.each(databases)('a session is told what ended it, on %s', (kind) => {
  test.each([
    ['disable', 'user_disabled'],
    ['reset', 'password_changed'],
    ['remove', 'user_disabled'],
    ['changeElsewhere', 'password_changed'],
  ] as const)(
    'by %s, also when it would have idled out, and run out, since',
    async (deed, reason) => {
      const { pass, recorded, ada, bob, ...deeds } = await opened(kind)
      pass(29 * minute)
      await ada.logIn('ada')
      expect([200, 204]).toContain((await deeds[deed]()).status)
      for (const time of [0, 31 * minute, 12 * hour, 23 * hour]) {
        pass(time)
        await expectOver(bob, reason)
      }
      await recorded()
      expect((await bob.send('POST', '/auth/refresh')).json.code).toBe('refresh_token_invalid')
      expect((await recorded()).map((line) => [line.type, line.reason])).toEqual([
        ['refresh.refused', reason],
      ])
    },
  )

  test('the first of several', async () => {
    const { pass, bob, disable, enable, reset } = await opened(kind)
    for (const deed of [disable, enable, reset]) {
      expect((await deed()).status).toBe(200)
      await expectOver(bob, 'user_disabled')
      pass(minute)
    }
    const temporary = String((await reset()).json.temporaryPassword)
    expect((await bob.logIn('bob', temporary)).status).toBe(200)
    await reset()
    await disable()
    await expectOver(bob, 'password_changed')
  })

  test('or that it had idled out before', async () => {
    const { pass, bob, ada, disable } = await opened(kind)
    pass(30 * minute)
    await ada.logIn('ada')
    expect((await disable()).status).toBe(200)
    expectRefused(await bob.send('GET', '/auth/me'), 401, 'session_expired')
  })
})
