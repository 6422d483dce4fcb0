/**
 * Authenticate: a session cookie to the person behind it. The token proves where it came from; the
 * session's row and its user decide.
 *
 * @module
 */
import { session as sessionRef, user as userRef, type World } from '../ports.ts'
import { type Claims, readToken } from '../rules/access-token.ts'
import { endingOf } from '../rules/ending.ts'
import type { ApiKey, Instance, StandingSession, User } from '../rules/facts.ts'
import type { Keys } from '../rules/keys.ts'
import { readRefresh } from '../rules/refresh-token.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { standing, touch } from '../rules/session.ts'
import { keep } from '../rules/step.ts'
import { type Instant, type Millis, second } from '../rules/time.ts'
import { behind } from './acquaint.ts'

/** Who is asking, as it stands now. */
export interface Caller {
  readonly ok: true
  readonly user: User
  readonly session: StandingSession
  readonly key?: undefined
}

/** A program that asks for its owner. */
export interface KeyCaller {
  readonly ok: true
  readonly user: User
  readonly key: ApiKey
  readonly session?: undefined
}

export type AnyCaller = Caller | KeyCaller

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

/**
 * The session that genuine cookies name, standing or not. The session cookie comes first; one that is
 * not ours, planted or of a node whose clock is wrong, does not take the refresh cookie's word away.
 */
export function named(world: World, { session, refresh }: Holding): Named | undefined {
  return namedByAccess(world, session) ?? namedByRefresh(world, refresh)
}

/** Every session that genuine cookies name: one, unless the cookies of two have got mixed. */
export function allNamed(world: World, { session, refresh }: Holding): ReadonlySet<string> {
  const found = [namedByAccess(world, session), namedByRefresh(world, refresh)]
  return new Set(found.flatMap((one) => (one ? [one.sid] : [])))
}

/** What an access token is held against here. */
export const contextOf = ({ keys, publicOrigin, instanceId }: World) => ({
  keys,
  issuer: publicOrigin,
  audience: instanceId,
  genuine: keys.genuine.access,
})

function namedByAccess(world: World, text: string | undefined): Named | undefined {
  if (text === undefined) return undefined
  const seen = readToken(text, world.clock.now(), contextOf(world))
  if (seen.kind === 'foreign') return undefined
  return { sid: seen.claims.sid, claims: seen.claims, good: seen.kind === 'valid' }
}

function namedByRefresh(world: World, text: string | undefined): Named | undefined {
  if (text === undefined || !world.policy.refresh.enabled) return undefined
  const seen = readRefresh(world.keys, text)
  return seen.kind === 'token' ? { sid: seen.token.sid, claims: undefined, good: false } : undefined
}

/** An answer that is there at once when nothing has to be read for it. */
export type Soon<T> = T | Promise<T>

/**
 * The caller behind the cookies, at once where this node remembers who stands.
 *
 * @returns `not_authenticated` for cookies that are not ours; `session_expired` for a session that has
 *   to be renewed or is over; `session_revoked` for one that somebody ended.
 */
export function authenticate(world: World, cookies: Holding): Soon<Caller | Refusal> {
  const found = named(world, cookies)
  if (found?.good) return stands(world, found)
  return unrenewed(world, found, cookies)
}

async function unrenewed(
  world: World,
  found: Named | undefined,
  cookies: Holding,
): Promise<Refusal> {
  const { keys } = world
  const caller = found ? await stands(world, found) : await unread(world, cookies, keys)
  if (!caller.ok) return caller
  // Under a root that only other nodes have, what cannot be read here need not be renewed.
  const unreadable = cookies.session !== undefined && found?.claims === undefined
  const late = unreadable && (await behind(world, keys))
  return late || refuse('session_expired', { why: 'access token' })
}

/** As {@link authenticate}, but a session that only has to be renewed will do. */
export function holder(world: World, cookies: Holding): Soon<Caller | Refusal> {
  const { keys } = world
  const found = named(world, cookies)
  return found ? stands(world, found) : unread(world, cookies, keys)
}

/** What is said of cookies that name no session here. */
async function unread(world: World, cookies: Holding, keys: Keys): Promise<Refusal> {
  const nobody = refuse('not_authenticated', { why: 'no genuine cookie' })
  if (cookies.session === undefined && cookies.refresh === undefined) return nobody
  const seen = readToken(cookies.session ?? '', world.clock.now(), {
    keys: keys.leaked,
    issuer: world.publicOrigin,
    audience: world.instanceId,
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

function stands(world: World, found: Named): Soon<Caller | Refusal> {
  const known = remembered(world, found)
  world.standing.count(known ? 'remembered' : 'read')
  return known ?? read(world, found)
}

/** Who this node remembers to stand. Memory lets in, and refuses nobody: whoever it does not let in is read. */
function remembered({ standing, clock }: World, found: Named): Caller | undefined {
  const recall = standing.recall()
  const session = recall?.('sessions', found.sid)
  const user = session && recall?.('users', session.userId)
  const here = recall?.('instance', 'instance')
  if (!session || !user || !here) return undefined
  const caller = judged(session, user, here, found, clock.now())
  return caller.ok ? caller : undefined
}

async function read({ standing, clock }: World, found: Named): Promise<Caller | Refusal> {
  const row = standing.find('sessions', found.sid)
  const [session, user, here] = await Promise.all([
    row,
    // Who it is stands in the token; without one, on the row.
    standing.find('users', found.claims?.sub ?? (await row)?.userId ?? ''),
    standing.find('instance', 'instance'),
  ])
  if (!here) throw new Error('the instance row is gone')
  return judged(session, user, here, found, clock.now())
}

function judged(
  session: StandingSession | undefined,
  user: User | undefined,
  here: Instance,
  { claims }: Named,
  now: Instant,
): Caller | Refusal {
  if (session && user && (session.userId !== user.id || (claims && claims.sub !== user.id)))
    return refuse('not_authenticated', { why: 'mismatch' })
  const over = standing(session, user, here, now)
  if (over) return over
  if (!session || !user || (claims && claims.ver !== user.version))
    return refuse('session_revoked', {
      reason: user ? endingOf(user, claims?.ver ?? 0).reason : 'user_disabled',
    })
  return { ok: true, user, session }
}

/** No step takes longer, from being shown something to its commit. */
const longestStep: Millis = 10 * second

/** Whether it is time to move a session's idle limit. */
export const isIdling = ({ clock }: World, { session }: Caller): boolean =>
  touch(session, clock.now()) !== undefined

/**
 * Keeps a session from idling out, for a request that a person made and that was let in. One step each,
 * at most once a minute a session: a thousand active sessions make 17 a second, where either database
 * takes several hundred. Gathered ones would collide with whatever any of their people does.
 */
export async function touched(world: World, caller: Caller): Promise<Caller> {
  const { id, userId } = caller.session
  // Activity elsewhere is not heard of; what another node has written already is read the next time.
  world.standing.forget('sessions', id)
  const asked = { session: sessionRef(id), user: userRef(userId) }
  const next = await world.store.step(asked, ({ session, user }, now) => {
    const next = session && touch(session, now)
    if (!next) return { verdict: undefined }
    // A sign-in may be counting this session as idled out at this very moment. The person's record is
    // moved along, so that one of the two is shown the other, and it does not come back beside the new.
    const close = session.idleUntil - now < longestStep
    return {
      verdict: next,
      keep: [keep('sessions', next), ...(close && user ? [keep('users', user)] : [])],
    }
  })
  return next ? { ...caller, session: next } : caller
}
