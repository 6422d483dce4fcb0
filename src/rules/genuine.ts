/**
 * Genuine: texts whose MAC was found right under certain keys, and what they say. They are asked for with
 * every request; a MAC costs more than all else that a session check does. It goes with its keys.
 *
 * @module
 */

/** Texts remembered at most, half a kilobyte each; when half are new, what was not asked for since goes. */
const usual = 20_000
/** Characters of a text's end that it is found by: all of it is compared, but only these are hashed. */
const tail = -12

export interface Genuine<T> {
  get(text: string): T | undefined
  /** Only for a text that was found right by all there is to it that time does not change. */
  keep(text: string, says: T): void
}

/** The end of a text that a MAC ends. */
const endOf = (text: string): string => text.slice(tail)

/**
 * @param most How many are remembered.
 * @param foundBy What of a text tells it from nearly all others: texts of which this is the same take each
 *   other's place.
 */
export function genuine<T>(most = usual, foundBy = endOf): Genuine<T> {
  type Kept = Map<string, { readonly text: string; readonly says: T }>
  let young: Kept = new Map()
  let old: Kept = new Map()
  const put: Genuine<T>['keep'] = (text, says) => {
    if (young.size >= most / 2) [old, young] = [young, new Map()]
    young.set(foundBy(text), { text, says })
  }
  return {
    get(text) {
      const end = foundBy(text)
      const found = young.get(end)
      if (found) return found.text === text ? found.says : undefined
      const older = old.get(end)
      if (older?.text !== text) return undefined
      put(older.text, older.says)
      return older.says
    },
    keep(text, says) {
      // A copy: a part of a header would keep all of the header.
      put(Buffer.from(text).toString(), says)
    },
  }
}
