/**
 * Silence: which nodes are gone. It is told by whoever has itself watched their beats stand still, for as
 * many leases as it takes until they have none, or until they are forgotten.
 *
 * @module
 */
import type { Clock } from '../ports.ts'
import type { Millis } from '../rules/time.ts'
import type { NodeRow } from './database.ts'

export function silence({ elapsed }: Pick<Clock, 'elapsed'>) {
  let seen = new Map<string, { readonly beats: number; readonly since: Millis }>()
  return {
    /** @returns Of the others as they are now, those that have been silent for so many of their leases. */
    heard(others: readonly NodeRow[]): (leases: number) => readonly NodeRow[] {
      const now = elapsed()
      seen = new Map(
        others.map(({ id, beats }) => {
          const before = seen.get(id)
          return [id, before?.beats === beats ? before : { beats, since: now }]
        }),
      )
      return (leases) =>
        others.filter(({ id, lease }) => now - (seen.get(id)?.since ?? now) >= leases * lease)
    },
  }
}
