import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ProblemCode, problemOf, problems } from './problem.ts'

const codes = Object.keys(problems) as ProblemCode[]
const waits = codes.filter((code) => problems[code].retryable)

test('property: a wait is whole seconds from one up, the same in header and body, and said wherever waiting helps (R1.5, R4.10, R5.7)', () => {
  const wait = fc.oneof(
    fc.integer(),
    fc.constantFrom(0, -0, -1, 1, 999, 1_000, 1_001, Number.MIN_SAFE_INTEGER, undefined),
  )
  fc.assert(
    fc.property(fc.constantFrom(...waits), wait, (code, retryAfter) => {
      const { problem, headers } = problemOf(
        { code, ...(retryAfter !== undefined && { retryAfter }) },
        'id',
      )
      expect(problem.retryAfter).toBe(Math.max(1, Math.ceil((retryAfter ?? 1_000) / 1_000)))
      expect(headers['Retry-After']).toBe(String(problem.retryAfter))
      expect(headers['Retry-After']).toMatch(/^[1-9]\d*$/)
    }),
  )
})

test('what waiting does not help says nothing of waiting', () => {
  for (const code of codes.filter((one) => !waits.includes(one))) {
    const { problem, headers } = problemOf({ code, retryAfter: 5_000 }, 'id')
    expect([code, problem.retryable, problem.retryAfter]).toEqual([code, false, undefined])
    expect(headers['Retry-After']).toBeUndefined()
  }
  expect(waits.map((code) => problems[code].status).toSorted()).toEqual([429, 429, 429, 503, 503])
})
