/**
 * Memory: records that a node has read and nothing has been heard of since. Only ever filled by
 * reading; what is revoked while it is read is not remembered.
 *
 * @module
 */
import type { Facts, Kind, Remembered } from '../rules/facts.ts'
import { type Subject, subjectOf } from '../rules/trust.ts'
import { type Generations, generations } from './generations.ts'
import { packedSessions } from './packed-sessions.ts'

/** How many records of a kind are remembered at most; those unheard of for longest go first. */
const most = 100_000
/** How many drops are kept in mind for reads under way. */
const mostDrops = 10_000

export interface Memory {
  get<K extends Kind>(kind: K, id: string): Remembered<K> | undefined
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
  /** Of a kind the records of that kind. */
  const kept = new Map<Kind, Generations<unknown>>()
  /** Counts drops, so that it can be said which came after a reading began. */
  let turn = 0
  let cleared = 0
  let underWay = 0
  const dropped = new Map<Subject, number>()

  const of = (kind: Kind): Generations<unknown> => {
    const known = kept.get(kind) ?? begun(kind)
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
    get: <K extends Kind>(kind: K, id: string) =>
      kept.get(kind)?.get(id) as Remembered<K> | undefined,

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
      return [...kept.values()].reduce((sum, { size }) => sum + size, 0)
    },
  }
}

const begun = (kind: Kind): Generations<unknown> =>
  kind === 'sessions'
    ? (packedSessions(most) as Generations<unknown>)
    : generations(most, () => new Map<string, unknown>())
