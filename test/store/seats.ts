/**
 * Nodes over one database, each with a clock of its own that is set by hand, and a way to its
 * database that can be slowed down or cut.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import type { Clock, Standing, Store } from '../../src/ports.ts'
import type { Database } from '../../src/stores/database.ts'
import { type Node, startNode } from '../../src/stores/node.ts'
import { sqlStore } from '../../src/stores/sql-store.ts'
import { standingOf } from '../../src/stores/standing.ts'
import { auditKey, noon, open, random } from './bed.ts'

export const real: Clock = { now: () => Date.now(), elapsed: () => performance.now() }

/** Both hands of a clock, set by hand. */
export const hands = () => {
  const clock = { wall: noon, age: 0, now: () => clock.wall, elapsed: () => clock.age }
  return Object.assign(clock, {
    /** Time goes by, on both. */
    pass: (time: number) => {
      clock.wall += time
      clock.age += time
    },
  })
}

export interface Seat {
  readonly store: Store
  readonly node: Node
  readonly standing: Standing
  readonly database: Database
}

/** What a test does to a node's looks and beats, before each, and to the commits of its steps. */
export interface Meddling {
  before?: (what: 'read' | 'write') => Promise<unknown> | undefined
  commit?: (commit: () => Promise<boolean>) => Promise<boolean>
  /** Told of each read of the store, as it begins. */
  reads?: () => void
}

export async function seat(
  place: string,
  given: { clock?: Clock; lease?: number; meddling?: Meddling } = {},
): Promise<Seat> {
  const { clock = real, lease = 1_000, meddling = {} } = given
  const opened = await open(place, clock)
  const database: Database = {
    ...opened,
    commit: (build) => {
      const commit = () => opened.commit(build)
      return meddling.commit ? meddling.commit(commit) : commit()
    },
    read: (ask) => {
      meddling.reads?.()
      return opened.read(ask)
    },
    line(hint) {
      const line = opened.line(hint)
      return {
        ...line,
        read: async (queries) => {
          await meddling.before?.('read')
          return line.read(queries)
        },
        write: async (query) => {
          await meddling.before?.('write')
          return line.write(query)
        },
      }
    },
  }
  const node = await startNode({ database, clock, random, lease })
  onTestFinished(() => node.close())
  const store = sqlStore({ database, random, auditKey: () => auditKey, node, clock })
  return { store, node, standing: standingOf(node, store), database }
}

/** Waits until something is so; the test runs out of time when it never is. */
export async function until(is: () => unknown): Promise<void> {
  while (!(await is())) await pause(2)
}
