/**
 * Grant: what a browser is given for a session that was opened or renewed.
 *
 * @module
 */
import type { World } from '../ports.ts'
import { type Claims, issueToken, rememberToken } from '../rules/access-token.ts'
import { isCsrf, mintCsrf } from '../rules/csrf.ts'
import { deviceToken } from '../rules/device.ts'
import type { Device, Session, User } from '../rules/facts.ts'
import { firstToken, type RefreshToken } from '../rules/refresh-token.ts'
import { type Instant, second } from '../rules/time.ts'
import { contextOf } from './authenticate.ts'

/** A person who has just been let in, and the secrets that go into cookies and nowhere else. */
export interface Granted {
  readonly ok: true
  readonly user: User
  readonly session: Session
  readonly accessToken: string
  /** Until when the access token is good. */
  readonly accessUntil: Instant
  /** `undefined` where refresh tokens are switched off. */
  readonly refreshToken: string | undefined
  readonly csrfToken: string
  /** For the device cookie, where the browser is trusted from now on. */
  readonly device: { readonly token: string; readonly until: Instant } | undefined
}

/** A new id: 128 random bits, base64url, 22 characters. */
export const newId = (world: World): string => world.random.bytes(16).toString('base64url')

/** The first refresh token of a session that is about to be opened, where there are any. */
export const newRefresh = (world: World, sid: string): RefreshToken | undefined =>
  world.policy.refresh.enabled ? firstToken(world.keys, sid, world.random.bytes(32)) : undefined

/**
 * Mints the tokens of a session. Without refresh tokens the access token lives as long as the
 * session may; the row ends it earlier.
 *
 * @param csrf The token the browser has; it keeps it while that is good.
 */
export function grant(
  world: World,
  { user, session, device }: { user: User; session: Session; device?: Device | undefined },
  refresh: RefreshToken | undefined,
  csrf?: string,
): Granted {
  const { policy, keys, publicOrigin, instanceId } = world
  const now = world.clock.now()
  const short = Math.min(now + policy.session.accessLifetime, session.expiresAt)
  const accessUntil = refresh ? short : session.expiresAt
  const claims: Claims = {
    iss: publicOrigin,
    aud: instanceId,
    sub: user.id,
    sid: session.id,
    ver: user.version,
    jti: newId(world),
    iat: Math.floor(now / second),
    // A token of no time at all would be none of ours; in its last second a session ends by its row.
    exp: Math.floor(Math.max(accessUntil, now + second) / second),
  }
  const accessToken = issueToken(keys, claims)
  rememberToken(accessToken, claims, contextOf(world))
  return {
    ok: true,
    user,
    session,
    accessToken,
    accessUntil,
    refreshToken: refresh?.text,
    csrfToken: csrfFor(world, session.id, csrf),
    device: device && { token: deviceToken(keys, device), until: device.expiresAt },
  }
}

/** The CSRF token of session `id`: the one the browser has, as long as that is good, else a new one. */
export function csrfFor(world: World, id: string, had: string | undefined): string {
  return had !== undefined && isCsrf(world.keys, id, had)
    ? had
    : mintCsrf(world.keys, id, world.random.bytes(16))
}
