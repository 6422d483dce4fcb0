/**
 * Genuine: texts whose MAC was found right under certain keys, and what they say. They are asked for with
 * every request; a MAC costs more than all else that a session check does. It goes with its keys.
 *
 * @module
 */

/** Texts remembered at most; then all are forgotten, and looked at anew. */
const usual = 10_000
/** Characters of a text's end that it is found by: all of it is compared, but only these are hashed. */
const tail = -12

export interface Genuine<T> {
  get(text: string): T | undefined
  /** Only for a text that was found right by all there is to it that time does not change. */
  keep(text: string, says: T): void
}

/** @param most How many are remembered. */
export function genuine<T>(most = usual): Genuine<T> {
  const kept = new Map<string, { readonly text: string; readonly says: T }>()
  return {
    get(text) {
      const found = kept.get(text.slice(tail))
      return found?.text === text ? found.says : undefined
    },
    keep(text, says) {
      if (kept.size >= most) kept.clear()
      // A copy: a part of a header would keep all of the header.
      const copy = Buffer.from(text).toString()
      kept.set(copy.slice(tail), { text: copy, says })
    },
  }
}
