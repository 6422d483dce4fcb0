/**
 * API keys: a person makes, sees, rotates and ends the own ones. No key does any of it.
 *
 * @module
 */
import * as answers from '../../answers.ts'
import { type Issued, issueKey, listKeys, revokeKey, rotateKey } from '../../flows/api-keys.ts'
import type { World } from '../../ports.ts'
import type { Refusal } from '../../rules/refusal.ts'
import { second } from '../../rules/time.ts'
import * as wire from '../../wire.ts'
import { pageFrom, pageView } from '../paging.ts'
import { type Answer, type Route, signedIn } from '../route.ts'
import { keyView } from '../view.ts'

const told = ({ clock }: World, done: Issued | Refusal): Answer | Refusal => {
  if (!done.ok) return done
  const { key, secret } = done
  const body: wire.IssuedKey = { key: keyView(key, clock.now()), secret }
  return { ok: true, status: 201, body }
}

export const apiKeyRoutes: readonly Route[] = [
  signedIn({
    method: 'GET',
    path: '/auth/api-keys',
    summary: 'The API keys of the person, newest first.',
    answers: { 200: answers.pageOf(answers.ApiKey) },
    guard: { restricted: false },
    body: 'none',
    query: wire.PageQuery,
    async answer({ site: { world }, query }, caller) {
      const bound = { list: 'api keys', for: caller.user.id }
      const from = pageFrom(world, bound, query)
      if (!from.ok) return from
      const now = world.clock.now()
      const found = await listKeys(world, caller.user, from.page)
      const body: wire.Page<wire.ApiKey> = pageView(world, bound, found, (key) => keyView(key, now))
      return { ok: true, status: 200, body }
    },
  }),

  signedIn({
    method: 'POST',
    path: '/auth/api-keys',
    summary: 'Makes an API key. Its secret is in this answer and nowhere else.',
    answers: { 201: answers.IssuedKey },
    guard: { restricted: false, stepUp: true },
    body: wire.IssueKey,
    async answer({ site: { world }, body, address }, caller) {
      const { name, scopes } = body
      const asked = { name, scopes, expiresAt: Date.parse(body.expiresAt) }
      return told(world, await issueKey(world, caller, asked, address))
    },
  }),

  signedIn({
    method: 'POST',
    path: '/auth/api-keys/{id}/rotate',
    summary: 'Gives an API key another secret; the earlier one lives on for `overlap` seconds.',
    answers: { 201: answers.IssuedKey },
    guard: { restricted: false, stepUp: true },
    body: wire.RotateKey,
    bodyOptional: true,
    async answer({ site: { world }, params: { id = '' }, body, address }, caller) {
      return told(world, await rotateKey(world, caller, id, body.overlap * second, address))
    },
  }),

  signedIn({
    method: 'DELETE',
    path: '/auth/api-keys/{id}',
    summary: 'Ends an API key.',
    answers: { 204: 'nothing' },
    guard: { restricted: false },
    body: 'none',
    async answer({ site, params: { id = '' }, address }, caller) {
      const refusal = await revokeKey(site.world, caller, id, address)
      return refusal ?? { ok: true, status: 204 }
    },
  }),
]
