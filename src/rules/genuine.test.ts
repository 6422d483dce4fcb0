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

test('no more are remembered than there is room for, and what is asked for stays', () => {
  const { get, keep } = genuine<number>(10)
  for (let n = 0; n < 100; n++) {
    keep(`text ${n}`, n)
    expect(get('text 0')).toBe(0)
  }
  const kept = Array.from({ length: 100 }, (_, n) => n).filter((n) => get(`text ${n}`) === n)
  expect(kept).toEqual([0, ...kept.slice(1, -1), 99])
  expect(kept.length).toBeGreaterThan(5)
  expect(kept.length).toBeLessThanOrEqual(10)
  expect(kept.slice(1).every((n) => n > 88)).toBe(true)
})
