import { expect, test } from 'vitest'
import { systemRandom } from '../system/random.ts'
import { requestIds } from './request-id.ts'

test('each is new and whole, past what is drawn ahead as well', () => {
  const next = requestIds(systemRandom)
  const ids = Array.from({ length: 1_000 }, next)
  expect(new Set(ids).size).toBe(1_000)
  for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/)
})
