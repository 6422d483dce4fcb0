/**
 * Lockouts, for administrators: which names rest, and an end to it.
 *
 * @module
 */
import * as answers from '../../answers.ts'
import { lockouts, unlock } from '../../flows/lockouts.ts'
import * as wire from '../../wire.ts'
import { pageFrom, pageView } from '../paging.ts'
import { alsoByKey, type Route } from '../route.ts'
import { lockoutView } from '../view.ts'

export const lockoutRoutes: readonly Route[] = [
  alsoByKey({
    method: 'GET',
    path: '/lockouts',
    summary: 'Names at rest: until when, after how many guesses, from how many addresses.',
    answers: { 200: answers.pageOf(answers.Lockout) },
    guard: { restricted: false, permission: 'lockouts:read' },
    body: 'none',
    query: wire.PageQuery,
    async answer({ site: { world }, query }, caller) {
      const bound = { list: 'lockouts', for: caller.user.id }
      const from = pageFrom(world, bound, query)
      if (!from.ok) return from
      const found = await lockouts(world, from.page)
      const { consecutive } = world.policy.lockout
      const body: wire.Page<wire.Lockout> = pageView(world, bound, found, (bucket) =>
        lockoutView(bucket, consecutive),
      )
      return { ok: true, status: 200, body }
    },
  }),

  alsoByKey({
    method: 'POST',
    path: '/users/{id}/unlock',
    summary: 'Lifts the rest of a person’s name.',
    answers: { 204: 'nothing' },
    guard: { restricted: false, permission: 'users:write' },
    body: 'none',
    async answer({ site, params: { id = '' }, address }, caller) {
      const refusal = await unlock(site.world, caller, id, address)
      return refusal ?? { ok: true, status: 204 }
    },
  }),
]
