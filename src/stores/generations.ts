/**
 * Two generations: what is asked for moves to the younger, and when that is full the older goes. As
 * good as the order of last use, without keeping one at every question.
 *
 * @module
 */

/** A map, or what does as one. */
export interface Kept<T> {
  get(id: string): T | undefined
  set(id: string, fact: T): unknown
  has(id: string): boolean
  delete(id: string): unknown
  readonly size: number
}

export interface Generations<T> {
  get(id: string): T | undefined
  /** As if it had been asked for. */
  touch(id: string): void
  set(id: string, fact: T): void
  delete(id: string): void
  readonly size: number
}

/** @param most How many are kept at most. */
export function generations<T>(most: number, make: () => Kept<T>): Generations<T> {
  let young = make()
  let old = make()
  const set = (id: string, fact: T) => {
    if (young.size >= most / 2) {
      old = young
      young = make()
    }
    young.set(id, fact)
  }
  const get = (id: string): T | undefined => {
    const found = young.get(id)
    if (found !== undefined) return found
    const older = old.get(id)
    if (older === undefined) return undefined
    old.delete(id)
    set(id, older)
    return older
  }
  return {
    get,
    touch(id) {
      if (!young.has(id)) get(id)
    },
    set(id, fact) {
      old.delete(id)
      set(id, fact)
    },
    delete(id) {
      young.delete(id)
      old.delete(id)
    },
    get size() {
      return young.size + old.size
    },
  }
}
