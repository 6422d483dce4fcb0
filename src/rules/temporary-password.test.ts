import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maxLength, passwordFault } from './password.ts'
import { temporaryBytes, temporaryPassword } from './temporary-password.ts'

test('bytes are written in groups of five, without letters that look like others', () => {
  expect(temporaryPassword(Buffer.from([...Array(20).keys()]))).toBe('01234-56789-abcde-fghjk')
  expect(temporaryPassword(Buffer.from([31, 32, 255, 224, 0]))).toBe('z0z00')
})

test('every character is as likely as any other', () => {
  const counts = new Map<string, number>()
  for (let byte = 0; byte < 256; byte++) {
    const [character = ''] = temporaryPassword(Buffer.from([byte]))
    counts.set(character, (counts.get(character) ?? 0) + 1)
  }
  expect(counts.size).toBe(32)
  expect(new Set(counts.values())).toEqual(new Set([8]))
})

test('for every shortest length there is, it is long enough and has 100 bits or more', () => {
  for (let minLength = 8; minLength <= 64; minLength++) {
    const bytes = temporaryBytes(minLength)
    const { length } = temporaryPassword(Buffer.alloc(bytes))
    expect(bytes * 5).toBeGreaterThanOrEqual(100)
    expect(length).toBeGreaterThanOrEqual(minLength)
    expect(length).toBeLessThanOrEqual(maxLength)
  }
})

test('it meets the policy that it is given for', () => {
  const context = { policy: { minLength: 15 }, common: new Set<string>(), names: ['ada'] }
  const bytes = fc.uint8Array({ minLength: 20, maxLength: 20 })
  fc.assert(
    fc.property(bytes, (given) => {
      const password = temporaryPassword(Buffer.from(given))
      expect(password).toMatch(/^(?:[0-9a-hjkmnp-tv-z]{5}-){3}[0-9a-hjkmnp-tv-z]{5}$/)
      expect(passwordFault(password, context)).toBeUndefined()
    }),
  )
})
