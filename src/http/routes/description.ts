/**
 * Description: the routes, for programs that make clients of it.
 *
 * @module
 */
import * as answers from '../../answers.ts'
import { open, type Route } from '../route.ts'

export const descriptionRoutes: readonly Route[] = [
  open({
    method: 'GET',
    path: '/openapi.json',
    summary: 'The description of these routes (OpenAPI 3.1).',
    answers: { 200: answers.Description },
    guard: { limit: 'floor' },
    body: 'none',
    answer: async ({ site }) => ({ ok: true, status: 200, body: site.description() }),
  }),
]
