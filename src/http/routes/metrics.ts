/**
 * Metrics: a scraper asks, with an API key, how this node is doing.
 *
 * @module
 */
import { metricsType } from '../exposition.ts'
import { alsoByKey, type Route } from '../route.ts'

export const metricsRoutes: readonly Route[] = [
  alsoByKey({
    method: 'GET',
    path: '/metrics',
    summary: 'How this node is doing, as Prometheus reads it.',
    answers: { 200: 'text/plain' },
    guard: {
      restricted: false,
      permission: 'metrics:read',
      // It asks each node by its address.
      anyHost: true,
      limit: 'floor',
      passive: true,
    },
    body: 'none',
    answer: async ({ site }) => ({
      ok: true,
      status: 200,
      headers: { 'Content-Type': metricsType },
      text: await site.metrics.text(),
    }),
  }),
]
