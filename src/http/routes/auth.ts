/**
 * Coming in and going out: set-up, sign-in, sign-out, who am I, and the CSRF token.
 *
 * @module
 */
import { read } from '../../flows/authenticate.ts'
import { csrfFor, type Granted } from '../../flows/grant.ts'
import { type From, logIn } from '../../flows/log-in.ts'
import { logOut } from '../../flows/sessions.ts'
import { admitClaim, setUp, setupStatus } from '../../flows/set-up.ts'
import { isCsrf } from '../../rules/csrf.ts'
import type { Session } from '../../rules/facts.ts'
import { second } from '../../rules/time.ts'
import * as wire from '../../wire.ts'
import { bucketOf } from '../address.ts'
import { clearCookie, setCookie } from '../cookies.ts'
import { type Answer, type Asked, open, type Route, signedIn } from '../route.ts'
import { shape } from '../shape.ts'
import type { Site } from '../site.ts'
import { signedView } from '../view.ts'

/** The session whose genuine cookie came along, standing or not. */
function cameWith({ site, cookies }: Asked): string | undefined {
  if (cookies.session === undefined) return undefined
  const seen = read(site.world, cookies.session)
  return seen.kind === 'foreign' ? undefined : seen.claims.sid
}

const fromOf = (asked: Asked): From => ({
  address: asked.address,
  bucket: bucketOf(asked.address),
  userAgent: asked.userAgent,
  came: cameWith(asked),
})

/** Whole seconds until a session is over: what its cookies live. */
const remaining = ({ world }: Site, session: Session): number =>
  Math.max(0, Math.ceil((session.expiresAt - world.clock.now()) / second))

function granted({ site }: Asked, status: number, given: Granted): Answer {
  const maxAge = remaining(site, given.session)
  return {
    ok: true,
    status,
    body: signedView(given),
    cookies: [
      setCookie(site.jar, 'session', given.accessToken, maxAge),
      setCookie(site.jar, 'csrf', given.csrfToken, maxAge),
    ],
  }
}

/** The cookies that go when a session does; the device stays known. */
export const clearedCookies = ({ jar }: Site): readonly string[] => [
  clearCookie(jar, 'session'),
  clearCookie(jar, 'refresh'),
  clearCookie(jar, 'csrf'),
]

/** What a browser is asked to forget with a session: not its cookies, which siblings share. */
export const clearedData = { 'Clear-Site-Data': '"cache", "storage"' } as const

export const authRoutes: readonly Route[] = [
  open({
    method: 'GET',
    path: '/auth/setup',
    summary: 'Whether an owner is missing, and what a password must be.',
    body: 'none',
    answer: async ({ site }) => ({ ok: true, status: 200, body: await setupStatus(site.world) }),
  }),

  open({
    method: 'POST',
    path: '/auth/setup',
    summary: 'Makes the first owner and signs him in.',
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
      return granted(asked, 201, given)
    },
  }),

  open({
    method: 'POST',
    path: '/auth/login',
    summary: 'Signs a person in.',
    body: wire.LogIn,
    async answer(asked) {
      const { username, password, remember = false } = asked.body
      const given = await logIn(asked.site.world, { username, password, remember }, fromOf(asked))
      return given.ok ? granted(asked, 200, given) : given
    },
  }),

  open({
    method: 'POST',
    path: '/auth/logout',
    summary: 'Ends this session. Safe to repeat.',
    body: 'none',
    async answer(asked) {
      const came = cameWith(asked)
      if (came !== undefined) await logOut(asked.site.world, came, asked.address)
      return { ok: true, status: 204, cookies: clearedCookies(asked.site), headers: clearedData }
    },
  }),

  signedIn({
    method: 'GET',
    path: '/auth/me',
    summary: 'Who is signed in, and by which session.',
    guard: { restricted: true },
    body: 'none',
    answer: async (_, caller) => ({ ok: true, status: 200, body: signedView(caller) }),
  }),

  signedIn({
    method: 'GET',
    path: '/auth/csrf',
    summary: 'The CSRF token of this session, and its cookie once more.',
    guard: { restricted: true, sameOrigin: true, passive: true },
    body: 'none',
    async answer({ site, cookies }, { session }) {
      const { world, jar } = site
      // The value stays for the life of a session, so that tabs do not void one another's.
      const kept = cookies.csrf && isCsrf(world.keys, session.id, cookies.csrf)
      const token = kept ? cookies.csrf : csrfFor(world, session.id)
      const cookie = setCookie(jar, 'csrf', token, remaining(site, session))
      return { ok: true, status: 200, body: { token }, cookies: [cookie] }
    },
  }),
]
