/**
 * A queue of one process: work over the same keys waits its turn, so that a step can only be beaten
 * by another process. It spares lost tries; what is right does not rest on it.
 *
 * @module
 */

/** @returns A function that does `work` when all work given before over any of its keys has ended. */
export function queue(): <T>(keys: readonly string[], work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return async (keys, work) => {
    // All places are taken in one go, so nobody waits in a ring.
    const turn = Promise.all(keys.map((key) => last.get(key)))
    const done = turn.then(work)
    const ended = done.catch(() => undefined)
    for (const key of keys) last.set(key, ended)
    try {
      return await done
    } finally {
      for (const key of keys) if (last.get(key) === ended) last.delete(key)
    }
  }
}

/** @returns A function that does `work` once at a time; asked meanwhile, once more afterwards. */
export function onceAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: { readonly done: Promise<void> } | undefined
  let again = false
  const run = async () => {
    try {
      do {
        again = false
        await work()
      } while (again)
    } finally {
      running = undefined
    }
  }
  return () => {
    if (running) again = true
    else running = { done: run() }
    return running.done
  }
}
