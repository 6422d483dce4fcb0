/**
 * Progress: how far long work has come, for somebody who waits at a terminal. One line of standard error,
 * gone when the answer comes; scripts and pipes see nothing of it.
 *
 * @module
 */

export interface Progress {
  /** So much is done. */
  to(count: number): void
  /** The line is cleared, whatever came of it. */
  over(): void
}

/** Milliseconds between two lines: what changes faster nobody reads. */
const pace = 100
const clear = '\r\u001b[K'

/** @param what What is counted, in the plural. */
export function progressOf(what: string): Progress {
  const { stderr } = process
  if (!stderr.isTTY) return { to() {}, over() {} }
  let said = Number.NEGATIVE_INFINITY
  return {
    to(count) {
      const now = performance.now()
      if (now - said < pace) return
      said = now
      stderr.write(`${clear}${count} ${what} …`)
    },
    over() {
      stderr.write(clear)
    },
  }
}

/** Says what is under way where nothing can be counted. */
export async function during<T>(what: string, work: () => Promise<T>): Promise<T> {
  const { stderr } = process
  if (!stderr.isTTY) return work()
  stderr.write(`${what} …`)
  try {
    return await work()
  } finally {
    stderr.write(clear)
  }
}
