/** Randomness: the asked length, and never the same twice. */
import { expect, test } from 'vitest'
import { systemRandom } from './random.ts'

test.each([0, 1, 16, 32, 1_000])('%d bytes', (length) => {
  expect(systemRandom.bytes(length)).toHaveLength(length)
})

test('RAND-01: no bit of ten thousand draws leans to one side', () => {
  const draws = Array.from({ length: 10_000 }, () => systemRandom.bytes(32))
  for (let bit = 0; bit < 256; bit++) {
    const ones = draws.filter((bytes) => ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1).length
    // Six times the standard deviation of 50: one false alarm in two million runs.
    expect([bit, Math.abs(ones - 5_000) < 300]).toEqual([bit, true])
  }
})

test('a thousand draws of 16 bytes are a thousand different ones', () => {
  const draws = Array.from({ length: 1_000 }, () => systemRandom.bytes(16).toString('hex'))
  expect(new Set(draws).size).toBe(1_000)
})
