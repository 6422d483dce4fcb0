/**
 * Genuine: texts whose MAC was found right under certain keys, and what they say. They are asked for with
 * every request; a MAC costs more than all else that a session check does. It goes with its keys.
 *
 * @module
 */

/** Texts remembered at most; then all are forgotten, and looked at anew. */
const most = 10_000

export interface Genuine<T> {
  get(text: string): T | undefined
  /** Only for a text that was found right by all there is to it that time does not change. */
  keep(text: string, says: T): void
}

export function genuine<T>(): Genuine<T> {
  const kept = new Map<string, T>()
  return {
    get: (text) => kept.get(text),
    keep(text, says) {
      if (kept.size >= most) kept.clear()
      // A copy: a part of a header would keep all of the header.
      kept.set(Buffer.from(text).toString(), says)
    },
  }
}
