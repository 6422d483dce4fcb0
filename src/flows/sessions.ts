/**
 * Sessions: a person sees where they are signed in, ends one, all others, or this one (signs out); an
 * administrator does so for everybody whose role is not higher.
 * Whoever ends a session ends it in one step; what was over keeps its first reason.
 *
 * @module
 */
import {
  everySession,
  instance,
  peopleOf,
  sessionOf,
  session as sessionRef,
  sessionsOf,
  user as userRef,
  type World,
} from '../ports.ts'
import { may } from '../rules/access.ts'
import { event } from '../rules/audit.ts'
import type { Needs } from '../rules/authority.ts'
import type { Place } from '../rules/cursor.ts'
import type { EndReason, Instance, Session, User } from '../rules/facts.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { end, evictSurplus, standing } from '../rules/session.ts'
import type { Step } from '../rules/step.ts'
import { mayChange } from '../rules/user.ts'
import { acting, authorityOf, type Doer, doneBy, refused } from './acting.ts'
import type { Caller } from './authenticate.ts'

/** A page of the caller's own live sessions, newest first, and where the next begins. */
export async function ownSessions(
  world: World,
  { user }: Caller,
  from: { after: Place | undefined; limit: number },
): Promise<{ items: readonly Session[]; next: Place | undefined }> {
  const rows = await world.store.page(sessionsOf(user.id), { ...from, limit: from.limit + 1 })
  const items = rows.slice(0, from.limit)
  return { items, next: rows.length > from.limit ? items.at(-1) : undefined }
}

/** A page of the live sessions of everybody, or of one person, each with its owner. */
export async function allSessions(
  world: World,
  of: string | undefined,
  from: { after: Place | undefined; limit: number },
): Promise<{ items: readonly { session: Session; owner: User }[]; next: Place | undefined }> {
  const rows = await world.store.page(of === undefined ? everySession() : sessionsOf(of), {
    ...from,
    limit: from.limit + 1,
  })
  const sessions = rows.slice(0, from.limit)
  const ids = [...new Set(sessions.map(({ userId }) => userId))]
  const people = ids.length > 0 ? await world.store.page(peopleOf(ids), { limit: ids.length }) : []
  const byId = new Map(people.map((one) => [one.id, one]))
  const items = sessions.flatMap((session) => {
    const owner = byId.get(session.userId)
    return owner ? [{ session, owner }] : []
  })
  return { items, next: rows.length > from.limit ? sessions.at(-1) : undefined }
}

/**
 * Ends a session: one of the caller's own, or anybody's with `sessions:revoke`.
 *
 * @returns `not_found` for one that is unknown, or somebody else's to who may not end it; `forbidden`
 *   for one of a higher role; nothing when it is over now.
 */
export async function endOne(
  world: World,
  caller: Doer,
  id: string,
  address: string | null,
): Promise<Refusal | undefined> {
  const current = id === caller.session?.id
  // Whose it is stands on its row, so that person is only known after a first look at it. Another's is
  // found no more than nobody's by who may not end it, or the time it takes would tell.
  const { user: me } = caller
  const all = !me || may(world.access, me, 'sessions:revoke')
  const found = await world.store.find(all ? sessionRef(id) : sessionOf(me.id, id))
  const asked = {
    ...acting(caller),
    session: sessionRef(found?.id ?? ''),
    owner: userRef(found?.userId ?? ''),
  }
  return world.store.step(asked, (shown, now): Step<Refusal | undefined> => {
    const { session, owner } = shown
    const by = authorityOf(caller, shown, {}, now)
    if (!by.ok) return { verdict: by }
    const own = session?.userId === by.me.id
    if (!session || !owner || !(own || may(world.access, by.me, 'sessions:revoke')))
      return { verdict: refuse('not_found') }
    const refusal = mayChange(world.access, by.me, owner)
    if (refusal) return { verdict: refusal, record: [refused(caller, owner.id, refusal, address)] }
    return ended(shown, current ? 'logout' : 'revoked', doneBy(caller).actor, address, now)
  })
}

/**
 * Signs out: ends the session a genuine cookie names, whether or not it still stands.
 *
 * @param id As `authenticate.ts` read it from the cookie.
 */
