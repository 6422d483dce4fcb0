/**
 * Sweeping: one statement a slice, decided where it removes, so that a row which is needed again at
 * that very moment stays. Nodes that sweep at once pass over what another one is at.
 *
 * @module
 */
import { setImmediate as turn } from 'node:timers/promises'
import { type SelectQueryBuilder, sql } from 'kysely'
import type { SweptKind } from '../rules/sweep.ts'
import type { Instant, Millis } from '../rules/time.ts'
import type { Database, Query, Tables } from './database.ts'

/** What the numbers of a sweep are. */
export interface Sweep {
  /** How long the row of a session, or of a key, outlives its absolute limit. */
  readonly toldFor: Millis
  /** Rows removed at most. */
  readonly slice: number
}

/** Removes one slice of a kind. @returns How many rows that were. */
export async function sweepSlice(
  database: Database,
  kind: SweptKind,
  { toldFor, slice }: Sweep,
): Promise<number> {
  const { now } = await database.read(() => [])
  const worn = wornOf(database, kind, { now, toldFor }).limit(slice)
  // A row that somebody is writing is not worn, or will still be the next time.
  const chosen = database.dialect === 'sqlite' ? worn : worn.forUpdate().skipLocked()
  const removed = await database.write(removal(database, kind, chosen))
  // Everybody else's turn: on SQLite nothing above has let go of the main thread.
  await turn()
  return removed
}

type Ids = SelectQueryBuilder<Tables, SweptKind, { id: string }>

function wornOf(
  { builder }: Database,
  kind: SweptKind,
  { now, toldFor }: { now: Instant; toldFor: Millis },
): Ids {
  const ids = builder.selectFrom(kind).select(sql<string>`${sql.ref(`${kind}.id`)}`.as('id')) as Ids
  const by = (column: string, until: Instant) => ids.where(sql.ref(column), '<=', until)
  switch (kind) {
    case 'sessions':
    case 'keys':
      return by('expiresAt', now - toldFor).orderBy(sql.ref('expiresAt'))
    case 'attempts':
      // A rest is kept to its end, whatever else is said of the row.
      return by('staleAt', now).where(sql.ref('restsUntil'), '<=', now)
    case 'devices':
    case 'tickets':
      return by('expiresAt', now).orderBy(sql.ref('expiresAt'))
    case 'presence':
      // A node that comes back writes its own again.
      return ids.where(sql<boolean>`node not in (select id from nodes)`)
    case 'users':
      return (['sessions', 'devices'] as const).reduce(
        (left, theirs) =>
          left.where(({ not, exists }) =>
            not(
              exists(
                builder
                  .selectFrom(theirs)
                  .select('id')
                  .where(sql.ref(`${theirs}.userId`), '=', sql.ref('users.id')),
              ),
            ),
          ),
        ids.where(sql.ref('deletedAt'), 'is not', null),
      )
  }
}

const removal = ({ builder }: Database, kind: SweptKind, ids: Ids): Query =>
  builder.deleteFrom(kind).where(sql.ref('id'), 'in', ids).compile()
