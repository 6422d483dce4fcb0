/** Patience: a call that was told to wait a little is made again, where that can do no harm. */

import { ProblemError } from './errors.ts'

/** Seconds. Whoever is told to wait longer is told at once. */
const longestWait = 5
const mostTries = 3

/** @param repeatable Whether making the call twice does no more than making it once. */
export async function patient<T>(
  repeatable: boolean,
  signal: AbortSignal | null | undefined,
  work: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      const limited = error instanceof ProblemError && error.status === 429
      const wait = limited && repeatable && tries < mostTries ? error.retryAfter : undefined
      if (wait === undefined || wait > longestWait) throw error
      await pause(wait * 1000, signal)
    }
  }
}

/** Waits so many milliseconds; rejects with the signal's reason once that is given. */
export const pause = (milliseconds: number, signal?: AbortSignal | null): Promise<void> =>
  unless(signal, new Promise((resolve) => setTimeout(resolve, milliseconds)))

/** The work, or the reason of whoever does not want to wait for it any more. */
export function unless<T>(signal: AbortSignal | null | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason)
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
