/**
 * Grant: what a browser is given for a session that was just opened.
 *
 * @module
 */
import type { World } from '../ports.ts'
import { issueToken } from '../rules/access-token.ts'
import { mintCsrf } from '../rules/csrf.ts'
import type { Session, User } from '../rules/facts.ts'
import { second } from '../rules/time.ts'

/** A person who has just been let in, and the secrets that go into cookies and nowhere else. */
export interface Granted {
  readonly ok: true
  readonly user: User
  readonly session: Session
  readonly accessToken: string
  readonly csrfToken: string
}

/** A new id: 128 random bits, base64url, 22 characters. */
export const newId = (world: World): string => world.random.bytes(16).toString('base64url')

/**
 * Mints the tokens of a session. Without refresh tokens the access token lives as long as the
 * session may; the row ends it earlier.
 */
export function grant(world: World, user: User, session: Session): Granted {
  const accessToken = issueToken(world.keys, {
    iss: world.publicOrigin,
    aud: world.instanceId,
    sub: user.id,
    sid: session.id,
    ver: user.version,
    jti: newId(world),
    iat: Math.floor(session.createdAt / second),
    exp: Math.floor(session.expiresAt / second),
  })
  return { ok: true, user, session, accessToken, csrfToken: csrfFor(world, session.id) }
}

/** A fresh CSRF token for session `id`. */
export const csrfFor = (world: World, id: string): string =>
  mintCsrf(world.keys, id, world.random.bytes(16))
