/**
 * Silence: which nodes are gone for good. One is forgotten only by another that has itself watched its
 * beats stand still for ten leases; by then it has had no lease for a long time.
 *
 * @module
 */
import type { Clock } from '../ports.ts'
import { forgottenAfter } from '../rules/revocation.ts'
import type { Millis } from '../rules/time.ts'
import type { Database, NodeRow, Query } from './database.ts'
import { forgetting } from './feed.ts'

export function silence({ elapsed }: Clock) {
  let seen = new Map<string, { readonly beats: number; readonly since: Millis }>()
  return {
    /** @returns Of the others as they are now, those to forget. */
    heard(others: readonly NodeRow[]): { forget: (builder: Database['builder']) => Query }[] {
      const now = elapsed()
      seen = new Map(
        others.map(({ id, beats }) => {
          const before = seen.get(id)
          return [id, before?.beats === beats ? before : { beats, since: now }]
        }),
      )
      return others
        .filter(({ id, lease }) => now - (seen.get(id)?.since ?? now) >= forgottenAfter * lease)
        .map(({ id, beats }) => ({ forget: (builder) => forgetting(builder, { id, beats }) }))
    },
  }
}
