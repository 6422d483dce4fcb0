/**
 * Refresh: an old pair of tokens to a new one. The row decides, in one step, whoever else asks at the
 * same moment.
 *
 * @module
 */
import { instance, ownerOf, session as sessionRef, type World } from '../ports.ts'
import { type RefreshToken, readRefresh, rootNamedIn } from '../rules/refresh-token.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { type Lost, type Rotated, rotate } from '../rules/rotation.ts'
import type { Step } from '../rules/step.ts'
import { type Granted, grant } from './grant.ts'

/**
 * The genuine token in a cookie.
 *
 * @returns `refresh_token_invalid` for what is none of ours, or of a root that is retired; `unavailable`
 *   for one of a root that this node does not have: that is never taken for a theft.
 */
export function genuine(
  world: World,
  text: string | undefined,
): { ok: true; token: RefreshToken } | Refusal {
  if (!world.policy.refresh.enabled) return refuse('refresh_token_invalid', { why: 'switched off' })
  if (text === undefined) return refuse('refresh_token_invalid', { why: 'no cookie' })
  const { keys } = world
  const seen = readRefresh(keys, text)
  if (seen.kind === 'token') return { ok: true, token: seen.token }
  if (seen.kind === 'foreign') return refuse('refresh_token_invalid', { why: 'foreign' })
  // Records are checked for ever: a root that only does that is known, and out of use.
  return keys.byId('audit', rootNamedIn(text))
    ? refuse('refresh_token_invalid', { why: 'retired root' })
    : refuse('unavailable', { why: 'unknown root' })
}

/**
 * Renews the session behind a genuine token.
 *
 * @param csrf The CSRF token the browser has, already found to be this session's.
 */
export async function refresh(
  world: World,
  token: RefreshToken,
  csrf: string,
  address: string,
): Promise<Granted | Lost> {
  const salt = world.random.bytes(16).toString('base64url')
  const given = { keys: world.keys, salt, leeway: world.policy.refresh.leeway, address }
  const verdict = await world.store.step(
    { instance: instance(), session: sessionRef(token.sid), user: ownerOf(token.sid) },
    ({ instance, session, user }, now): Step<Rotated | Lost> => {
      if (!instance) throw new Error('the instance row is gone')
      return rotate({ instance, session, user }, token, given, now)
    },
  )
  return verdict.ok ? grant(world, verdict, verdict.next, csrf) : verdict
}
