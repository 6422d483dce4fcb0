/**
 * Lockouts, for administrators: which names rest, and an end to it.
 *
 * @module
 */
import { lockouts, unlock } from '../../flows/lockouts.ts'
import { cursorAt, placeIn } from '../../rules/cursor.ts'
import { refuse } from '../../rules/refusal.ts'
import * as wire from '../../wire.ts'
import { alsoByKey, type Route } from '../route.ts'
import { lockoutView } from '../view.ts'

export const lockoutRoutes: readonly Route[] = [
  alsoByKey({
    method: 'GET',
    path: '/lockouts',
    summary: 'Names at rest: until when, after how many guesses, from how many addresses.',
    guard: { restricted: false, permission: 'lockouts:read' },
    body: 'none',
    query: wire.PageQuery,
    async answer({ site: { world }, query }, caller) {
      const bound = { list: 'lockouts', for: caller.user.id }
      const after = query.cursor && placeIn(world.keys, bound, query.cursor)
      if (query.cursor !== undefined && !after) {
        const detail = 'This is not a cursor of this list.'
        const fields = [{ name: 'cursor', code: 'not_allowed', detail }]
        return refuse('validation_failed', { fields })
      }
      const page = { after: after || undefined, limit: query.limit }
      const { items, next } = await lockouts(world, page)
      const { consecutive } = world.policy.lockout
      const body: wire.Page<wire.Lockout> = {
        items: items.map((item) => lockoutView(item, consecutive)),
        nextCursor: next ? cursorAt(world.keys, bound, next) : null,
      }
      return { ok: true, status: 200, body }
    },
  }),

  alsoByKey({
    method: 'POST',
    path: '/users/{id}/unlock',
    summary: 'Lifts the rest of a person’s name.',
    guard: { restricted: false, permission: 'users:write' },
    body: 'none',
    async answer({ site, params: { id = '' }, address }, caller) {
      const refusal = await unlock(site.world, caller, id, address)
      return refusal ?? { ok: true, status: 204 }
    },
  }),
]
