/**
 * Accounts as they are before anybody came, and as they are after years.
 *
 * @module
 */
import { expect, test } from 'vitest'
import { day } from '../src/rules/time.ts'
import { openTestGate } from './gate/gate.ts'
import { visitor } from './gate/visitor.ts'

test('before the claim there is nobody: no name and no password lets in', async () => {
  const { gate, query } = await openTestGate()
  expect(await query('select id from users')).toEqual([])
  for (const name of ['admin', 'root', 'sallyport'])
    for (const password of [name, 'password'])
      expect((await visitor(gate).logIn(name, password)).status).toBe(401)
  expect(await query('select id from sessions')).toEqual([])
})

test('two years later the password still signs in, and need not be changed', async () => {
  const { gate, pass } = await openTestGate()
  await visitor(gate).setUp()
  pass(730 * day)
  const signed = await visitor(gate).logIn('ada')
  expect(signed.status).toBe(200)
  expect(signed.json).toMatchObject({ mustChangePassword: false })
})
