/**
 * Company: steps that are ready in the same turn of the event loop go into one transaction, and so wait
 * for the disk once. Whoever has met a changed world is undone alone, and nobody is answered before all
 * of it is on the disk.
 *
 * @module
 */
import type { Millis } from '../rules/time.ts'
import { isBusy, meant } from './sqlite-errors.ts'

/** Steps in one transaction at most: others want the main thread as well. */
const most = 32

/** What became of one: done, met a changed world, or broken. */
export type Outcome = { readonly done: boolean } | { readonly error: unknown }

interface Waiting<W> {
  readonly work: W
  readonly until: Millis
  readonly resolve: (done: boolean) => void
  readonly reject: (error: unknown) => void
}

/**
 * @param patience How long each waits for a writer elsewhere.
 * @param commit Commits all of them, durably, and says of each what became of it. When it throws, nothing
 *   is done.
 */
export function company<W>(
  patience: Millis,
  commit: (works: readonly W[]) => readonly Outcome[],
): { commit(work: W): Promise<boolean>; hurry(): void } {
  let waiting: Waiting<W>[] = []
  let due = false

  function run(): void {
    due = false
    const taken = waiting.slice(0, most)
    if (taken.length === 0) return
    try {
      const outcomes = commit(taken.map(({ work }) => work))
      waiting = waiting.slice(taken.length)
      taken.forEach(({ resolve, reject }, at) => {
        const outcome = outcomes[at]
        if (outcome && 'done' in outcome) resolve(outcome.done)
        else reject(meant(outcome?.error))
      })
    } catch (error) {
      if (isBusy(error)) comeAgain(error)
      else {
        waiting = waiting.slice(taken.length)
        for (const { reject } of taken) reject(meant(error))
      }
    }
    if (waiting.length > 0 && !due) soon()
  }

  /** Tells those who have waited for long, and comes again for the others. */
  function comeAgain(error: unknown): void {
    const now = performance.now()
    for (const { until, reject } of waiting) if (now >= until) reject(meant(error))
    waiting = waiting.filter(({ until }) => now < until)
    if (waiting.length === 0) return
    due = true
    // Spread out, so that waiting processes do not meet again.
    setTimeout(run, 1 + Math.random() * 3)
  }

  function soon(): void {
    due = true
    setImmediate(run)
  }

  return {
    commit: (work) =>
      new Promise((resolve, reject) => {
        waiting.push({ work, until: performance.now() + patience, resolve, reject })
        if (!due) soon()
      }),
    /** Commits what waits, now. */
    hurry: run,
  }
}
