/**
 * Authenticate: a session cookie to the person behind it. The token proves where it came from; the
 * session's row and its user decide.
 *
 * @module
 */
import { instance, session as sessionRef, user as userRef, type World } from '../ports.ts'
import { type Claims, readToken } from '../rules/access-token.ts'
import type { Session, User } from '../rules/facts.ts'
import type { Keys } from '../rules/keys.ts'
import { readRefresh } from '../rules/refresh-token.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { standing, touch } from '../rules/session.ts'
import { keep } from '../rules/step.ts'
import { behind } from './acquaint.ts'

/** Who is asking, as it stands now. */
export interface Caller {
  readonly ok: true
  readonly user: User
  readonly session: Session
}

/** The cookies a session is known by. */
export interface Holding {
  readonly session?: string
  readonly refresh?: string
}

/** The session that cookies name, by themselves. */
interface Named {
  readonly sid: string
  /** What the access token says; a refresh token names nobody. */
  readonly claims: Claims | undefined
  /** Whether the access token is good, or has to be renewed first. */
  readonly good: boolean
}

const contextOf = ({ keys, publicOrigin, instanceId }: World) => ({
  keys,
  issuer: publicOrigin,
  audience: instanceId,
})

/** The session that genuine cookies name, standing or not. The session cookie comes first. */
export function named(world: World, { session, refresh }: Holding): Named | undefined {
  if (session === undefined) {
    const seen = world.policy.refresh.enabled && readRefresh(world.keys, refresh ?? '')
    return seen && seen.kind === 'token'
      ? { sid: seen.token.sid, claims: undefined, good: false }
      : undefined
  }
  const seen = readToken(session, world.clock.now(), contextOf(world))
  if (seen.kind === 'foreign') return undefined
  return { sid: seen.claims.sid, claims: seen.claims, good: seen.kind === 'valid' }
}

/**
 * The caller behind the cookies.
 *
 * @returns `not_authenticated` for cookies that are not ours; `session_expired` for a session that has
 *   to be renewed or is over; `session_revoked` for one that somebody ended.
 */
export async function authenticate(world: World, cookies: Holding): Promise<Caller | Refusal> {
  const { keys } = world
  const found = named(world, cookies)
  const caller = found ? await stands(world, found) : await unread(world, cookies, keys)
  if (!caller.ok) return caller
  return found?.good ? caller : refuse('session_expired', { why: 'access token' })
}

/** As {@link authenticate}, but a session that only has to be renewed will do. */
export async function holder(world: World, cookies: Holding): Promise<Caller | Refusal> {
  const { keys } = world
  const found = named(world, cookies)
  return found ? stands(world, found) : unread(world, cookies, keys)
}

/** What is said of cookies that name no session here. */
async function unread(world: World, cookies: Holding, keys: Keys): Promise<Refusal> {
  const nobody = refuse('not_authenticated', { why: 'no genuine cookie' })
  if (cookies.session === undefined && cookies.refresh === undefined) return nobody
  const seen = readToken(cookies.session ?? '', world.clock.now(), {
    ...contextOf(world),
    keys: keys.leaked,
  })
  // Whoever made it, a leaked secret may have: it only tells what became of what was genuine.
  if (seen.kind !== 'foreign') return refuse('session_revoked', { reason: 'restored' })
  return (await behind(world, keys)) ?? nobody
}

/**
 * Why nothing may be done for a browser whose cookies only another node can read: a session that is
 * not seen here would neither be ended nor replaced.
 */
export async function unseen(world: World, cookies: Holding): Promise<Refusal | undefined> {
  if (cookies.session === undefined && cookies.refresh === undefined) return undefined
  return named(world, cookies) ? undefined : behind(world, world.keys)
}

async function stands(world: World, found: Named): Promise<Caller | Refusal> {
  const { sid, claims } = found
  const row = world.store.find(sessionRef(sid))
  const [session, user, here] = await Promise.all([
    row,
    // Who it is stands in the token; without one, on the row.
    world.store.find(userRef(claims?.sub ?? (await row)?.userId ?? '')),
    world.store.find(instance()),
  ])
  if (!here) throw new Error('the instance row is gone')
  if (session && user && session.userId !== user.id)
    return refuse('not_authenticated', { why: 'mismatch' })
  const over = standing(session, user, here, world.clock.now())
  if (over) return over
  if (!session || !user || (claims && claims.ver !== user.version))
    return refuse('session_revoked', { reason: 'password_changed' })
  return { ok: true, user, session }
}

/**
 * Keeps a session from idling out, for a request that a person made and that was let in. One step each,
 * at most once a minute a session: a thousand active sessions make 17 a second, where either database
 * takes several hundred. Gathered ones would collide with whatever any of their people does.
 */
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
