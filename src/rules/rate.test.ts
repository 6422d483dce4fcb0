import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Counter, count } from './rate.ts'
import { minute, second } from './time.ts'

/** Asks at each second, three a minute allowed. */
function told(...seconds: number[]) {
  let kept: Counter | undefined
  return seconds.map((at) => {
    const done = count(kept, 3, at * second)
    if (!done.ok) return `wait ${done.wait / second}`
    kept = done.counter
    return 'go'
  })
}

test.each([
  ['as many as allowed', [0, 0, 0], ['go', 'go', 'go']],
  ['one more waits for the rest of the minute', [0, 10, 20, 21], ['go', 'go', 'go', 'wait 39']],
  [
    'insisting does not lengthen it',
    [0, 0, 0, 30, 40, 59],
    ['go', 'go', 'go', 'wait 30', 'wait 20', 'wait 1'],
  ],
  [
    'then a new minute begins',
    [0, 0, 0, 60, 60, 60, 60],
    ['go', 'go', 'go', 'go', 'go', 'go', 'wait 60'],
  ],
  ['a clock set back locks nobody out', [100, 100, 100, 5], ['go', 'go', 'go', 'go']],
])('%s', (_, seconds, answers) => {
  expect(told(...seconds)).toEqual(answers)
})

test('property: never more than twice the limit in any minute, and never a longer wait than one', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(40 * second), { maxLength: 200 }),
      fc.integer({ min: 1, max: 9 }),
      (pauses, limit) => {
        let kept: Counter | undefined
        let now = 0
        const letIn: number[] = []
        for (const pause of pauses) {
          now += pause
          const done = count(kept, limit, now)
          if (done.ok) {
            kept = done.counter
            letIn.push(now)
          } else {
            expect(done.wait).toBeGreaterThan(0)
            expect(done.wait).toBeLessThanOrEqual(minute)
          }
        }
        for (const from of letIn) {
          const within = letIn.filter((at) => at >= from && at < from + minute)
          expect(within.length).toBeLessThanOrEqual(2 * limit)
        }
      },
    ),
  )
})
