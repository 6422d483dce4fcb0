/**
 * Coming in and going out: set-up, sign-in, sign-out, who am I, and the CSRF token.
 *
 * @module
 */
import * as answers from '../../answers.ts'
import { allNamed, holder } from '../../flows/authenticate.ts'
import { csrfFor } from '../../flows/grant.ts'
import { logIn } from '../../flows/log-in.ts'
import { recordMixed } from '../../flows/record.ts'
import { genuine, refresh } from '../../flows/refresh.ts'
import { logOut } from '../../flows/sessions.ts'
import { admitClaim, setUp, setupStatus } from '../../flows/set-up.ts'
import { tokenFault } from '../../rules/csrf.ts'
import { type Refusal, refuse } from '../../rules/refusal.ts'
import * as wire from '../../wire.ts'
import { setCookie } from '../cookies.ts'
import { fromOf } from '../from.ts'
import { clearedCookies, clearedData, cookieAge, granted } from '../granted.ts'
import { rejectedToken, unfit } from '../guard.ts'
import { open, type Refused, type Route, signedIn } from '../route.ts'
import { shape } from '../shape.ts'
import type { Site } from '../site.ts'

export const authRoutes: readonly Route[] = [
  open({
    method: 'GET',
    path: '/auth/setup',
    summary: 'Whether an owner is missing, and what a password must be.',
    answers: { 200: answers.SetupStatus },
    body: 'none',
    answer: async ({ site }) => ({ ok: true, status: 200, body: await setupStatus(site.world) }),
  }),

  open({
    method: 'POST',
    path: '/auth/setup',
    summary: 'Makes the first owner and signs him in.',
    answers: { 201: answers.Signed },
    guard: { limit: 'setup' },
    body: 'json',
    async answer(asked) {
      const { world } = asked.site
      const { setupToken } = asked.body as { setupToken?: unknown }
      const from = fromOf(asked)
      // Claimed, then the token, then the fields: who may not claim learns nothing of the rest.
      const refusal = await admitClaim(
        world,
        typeof setupToken === 'string' ? setupToken : '',
        from,
      )
      if (refusal) return refusal
      const fields = shape(wire.SetUp, asked.body)
      if (!fields.ok) return fields
      const given = await setUp(world, fields.value, from)
      if (!given.ok) return given
      asked.site.onClaimed()
      return granted(asked.site, 201, given)
    },
  }),

  open({
    method: 'POST',
    path: '/auth/login',
    summary: 'Signs a person in.',
    answers: { 200: answers.Signed },
    guard: { limit: 'login' },
    body: wire.LogIn,
    async answer(asked) {
      const { username, password, remember = false } = asked.body
      const given = await logIn(asked.site.world, { username, password, remember }, fromOf(asked))
      return given.ok ? granted(asked.site, 200, given) : given
    },
  }),

  open({
    method: 'POST',
    path: '/auth/logout',
    summary: 'Ends this session. Safe to repeat.',
    answers: { 204: 'nothing' },
    body: 'none',
    async answer({ site, cookies, address }) {
      for (const id of allNamed(site.world, cookies)) await logOut(site.world, id, address)
      return { ok: true, status: 204, cookies: clearedCookies(site), headers: clearedData }
    },
  }),

  signedIn({
    method: 'GET',
    path: '/auth/me',
    summary: 'Who is signed in, and by which session.',
    answers: { 200: answers.Signed },
    guard: { restricted: true },
    body: 'none',
    answer: async ({ site }, caller) => ({
      ok: true,
      status: 200,
      headers: { 'Content-Type': 'application/json' },
      text: site.signedText(caller),
    }),
  }),

  open({
    method: 'GET',
    path: '/auth/csrf',
    summary: 'The CSRF token of this session, and its cookie once more.',
    answers: { 200: answers.CsrfToken },
    guard: { sameOrigin: true },
    body: 'none',
    async answer({ site, cookies, address }) {
      // Also for a session that has to be renewed: renewing it needs the token.
      const held = await holder(site.world, cookies)
      if (!held.ok) return unfit(site, held, () => address)
      const token = csrfFor(site.world, held.session.id, cookies.csrf)
      const cookie = setCookie(site.jar, 'csrf', token, cookieAge(site, held.session))
      return { ok: true, status: 200, body: { token }, cookies: [cookie] }
    },
  }),

  open({
    method: 'POST',
    path: '/auth/refresh',
    summary: 'Renews the session: new tokens for old ones, each old one once.',
    answers: { 200: answers.Signed },
    guard: { limit: 'refresh' },
    body: 'none',
    async before({ site, request, cookies, address }) {
      const { world } = site
      const found = genuine(world, cookies.refresh)
      if (!found.ok) return lost(site, found)
      const { token } = found
      const header = request.headers.get('x-csrf-token')
      const fault = tokenFault(world.keys, token.sid, header, cookies.csrf)
      if (fault !== undefined) return rejectedToken(site, fault, () => address)
      // The access token of another session beside it: the cookies of two have got mixed.
      if (allNamed(world, cookies).size === 1) return undefined
      await recordMixed(world, token.sid, address)
      return lost(site, refuse('refresh_token_invalid', { why: 'other session' }))
    },
    async answer({ site, cookies, address }) {
      const { world } = site
      // Looked at before, it may be of a root that was retired meanwhile.
      const found = genuine(world, cookies.refresh)
      if (!found.ok) return lost(site, found)
      const { token } = found
      const given = await refresh(world, token, cookies.csrf ?? '', address)
      if (given.ok) {
        site.metrics.refreshed()
        return granted(site, 200, given)
      }
      return given.replaced ? given : lost(site, given)
    },
  }),
]

/** What cannot be renewed is cleared, so that nobody keeps trying; what cannot be told is kept. */
const lost = (site: Site, refusal: Refusal): Refused =>
  refusal.code === 'refresh_token_invalid' ? { ...refusal, cookies: clearedCookies(site) } : refusal
