/**
 * Through the address: what a browser would find where people reach an instance, with whatever proxies
 * are in between. Nothing is signed in, and nothing recorded.
 *
 * @module
 */
import { clearCookie, cookieJar } from './http/cookies.ts'
import type { Policy } from './options.ts'
import type { Clock } from './ports.ts'
import {
  bad,
  doctorPass,
  type Finding,
  good,
  ofAddress,
  ofClock,
  ofCookies,
  type Seen,
} from './rules/doctor.ts'
import type { Keys } from './rules/keys.ts'
import { second } from './rules/time.ts'

/** An address of nobody (RFC 5737). */
const spoofed = '203.0.113.99'

/** @param keys Of the instance; without them the server does not say how it sees this machine. */
export async function throughUrl(
  text: string,
  policy: Policy,
  keys: Keys | undefined,
  clock: Clock,
): Promise<readonly Finding[]> {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol))
    return [bad('url', `${text} is no address.`, 'Give it as people type it: https://app.example')]
  const { publicOrigin = '' } = policy
  const under = `${url.origin}${url.pathname.replace(/\/$/, '')}${policy.basePath}`
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(under + path, { redirect: 'manual', signal: AbortSignal.timeout(10 * second), ...init })
  try {
    const headers = {
      'X-Forwarded-For': spoofed,
      ...(keys && { 'X-Sallyport-Doctor': doctorPass(keys, clock.now()) }),
    }
    const live = await ask('/health/live', { headers })
    const body = (await live.json().catch(() => undefined)) as { status?: string; seen?: Seen }
    if (live.status !== 200 || body?.status !== 'ok') return [notOurs(under, live)]
    const there = Date.parse(live.headers.get('date') ?? '')
    return [
      good('url', `${under} is answered by Sallyport.`),
      ...(url.origin === publicOrigin ? [] : [otherOrigin(url.origin, publicOrigin)]),
      ...(Number.isNaN(there) ? [] : [ofClock('url.clock', there - clock.now(), 'the server')]),
      ...(body.seen ? [ofAddress(body.seen, spoofed)] : []),
      ...(await asBrowser(ask, url, policy)),
    ]
  } catch (error) {
    const { message, cause } = error as Error & { cause?: { code?: string } }
    return [
      bad(
        'url',
        `${under} cannot be reached (${cause?.code ?? message}).`,
        'See that the server and the proxy run, and that name and certificate are right.',
      ),
    ]
  }
}

type Ask = (path: string, init?: RequestInit) => Promise<Response>

/** As the dashboard would sign out: it needs the host, the origin and the cookies to come through. */
async function asBrowser(ask: Ask, url: URL, policy: Policy): Promise<Finding[]> {
  const answer = await ask('/auth/logout', { method: 'POST', headers: { Origin: url.origin } })
  await answer.body?.cancel()
  if (answer.status === 421)
    return [
      bad(
        'url.host',
        'The server is asked for another host than people ask for (421).',
        'Have the proxy pass it on (nginx: proxy_set_header Host $host), or name it in allowedHosts.',
      ),
    ]
  if (answer.status === 403)
    return [
      bad(
        'url.origin',
        `Browsers at ${url.origin} are refused: the server believes to be ${policy.publicOrigin}.`,
        `Set publicOrigin to ${url.origin}, and have the proxy leave Origin alone.`,
      ),
    ]
  if (answer.status !== 204)
    return [
      bad(
        'url.origin',
        `A sign-out is answered ${answer.status}.`,
        'See the log of the server and of the proxy.',
      ),
    ]
  const { domain, sameSite, names } = policy.cookies
  const jar = cookieJar({ origin: new URL(policy.publicOrigin ?? ''), domain, sameSite, names })
  const expected = (['session', 'refresh', 'csrf'] as const).map((kind) => clearCookie(jar, kind))
  const stored = answer.headers.get('cache-control') ?? ''
  return [
    good('url.origin', `Browsers at ${url.origin} are let through.`),
    ofCookies(expected, answer.headers.getSetCookie()),
    stored.includes('no-store')
      ? good('url.cache', 'Answers are kept by nobody on the way.')
      : bad(
          'url.cache',
          `Answers may be kept on the way (Cache-Control: ${stored || 'none'}).`,
          'Let the proxy leave Cache-Control alone.',
        ),
  ]
}

const notOurs = (under: string, { status }: Response): Finding =>
  bad(
    'url',
    `${under}/health/live is not answered by Sallyport (${status}).`,
    'See that the proxy passes the whole path on, and that basePath is what it asks for.',
  )

const otherOrigin = (is: string, said: string): Finding =>
  bad(
    'url.publicOrigin',
    `People are at ${is}, and publicOrigin says ${said}.`,
    `Set publicOrigin to ${is}.`,
  )
