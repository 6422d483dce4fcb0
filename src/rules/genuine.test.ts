/** What was found genuine is remembered for as many as there is room for, and for its own keys. */
import { expect, test } from 'vitest'
import { isCsrf, mintCsrf } from './csrf.ts'
import { genuine } from './genuine.ts'
import { deriveKeys, rootOf } from './keys.ts'

const roots = [1, 2].map((byte) => rootOf(Buffer.alloc(32, byte)))
const [one = rootOf(Buffer.alloc(32)), two = one] = roots
const [mine, other] = ['c2Vzc2lvbi0wMTIzNDU2Nw', 'c2Vzc2lvbi0wMTIzNDU2OA']

test('a CSRF token stays its session’s, and goes with its key', () => {
  const keys = deriveKeys({ active: one, verify: [] }, 'an instance')
  const token = mintCsrf(keys, mine, Buffer.alloc(16, 7))
  for (const _ of [1, 2])
    expect([isCsrf(keys, mine, token), isCsrf(keys, other, token)]).toEqual([true, false])
  expect(isCsrf(keys, mine, `${token}A`)).toBe(false)
  const later = deriveKeys({ active: two, verify: [] }, 'an instance')
  expect(isCsrf(later, mine, token)).toBe(false)
})

test('no more are remembered than there is room for', () => {
  const { get, keep } = genuine<number>()
  for (let n = 0; n < 10_001; n++) keep(`text ${n}`, n)
  expect([get('text 0'), get('text 9999'), get('text 10000')]).toEqual([
    undefined,
    undefined,
    10_000,
  ])
})
