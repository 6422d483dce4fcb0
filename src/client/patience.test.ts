/** Patience: who is told to wait a little waits, twice at most, and nothing unsafe is made again. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ProblemError } from './errors.ts'
import { patient } from './patience.ts'

const limited = (retryAfter?: number, status = 429) =>
  new ProblemError({
    title: '',
    code: 'rate_limited',
    status,
    retryAfter,
  } as ProblemError['problem'])

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** What comes of it, when it was tried (milliseconds after the first try). */
async function tried(answers: readonly unknown[], repeatable = true, signal?: AbortSignal) {
  const begun = Date.now()
  const at: number[] = []
  const outcome = patient(repeatable, signal, async () => {
    at.push(Date.now() - begun)
    const answer = answers[at.length - 1]
    if (answer instanceof Error) throw answer
    return answer
  }).catch((error) => error)
  await vi.advanceTimersByTimeAsync(60_000)
  return { outcome: await outcome, at }
}

test.each([
  ['waits as long as it is told', [limited(2), 'done'], 'done', [0, 2000]],
  ['twice', [limited(1), limited(5), 'done'], 'done', [0, 1000, 6000]],
  ['not a third time', [limited(1), limited(1), limited(3)], limited(3), [0, 1000, 2000]],
  ['not longer than 5 s', [limited(6)], limited(6), [0]],
  ['not without being told how long', [limited()], limited(), [0]],
  ['not for anything else', [limited(1, 503)], limited(1, 503), [0]],
])('%s', async (_, answers, outcome, at) => {
  expect(await tried(answers)).toEqual({ outcome, at })
})

test('what must not be made twice is told at once', async () => {
  expect((await tried([limited(1), 'done'], false)).at).toEqual([0])
})

test('whoever gives up while waiting is told his own reason, and nothing is sent again', async () => {
  const given = new AbortController()
  setTimeout(() => given.abort('left the page'), 500)
  expect(await tried([limited(2), 'done'], true, given.signal)).toEqual({
    outcome: 'left the page',
    at: [0],
  })
})
