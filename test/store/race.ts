/**
 * Races that are sure to happen, and guards that can be taken away. Competitors are held just before
 * they commit until all have read; a mutation alters what the store sends to the database.
 *
 * @module
 */
import type { Database, Query } from '../../src/stores/database.ts'

/** Takes a guard away: the query as it is sent instead, or `undefined` for not at all. */
export type Mutation = (write: Query) => Query | undefined

const changed = (write: Query, sql: string): Query => ({ ...write, sql })

export const mutations = {
  /** A record is written whatever became of it since it was shown. */
  'revisions are not compared': (write) =>
    changed(write, write.sql.replace(/("revision" = (?:\?|\$\d+))$/, '($1 or 1 = 1)')),
  /** A list that gains or loses a member leaves its owner alone. */
  'owners are not moved': (write) =>
    /^update "(?:users|instance)" set "revision" = \S+ where/.test(write.sql) ? undefined : write,
  /** What was only shown is not looked at again. */
  'what was only shown is not checked': (write) =>
    write.sql.startsWith('select') ? undefined : write,
  /** A change goes through without its record. */
  'nothing is recorded': (write) => (/"audit/.test(write.sql) ? undefined : write),
} as const satisfies Record<string, Mutation>

export interface Tally {
  /** Commits that met a changed world. */
  lost: number
  /** The most competitors that had read and not yet committed, at one moment. */
  together: number
  /** Those that have read and not yet committed now. */
  waiting: number
  done: number
}

/** Lets nobody through before `count` have come; afterwards everybody. */
export function meeting(count: number): () => Promise<void> {
  let come = 0
  let open: () => void
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return () => {
    come += 1
    if (come >= count) open()
    return opened
  }
}

/**
 * The same database, watched.
 *
 * @param given.before Awaited between a step's reading and its commit.
 * @param given.tally Shared by the nodes of one race.
 */
export function watched(
  database: Database,
  given: {
    readonly before?: () => Promise<void>
    readonly mutation?: Mutation | undefined
    readonly tally?: Tally
  },
): Database {
  const { before, mutation, tally = newTally() } = given
  return {
    ...database,
    async commit(build) {
      tally.waiting += 1
      tally.together = Math.max(tally.together, tally.waiting)
      await before?.()
      tally.waiting -= 1
      const done = await database.commit((held) => {
        const { writes, head } = build(held)
        const sent = mutation ? writes.map(mutation).filter((write) => !!write) : writes
        // Without its records a step does not move the chain either.
        return { writes: sent, head: mutation === mutations['nothing is recorded'] ? held : head }
      })
      if (done) tally.done += 1
      else tally.lost += 1
      return done
    },
  }
}

export const newTally = (): Tally => ({ lost: 0, together: 0, waiting: 0, done: 0 })

/** Does `deed` `count` times at once. */
export const atOnce = <T>(count: number, deed: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => deed(index)))
