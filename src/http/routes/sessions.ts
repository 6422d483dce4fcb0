/**
 * Sessions: where a person is signed in, or everybody is, and an end to any of it.
 *
 * @module
 */

import * as answers from '../../answers.ts'
import { recordForbidden } from '../../flows/record.ts'
import { allSessions, endOne, endOthers, ownSessions } from '../../flows/sessions.ts'
import { may } from '../../rules/access.ts'
import { refuse } from '../../rules/refusal.ts'
import * as wire from '../../wire.ts'
import { clearedCookies, clearedData } from '../granted.ts'
import { pageFrom, pageView } from '../paging.ts'
import { type Route, signedIn } from '../route.ts'
import { sessionView } from '../view.ts'

export const sessionRoutes: readonly Route[] = [
  signedIn({
    method: 'GET',
    path: '/auth/sessions',
    summary:
      'Where the person is signed in, newest first; with `scope=all` where everybody is, or one `user`.',
    answers: { 200: answers.pageOf(answers.Session) },
    guard: { restricted: false },
    body: 'none',
    query: wire.SessionList,
    async answer({ site: { world }, query, address }, caller) {
      const { user, session } = caller
      const all = query.scope === 'all'
      if (all && !may(world.access, user, 'sessions:read')) {
        await recordForbidden(world, 'sessions:read', address, caller)
        return refuse('forbidden', { why: 'sessions:read' })
      }
      const only = all ? query.user : undefined
      const list = only === undefined ? 'all sessions' : `sessions of ${only}`
      const bound = { list: all ? list : 'sessions', for: user.id }
      const from = pageFrom(world, bound, query)
      if (!from.ok) return from
      const body: wire.Page<wire.Session> = all
        ? pageView(world, bound, await allSessions(world, only, from.page), (item) =>
            sessionView(item.session, item.owner, session),
          )
        : pageView(world, bound, await ownSessions(world, caller, from.page), (item) =>
            sessionView(item, user, session),
          )
      return { ok: true, status: 200, body }
    },
  }),

  signedIn({
    method: 'DELETE',
    path: '/auth/sessions/{id}',
    summary: 'Ends a session, the own or with `sessions:revoke` any; the current one signs out.',
    answers: { 204: 'nothing' },
    guard: { restricted: false },
    body: 'none',
    async answer({ site, params, address }, caller) {
      const { id = '' } = params
      const refusal = await endOne(site.world, caller, id, address)
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
    answers: { 200: answers.Revoked },
    guard: { restricted: false },
    body: 'none',
    async answer({ site, address }, caller) {
      const done = await endOthers(site.world, caller, address)
      return done.ok ? { ok: true, status: 200, body: { revoked: done.revoked } } : done
    },
  }),
]
