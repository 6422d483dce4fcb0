/**
 * How things stand, in figures, for those who look after an instance.
 *
 * @module
 */
import * as answers from '../../answers.ts'
import { overview } from '../../flows/overview.ts'
import { alsoByKey, type Route } from '../route.ts'
import { overviewView } from '../view.ts'

export const overviewRoutes: readonly Route[] = [
  alsoByKey({
    method: 'GET',
    path: '/overview',
    summary:
      'How many sessions, people and names at rest; sign-ins and refusals of the last 24 hours; the nodes.',
    answers: { 200: answers.Overview },
    guard: { restricted: false, permission: 'audit:read' },
    body: 'none',
    async answer({ site: { world } }) {
      return { ok: true, status: 200, body: overviewView(await overview(world), world) }
    },
  }),
]
