/**
 * A value that can be read at any moment and watched for change. It is all the state machinery the
 * client has, and small enough that any view library can sit on it.
 */

export interface Watchable<T> {
  /** The value now; the same object until it changes. */
  readonly get: () => T
  /** Calls `listener` after every change, never at once; the answer stops it. */
  readonly watch: (listener: () => void) => () => void
}

export interface Settable<T> extends Watchable<T> {
  readonly set: (value: T) => void
}

/** A watchable that starts as `value`. Setting the value it already has tells nobody. */
export function watchable<T>(value: T): Settable<T> {
  const listeners = new Set<() => void>()

  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return
      value = next
      // A copy, so that a listener that stops watching does not make another miss this change.
      for (const listener of [...listeners]) listener()
    },
    watch: (listener) => {
      // A wrapper of its own, so that one function watching twice is told twice and stopped once.
      const own = () => listener()
      listeners.add(own)
      return () => {
        listeners.delete(own)
      }
    },
  }
}
