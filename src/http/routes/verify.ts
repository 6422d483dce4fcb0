/**
 * Verify: a reverse proxy asks, before it lets a request through, who sends it and whether he may.
 *
 * @see docs/guide/forward-auth.md
 * @module
 */
import { recordForbidden } from '../../flows/record.ts'
import { type Access, isRole } from '../../rules/access.ts'
import { keyScopes } from '../../rules/api-key.ts'
import { type Refusal, refuse } from '../../rules/refusal.ts'
import * as wire from '../../wire.ts'
import { forwardedPath, isForwardedUnsafe } from '../forwarded.ts'
import { missingOf } from '../missing.ts'
import { type Answer, alsoByKey, type Refused, type Route, type TurnedAway } from '../route.ts'
import { isNavigation } from '../site.ts'

type By = Parameters<Parameters<typeof alsoByKey>[0]['answer']>[1]

export const verifyRoutes: readonly Route[] = [
  alsoByKey({
    method: 'GET',
    path: '/auth/verify',
    summary: 'For reverse proxies: who sends a request, or why it is not let through.',
    answers: { 200: 'nothing', 302: 'nothing' },
    guard: { restricted: false, forwarded: true },
    body: 'none',
    query: wire.Verify,
    async answer({ site, query, address }, caller) {
      const { access } = site.world
      if (query.role !== undefined && !isRole(access, query.role))
        return refuse('validation_failed', unknown)
      const missing = missingOf(access, caller, query)
      if (missing !== undefined) {
        await recordForbidden(site.world, missing, address, caller)
        return refuse('forbidden', { why: missing })
      }
      return { ok: true, status: 200, headers: headersOf(access, caller) }
    },
    turnedAway,
  }),
]

const detail = 'There is no such role.'
const unknown: Partial<Refusal> = { fields: [{ name: 'role', code: 'not_allowed', detail }] }

const headersOf = (access: Access, { user, session, key }: By): Record<string, string> => ({
  // All of them, empty where there is nothing: of one that is left out, what a client says of itself
  // might reach the application.
  'X-Sallyport-User': user.id,
  'X-Sallyport-Username': user.username,
  'X-Sallyport-Role': isRole(access, user.role) ? user.role : '',
  'X-Sallyport-Session': session?.id ?? '',
  'X-Sallyport-Key': key?.id ?? '',
  'X-Sallyport-Scopes': key ? keyScopes(key).join(' ') : '',
})

/** Tells where to sign in, or sends a person there who was on the way to a page. */
function turnedAway({ site, request, refusal, proxied }: TurnedAway): Answer | Refused {
  if (refusal.code === 'csrf_rejected' && !proxied)
    return { ...refusal, detail: 'Only trusted proxies say what is asked; see trustProxy.' }
  if (!refusal.code.startsWith('session_') && refusal.code !== 'not_authenticated') return refusal
  const { publicOrigin } = site.origins
  const path = forwardedPath(request, proxied, publicOrigin)
  const signIn = `${publicOrigin}/sign-in?return=${encodeURIComponent(path)}`
  const redirects = new URL(request.url).searchParams.get('redirect') === '1'
  if (redirects && !isForwardedUnsafe(request, proxied) && isNavigation(request))
    return { ok: true, status: 302, headers: { Location: signIn } }
  return { ...refusal, headers: { 'X-Sallyport-Sign-In': signIn } }
}
