/** Randomness: the asked length, and never the same twice. */
import { expect, test } from 'vitest'
import { systemRandom } from './random.ts'

test.each([0, 1, 16, 32, 1_000])('%d bytes', (length) => {
  expect(systemRandom.bytes(length)).toHaveLength(length)
})

test('a thousand draws of 16 bytes are a thousand different ones', () => {
  const draws = Array.from({ length: 1_000 }, () => systemRandom.bytes(16).toString('hex'))
  expect(new Set(draws).size).toBe(1_000)
})
