/**
 * A person's own sessions: where they are signed in, and an end to any of it.
 *
 * @module
 */
import { endOthers, endOwn, ownSessions } from '../../flows/sessions.ts'
import { cursorAt, placeIn } from '../../rules/cursor.ts'
import { refuse } from '../../rules/refusal.ts'
import * as wire from '../../wire.ts'
import { clearedCookies, clearedData } from '../granted.ts'
import { type Route, signedIn } from '../route.ts'
import { sessionView } from '../view.ts'

export const sessionRoutes: readonly Route[] = [
  signedIn({
    method: 'GET',
    path: '/auth/sessions',
    summary: 'Where the person is signed in, newest first.',
    guard: { restricted: false },
    body: 'none',
    query: wire.SessionList,
    async answer({ site, query }, caller) {
      const { world } = site
      const bound = { list: 'sessions', for: caller.user.id }
      const after = query.cursor && placeIn(world.keys, bound, query.cursor)
      if (query.cursor !== undefined && !after) {
        const detail = 'This is not a cursor of this list.'
        const fields = [{ name: 'cursor', code: 'not_allowed', detail }]
        return refuse('validation_failed', { fields })
      }
      const page = { after: after || undefined, limit: query.limit }
      const { items, next } = await ownSessions(world, caller, page)
      const body: wire.Page<wire.Session> = {
        items: items.map((item) => sessionView(item, caller.user, caller.session)),
        nextCursor: next ? cursorAt(world.keys, bound, next) : null,
      }
      return { ok: true, status: 200, body }
    },
  }),

  signedIn({
    method: 'DELETE',
    path: '/auth/sessions/{id}',
    summary: 'Ends one of the own sessions; ending the current one signs out.',
    guard: { restricted: false },
    body: 'none',
    async answer({ site, params, address }, caller) {
      const { id = '' } = params
      const refusal = await endOwn(site.world, caller, id, address)
      if (refusal) return refusal
      const current = id === caller.session.id
      return current
        ? { ok: true, status: 204, cookies: clearedCookies(site), headers: clearedData }
        : { ok: true, status: 204 }
    },
  }),

  signedIn({
    method: 'POST',
    path: '/auth/sessions/revoke-others',
    summary: 'Ends all sessions of the person but this one.',
    guard: { restricted: false },
    body: 'none',
    async answer({ site, address }, caller) {
      const done = await endOthers(site.world, caller, address)
      return done.ok ? { ok: true, status: 200, body: { revoked: done.revoked } } : done
    },
  }),
]
