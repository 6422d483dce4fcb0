/**
 * Paging: from the cursor in a query to a place in a list, and back.
 *
 * @module
 */
import type { World } from '../ports.ts'
import { type Bound, cursorAt, type Place, placeIn } from '../rules/cursor.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import type { Page } from '../wire.ts'

/** Where a page begins. @returns `validation_failed` for a cursor of another list or person. */
export function pageFrom(
  { keys }: World,
  bound: Bound,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): { ok: true; page: { after: Place | undefined; limit: number } } | Refusal {
  if (cursor === undefined) return { ok: true, page: { after: undefined, limit } }
  const after = placeIn(keys, bound, cursor)
  if (after) return { ok: true, page: { after, limit } }
  const detail = 'This is not a cursor of this list.'
  return refuse('validation_failed', { fields: [{ name: 'cursor', code: 'not_allowed', detail }] })
}

/** A page as it goes out. */
export const pageView = <F, T>(
  { keys }: World,
  bound: Bound,
  { items, next }: { items: readonly F[]; next: Place | undefined },
  view: (item: F) => T,
): Page<T> => ({
  items: items.map(view),
  nextCursor: next ? cursorAt(keys, bound, next) : null,
})
