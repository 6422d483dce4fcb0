/**
 * Granted and taken: the cookies of a session, set together and cleared together.
 *
 * @module
 */
import type { Granted } from '../flows/grant.ts'
import { type Instant, second } from '../rules/time.ts'
import { clearCookie, setCookie } from './cookies.ts'
import type { Answer } from './route.ts'
import type { Site } from './site.ts'
import { signedView } from './view.ts'

/** How long the cookies of a session live: until it is over, or, unremembered, until the browser closes. */
export function cookieAge(
  { world }: Site,
  session: Pick<Granted['session'], 'remembered' | 'expiresAt'>,
): number | 'browser-session' {
  if (world.policy.refresh.enabled && !session.remembered) return 'browser-session'
  return secondsUntil(world.clock.now(), session.expiresAt)
}

const secondsUntil = (now: number, until: number): number =>
  Math.max(0, Math.ceil((until - now) / second))

/** Tells a person they are signed in, and gives their browser all it needs for that. */
export function granted(site: Site, status: number, given: Granted): Answer {
  const { jar, world } = site
  const age = cookieAge(site, given.session)
  const until = (at: Instant) => secondsUntil(world.clock.now(), at)
  const { refreshToken, device } = given
  return {
    ok: true,
    status,
    body: signedView(world.access, given),
    cookies: [
      setCookie(jar, 'session', given.accessToken, until(given.accessUntil)),
      ...(refreshToken === undefined ? [] : [setCookie(jar, 'refresh', refreshToken, age)]),
      setCookie(jar, 'csrf', given.csrfToken, age),
      ...(device ? [setCookie(jar, 'device', device.token, until(device.until))] : []),
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