export async function logOut(world: World, id: string, address: string): Promise<void> {
  const owner = (await world.store.find(sessionRef(id)))?.userId ?? ''
  const asked = { here: instance(), session: sessionRef(id), owner: userRef(owner) }
  await world.store.step(asked, (shown, now) =>
    ended(shown, 'logout', `user:${owner}`, address, now),
  )
}

/** Sessions one step ends: on SQLite it holds the main thread until it is committed. */
const mostEnded = 250

type Ended = { readonly ok: true; readonly revoked: number }

/** Ends all of the caller's sessions but this one, and says how many. */
export const endOthers = (world: World, caller: Caller, address: string) =>
  endAll(world, caller, caller.user.id, address, {})

/**
 * Ends all sessions of somebody, but for the one it is done by, and says how many.
 *
 * @returns `not_found`; `forbidden` for who has a higher role; `step_up_required`.
 */
export const endAllOf = (world: World, caller: Doer, id: string, address: string | null) =>
  endAll(world, caller, id, address, {
    permission: 'users:write',
    access: world.access,
    fresh: world.policy.stepUp,
  })

async function endAll(
  world: World,
  caller: Doer,
  id: string,
  address: string | null,
  needs: Needs,
): Promise<Ended | Refusal> {
  // A step is shown so many of them at most, and where there is no limit there may be more.
  for (let revoked = 0; ; ) {
    const done = await endShown(world, caller, id, address, needs)
    if (!done.ok) return done
    if (done.revoked === 0) return { ok: true, revoked }
    revoked += done.revoked
  }
}

/** Ends what is beyond the limit beside a session just opened, as many at a time as are shown. */
export async function evictRest(
  world: World,
  { id: opened, userId }: Session,
  address: string,
): Promise<void> {
  const asked = { instance: instance(), user: userRef(userId), live: sessionsOf(userId) }
  const evictShown = () =>
    world.store.step(asked, ({ instance, user, live }, now): Step<boolean> => {
      if (!instance || !user) return { verdict: false }
      const by = { opened, address }
      const gone = evictSurplus({ instance, user, live }, by, now, world.policy.session)
      return { verdict: gone.changes.length > 0, keep: gone.changes, record: gone.events }
    })
  while (await evictShown());
}

function endShown(
  world: World,
  caller: Doer,
  id: string,
  address: string | null,
  needs: Needs,
): Promise<Ended | Refusal> {
  const asked = { ...acting(caller), whom: userRef(id), live: sessionsOf(id) }
  return world.store.step(asked, (shown, now): Step<Ended | Refusal> => {
    const { whom, live } = shown
    const by = authorityOf(caller, shown, needs, now)
    if (!by.ok) return { verdict: by }
    if (!whom || whom.deletedAt !== null) return { verdict: refuse('not_found') }
    const refusal = mayChange(world.access, by.me, whom)
    if (refusal) return { verdict: refusal, record: [refused(caller, id, refusal, address)] }
    const others = live.filter((other) => other.id !== caller.session?.id).slice(0, mostEnded)
    const said = { actor: doneBy(caller).actor, subject: `user:${id}`, address }
    return {
      verdict: { ok: true, revoked: others.length },
      keep: others.map((other) => end(other, 'revoked', now)),
      record: others.map((other) =>
        event('session.revoked', 'success', { ...said, session: other.id }),
      ),
    }
  })
}

interface Shown {
  readonly here: Instance | undefined
  readonly session: Session | undefined
  readonly owner: User | undefined
}

/** Ends a session that stands; one that is over in any way keeps its first reason. */
function ended(
  { here, session, owner }: Shown,
  reason: EndReason & ('logout' | 'revoked'),
  actor: string,
  address: string | null,
  now: number,
): Step<undefined> {
  if (!here || !session || standing(session, owner, here, now)) return { verdict: undefined }
  const type = reason === 'logout' ? 'auth.signed_out' : 'session.revoked'
  const said = { actor, subject: `user:${session.userId}`, session: session.id, address }
  return {
    verdict: undefined,
    keep: [end(session, reason, now)],
    record: [event(type, 'success', said)],
  }
}
