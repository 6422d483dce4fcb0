/** The clock: whole milliseconds, and an age that never shrinks. */
import { expect, test } from 'vitest'
import { systemClock } from './clock.ts'

test('wall time is whole milliseconds since 1970, near to now', () => {
  expect(Number.isSafeInteger(systemClock.now())).toBe(true)
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000)
})

test('ages never shrink', () => {
  const readings = Array.from({ length: 1_000 }, () => systemClock.elapsed())
  expect(readings).toEqual(readings.toSorted((a, b) => a - b))
})
