/**
 * The own password: a new one for it, or only shown once more.
 *
 * @module
 */
import * as answers from '../../answers.ts'
import { changePassword } from '../../flows/change-password.ts'
import { stepUp } from '../../flows/step-up.ts'
import { freshUntil } from '../../rules/step-up.ts'
import * as wire from '../../wire.ts'
import { fromOf } from '../from.ts'
import { granted } from '../granted.ts'
import { type Route, signedIn } from '../route.ts'

export const passwordRoutes: readonly Route[] = [
  signedIn({
    method: 'POST',
    path: '/auth/change-password',
    summary: 'Takes a new password, ends all sessions, and goes on in a new one.',
    answers: { 200: answers.Signed },
    guard: { restricted: true, limit: 'changePassword' },
    body: wire.ChangePassword,
    async answer(asked, caller) {
      const { site, body } = asked
      const given = await changePassword(site.world, caller, body, fromOf(asked))
      return given.ok ? granted(site, 200, given) : given
    },
  }),

  signedIn({
    method: 'POST',
    path: '/auth/step-up',
    summary: 'Takes the password once more, for what needs it fresh.',
    answers: { 200: answers.SteppedUp },
    guard: { restricted: false },
    body: wire.StepUp,
    async answer(asked, caller) {
      const { world } = asked.site
      const done = await stepUp(world, caller, asked.body.password, fromOf(asked))
      if (!done.ok) return done
      const until = new Date(freshUntil(done.session, world.policy.stepUp)).toISOString()
      return { ok: true, status: 200, body: { until } satisfies wire.SteppedUp }
    },
  }),
]
