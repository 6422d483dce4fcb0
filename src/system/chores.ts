/**
 * Chores: work done again and again while a node runs. None keeps the process alive, none runs beside
 * itself, and nodes started together do not stay in step.
 *
 * @module
 */
import type { Millis } from '../rules/time.ts'

export interface Chore {
  /** Stops; settles when what is under way is done. */
  stop(): Promise<void>
}

/**
 * Does `work` about every `every` milliseconds, until stopped.
 *
 * @param onError Told of what went wrong; the next time comes all the same.
 */
export function chore(
  every: Millis,
  work: () => Promise<void>,
  onError: (error: unknown) => void,
): Chore {
  let stopped = false
  let atWork: Promise<void> = Promise.resolve()
  let timer = later()

  function later() {
    const wait = every * (0.9 + Math.random() * 0.2)
    return setTimeout(() => {
      atWork = work()
        .catch(onError)
        .then(() => {
          if (!stopped) timer = later()
        })
    }, wait).unref()
  }

  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await atWork
    },
  }
}

/** Settles as `work` does, or rejects when that takes too long; then nobody hears of it any more. */
export async function within<T>(longest: Millis, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('took too long')), longest)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
