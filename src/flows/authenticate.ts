/**
 * Authenticate: a session cookie to the person behind it. The token proves where it came from; the
 * session's row and its user decide.
 *
 * @module
 */
import { instance, session as sessionRef, user as userRef, type World } from '../ports.ts'
import { type Claims, type Read, readToken } from '../rules/access-token.ts'
import type { Session, User } from '../rules/facts.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { standing, touch } from '../rules/session.ts'
import { keep } from '../rules/step.ts'

/** Who is asking, as it stands now. */
export interface Caller {
  readonly ok: true
  readonly user: User
  readonly session: Session
}

/** What a session cookie says, by itself. */
export function read(world: World, token: string): Read {
  return readToken(token, world.clock.now(), {
    keys: world.keys,
    issuer: world.publicOrigin,
    audience: world.instanceId,
  })
}

/**
 * The caller behind `token`.
 *
 * @returns `not_authenticated` for a token that is not ours; `session_expired` or `session_revoked`
 *   for one that was.
 */
export async function authenticate(world: World, token: string): Promise<Caller | Refusal> {
  const seen = read(world, token)
  if (seen.kind === 'foreign') return refuse('not_authenticated', { why: 'foreign token' })

  const caller = await stands(world, seen.claims)
  if (!caller.ok) return caller
  return seen.kind === 'expired' ? refuse('session_expired', { why: 'access token' }) : caller
}

async function stands(world: World, { sub, sid, ver }: Claims): Promise<Caller | Refusal> {
  const [session, user, here] = await Promise.all([
    world.store.find(sessionRef(sid)),
    world.store.find(userRef(sub)),
    world.store.find(instance()),
  ])
  if (!here) throw new Error('the instance row is gone')
  if (session && session.userId !== sub) return refuse('not_authenticated', { why: 'mismatch' })
  const over = standing(session, user, here, world.clock.now())
  if (over) return over
  if (!session || !user || ver !== user.version)
    return refuse('session_revoked', { reason: 'password_changed' })
  return { ok: true, user, session }
}

/** Keeps a session from idling out, for a request that a person made and that was let in. */
export async function touched(world: World, caller: Caller): Promise<Caller> {
  if (!touch(caller.session, world.clock.now())) return caller
  const { id, userId } = caller.session
  // The person is asked as well: a sign-in that counted this session as idled out collides with this,
  // and cannot have it come back beside the one it opened.
  const asked = { session: sessionRef(id), user: userRef(userId) }
  const moved = await world.store.step(asked, ({ session }, now) => {
    const next = session && touch(session, now)
    return { verdict: next, keep: next ? [keep('sessions', next)] : [] }
  })
  return moved ? { ...caller, session: moved } : caller
}
