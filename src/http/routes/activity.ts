/**
 * What happened around the own account.
 *
 * @module
 */
import * as answers from '../../answers.ts'
import { activityOf } from '../../flows/activity.ts'
import * as wire from '../../wire.ts'
import { pageFrom, pageView } from '../paging.ts'
import { type Route, signedIn } from '../route.ts'
import { activityView } from '../view.ts'

export const activityRoutes: readonly Route[] = [
  signedIn({
    method: 'GET',
    path: '/auth/activity',
    summary: 'What was recorded about the person, newest first.',
    answers: { 200: answers.pageOf(answers.Activity) },
    guard: { restricted: false },
    body: 'none',
    query: wire.PageQuery,
    async answer({ site: { world }, query }, caller) {
      const bound = { list: 'activity', for: caller.user.id }
      const from = pageFrom(world, bound, query)
      if (!from.ok) return from
      const found = await activityOf(world, caller, from.page)
      const body: wire.Page<wire.Activity> = pageView(world, bound, found, (row) =>
        activityView(row, caller.user),
      )
      return { ok: true, status: 200, body }
    },
  }),
]
