/**
 * Health: whether the process lives, and whether it can do its work.
 *
 * @module
 */
import * as answers from '../../answers.ts'
import { Unavailable } from '../../ports.ts'
import type { Ready } from '../../wire.ts'
import { type Answer, open, type Route } from '../route.ts'

type Feed = Ready['checks']['feed']

const unavailable = (feed: Feed): Answer => ({
  ok: true,
  status: 503,
  headers: { 'Retry-After': '1' },
  body: { status: 'unavailable', checks: { database: 'unavailable', feed } } satisfies Ready,
})

export const healthRoutes: readonly Route[] = [
  open({
    method: 'GET',
    path: '/health/live',
    summary: 'Answers as long as the process runs.',
    answers: { 200: answers.Live },
    guard: { anyHost: true, limit: 'floor' },
    body: 'none',
    answer: async () => ({ ok: true, status: 200, body: { status: 'ok' } }),
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
]
