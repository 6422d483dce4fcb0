/**
 * Memory: records that a node has read and nothing has been heard of since. Only ever filled by
 * reading; what is revoked while it is read is not remembered.
 *
 * @module
 */
import type { Facts, Kind } from '../rules/facts.ts'
import { type Subject, subjectOf } from '../rules/trust.ts'

/** How many records of a kind are remembered at most; those unheard of for longest go first. */
const most = 100_000
/** How many drops are kept in mind for reads under way. */
const mostDrops = 10_000

export interface Memory {
  get<K extends Kind>(kind: K, id: string): Facts[K] | undefined
  /** Reads a record and remembers it, unless it was dropped since the reading began. */
  fill<K extends Kind>(
    kind: K,
    id: string,
    read: () => Promise<Facts[K] | undefined>,
  ): Promise<Facts[K] | undefined>
  drop(subject: Subject): void
  clear(): void
  readonly size: number
}

export function memory(): Memory {
  const kept = new Map<Kind, Generations>()
  /** Counts drops, so that it can be said which came after a reading began. */
  let turn = 0
  let cleared = 0
  let underWay = 0
  const dropped = new Map<Subject, number>()

  const of = (kind: Kind): Generations => {
    const known = kept.get(kind) ?? generations(most)
    kept.set(kind, known)
    return known
  }
  function clear(): void {
    turn += 1
    cleared = turn
    dropped.clear()
    kept.clear()
  }
  const disturbed = (subject: Subject, since: number): boolean =>
    cleared > since || (dropped.get(subject) ?? 0) > since

  return {
    get: <K extends Kind>(kind: K, id: string) => kept.get(kind)?.get(id) as Facts[K] | undefined,

    async fill(kind, id, read) {
      const since = turn
      underWay += 1
      try {
        const fact = await read()
        if (fact && !disturbed(subjectOf(kind, id), since)) of(kind).set(id, fact)
        return fact
      } finally {
        underWay -= 1
        if (underWay === 0) dropped.clear()
      }
    },

    drop(subject) {
      turn += 1
      if (underWay > 0) dropped.set(subject, turn)
      if (dropped.size > mostDrops) return clear()
      const colon = subject.indexOf(':')
      kept.get(subject.slice(0, colon) as Kind)?.delete(subject.slice(colon + 1))
    },

    clear,

    get size() {
      return [...kept.values()].reduce((sum, { size }) => sum + size(), 0)
    },
  }
}

interface Generations {
  get(id: string): unknown
  set(id: string, fact: unknown): void
  delete(id: string): void
  size(): number
}

/**
 * Two generations: what is asked for moves to the younger, and when that is full the older goes. As
 * good as the order of last use, without keeping one at every question.
 */
function generations(most: number): Generations {
  let young = new Map<string, unknown>()
  let old = new Map<string, unknown>()
  const set = (id: string, fact: unknown) => {
    if (young.size >= most / 2) {
      old = young
      young = new Map()
    }
    young.set(id, fact)
  }
  return {
    get(id) {
      const found = young.get(id)
      if (found !== undefined) return found
      const older = old.get(id)
      if (older === undefined) return undefined
      old.delete(id)
      set(id, older)
      return older
    },
    set(id, fact) {
      old.delete(id)
      set(id, fact)
    },
    delete(id) {
      young.delete(id)
      old.delete(id)
    },
    size: () => young.size + old.size,
  }
}
