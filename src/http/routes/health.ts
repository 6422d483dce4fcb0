/**
 * Health: whether the process lives, and whether it can do its work.
 *
 * @module
 */
import { Unavailable } from '../../ports.ts'
import type { Ready } from '../../wire.ts'
import { type Answer, open, type Route } from '../route.ts'

const unavailable: Answer = {
  ok: true,
  status: 503,
  headers: { 'Retry-After': '1' },
  body: { status: 'unavailable', checks: { database: 'unavailable' } } satisfies Ready,
}

export const healthRoutes: readonly Route[] = [
  open({
    method: 'GET',
    path: '/health/live',
    summary: 'Answers as long as the process runs.',
    guard: { anyHost: true, limit: 'floor' },
    body: 'none',
    answer: async () => ({ ok: true, status: 200, body: { status: 'ok' } }),
  }),

  open({
    method: 'GET',
    path: '/health/ready',
    summary: 'Whether requests can be served.',
    guard: { anyHost: true, limit: 'floor' },
    body: 'none',
    async answer({ site }) {
      try {
        await site.world.store.ping()
      } catch (error) {
        if (error instanceof Unavailable) return unavailable
        throw error
      }
      return {
        ok: true,
        status: 200,
        body: { status: 'ok', checks: { database: 'ok' } } satisfies Ready,
      }
    },
  }),
]
