import { expect, test } from 'vitest'
import { holds, waitsFor } from './revocation.ts'

const lease = 1_000
const held = { looked: { elapsed: 5_000, wall: 70_000 }, beaten: 4_000 }

test.each<[string, number, number, boolean]>([
  ['at once', 5_000, 70_000, true],
  ['to the last millisecond', 5_999, 70_999, true],
  ['not a millisecond longer', 6_000, 71_000, false],
  ['a clock that was set a little', 5_500, 70_750, true],
  ['the machine slept: the wall went on alone', 5_500, 70_751, false],
  ['the wall was set back', 5_500, 70_249, false],
  ['the monotonic clock went back', 4_999, 69_999, false],
])('a lease of a second: %s', (_, elapsed, wall, expected) => {
  expect(holds(held, { elapsed, wall }, lease)).toBe(expected)
})

test('without an acknowledged beat for five leases there is none, however fresh the feed', () => {
  const looked = { elapsed: 9_000, wall: 0 }
  const at = (elapsed: number) =>
    holds({ looked, beaten: 4_100 }, { elapsed, wall: elapsed - 9_000 }, lease)
  expect([at(9_099), at(9_100)]).toEqual([true, false])
})

test('a barrier waits a tenth longer than the longest lease', () => {
  expect(waitsFor(5_000)).toBe(5_500)
})
