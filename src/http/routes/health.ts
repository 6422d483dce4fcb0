/**
 * Health: whether the process lives, and whether it can do its work.
 *
 * @module
 */
import * as answers from '../../answers.ts'
import { Unavailable } from '../../ports.ts'
import { isDoctor, type Seen } from '../../rules/doctor.ts'
import type { CheckUp, Ready } from '../../wire.ts'
import { type Answer, type Asked, alsoByKey, open, type Route } from '../route.ts'

type Feed = Ready['checks']['feed']

const unavailable = (feed: Feed): Answer => ({
  ok: true,
  status: 503,
  headers: { 'Retry-After': '1' },
  body: { status: 'unavailable', checks: { database: 'unavailable', feed } } satisfies Ready,
})

/** How the request came in, for the operator who looks for mistakes of proxies; nobody else is told. */
function seen({ site, request: { headers }, address }: Asked): { readonly seen?: Seen } {
  const { keys, clock } = site.world
  const pass = headers.get('x-sallyport-doctor')
  if (pass === null || !isDoctor(keys, pass, clock.now())) return {}
  const signs = ['via', 'forwarded', 'x-real-ip', 'x-forwarded-proto', 'x-forwarded-host']
  const proxied = signs.some((name) => headers.get(name) !== null)
  return { seen: { address, forwardedFor: headers.get('x-forwarded-for'), proxied } }
}

export const healthRoutes: readonly Route[] = [
  open({
    method: 'GET',
    path: '/health/live',
    summary: 'Answers as long as the process runs.',
    answers: { 200: answers.Live },
    guard: { anyHost: true, limit: 'floor' },
    body: 'none',
    answer: async (asked) => ({ ok: true, status: 200, body: { status: 'ok', ...seen(asked) } }),
  }),

  open({
    method: 'GET',
    path: '/health/ready',
    summary: 'Whether requests can be served, and whether this node answers from memory.',
    answers: { 200: answers.Ready, 503: answers.Ready },
    guard: { anyHost: true, limit: 'floor' },
    body: 'none',
    async answer({ site }) {
      const { store, standing } = site.world
      const feed = (): Feed => (standing.state().fresh ? 'fresh' : 'behind')
      try {
        await store.ping()
      } catch (error) {
        if (error instanceof Unavailable) return unavailable(feed())
        throw error
      }
      // A node that is behind reads for every check, and serves all the same.
      return {
        ok: true,
        status: 200,
        body: { status: 'ok', checks: { database: 'ok', feed: feed() } } satisfies Ready,
      }
    },
  }),

  alsoByKey({
    method: 'GET',
    path: '/instance/health',
    summary: 'What is well with settings, database and disk, and what mends what is not.',
    answers: { 200: answers.CheckUp },
    guard: { restricted: false, permission: 'metrics:read', passive: true },
    body: 'none',
    async answer({ site }) {
      const body: CheckUp = { findings: await site.checkUp() }
      return { ok: true, status: 200, body }
    },
  }),
]
