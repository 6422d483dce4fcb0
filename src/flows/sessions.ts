/**
 * Sessions: a person sees where they are signed in, ends one, all others, or this one (signs out).
 * Whoever ends a session ends it in one step; what was over keeps its first reason.
 *
 * @module
 */
import { session as sessionRef, sessionsOf, type World } from '../ports.ts'
import { event } from '../rules/audit.ts'
import type { Place } from '../rules/cursor.ts'
import type { EndReason, Session } from '../rules/facts.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { end, isOver } from '../rules/session.ts'
import type { Step } from '../rules/step.ts'
import type { Caller } from './authenticate.ts'

/** A page of the caller's own live sessions, newest first, and where the next begins. */
export async function ownSessions(
  world: World,
  { user }: Caller,
  from: { after: Place | undefined; limit: number },
): Promise<{ items: readonly Session[]; next: Place | undefined }> {
  const rows = await world.store.page(sessionsOf(user.id), { ...from, limit: from.limit + 1 })
  const items = rows.slice(0, from.limit)
  const last = items.at(-1)
  return { items, next: rows.length > from.limit && last ? last : undefined }
}

/**
 * Ends one of the caller's own sessions.
 *
 * @returns `not_found` for one that is unknown or somebody else's; nothing when it is over now.
 */
export async function endOwn(
  world: World,
  caller: Caller,
  id: string,
  address: string,
): Promise<Refusal | undefined> {
  const current = id === caller.session.id
  const asked = { session: sessionRef(id), mine: sessionRef(caller.session.id) }
  return world.store.step(asked, ({ session, mine }, now): Step<Refusal | undefined> => {
    if (!current && (!mine || isOver(mine, now))) return { verdict: overMeanwhile(mine) }
    if (!session || session.userId !== caller.user.id) return { verdict: refuse('not_found') }
    return ended(session, current ? 'logout' : 'revoked', caller.user.id, address, now)
  })
}

/**
 * Signs out: ends the session a genuine cookie names, whether or not it still stands.
 *
 * @param id As `authenticate.ts` read it from the cookie.
 */
export async function logOut(world: World, id: string, address: string): Promise<void> {
  await world.store.step({ session: sessionRef(id) }, ({ session }, now) =>
    session ? ended(session, 'logout', session.userId, address, now) : { verdict: undefined },
  )
}

type Ended = { readonly ok: true; readonly revoked: number }

/** Ends all of the caller's sessions but this one, and says how many. */
export async function endOthers(
  world: World,
  caller: Caller,
  address: string,
): Promise<Ended | Refusal> {
  // A step is shown so many of them at most, and where there is no limit there may be more.
  for (let revoked = 0; ; ) {
    const done = await endShown(world, caller, address)
    if (!done.ok) return done
    if (done.revoked === 0) return { ok: true, revoked }
    revoked += done.revoked
  }
}

function endShown(world: World, caller: Caller, address: string): Promise<Ended | Refusal> {
  const asked = { mine: sessionRef(caller.session.id), live: sessionsOf(caller.user.id) }
  return world.store.step(asked, ({ mine, live }, now): Step<Ended | Refusal> => {
    if (!mine || isOver(mine, now)) return { verdict: overMeanwhile(mine) }
    const others = live.filter(({ id }) => id !== caller.session.id)
    const by = { actor: `user:${caller.user.id}`, subject: `user:${caller.user.id}`, address }
    return {
      verdict: { ok: true, revoked: others.length },
      keep: others.map((other) => end(other, 'revoked', now)),
      record: others.map((other) =>
        event('session.revoked', 'success', { ...by, session: other.id }),
      ),
    }
  })
}

// The caller was let in a moment ago; what is written is decided on how things are now.
const overMeanwhile = (mine: Session | undefined): Refusal =>
  refuse('session_revoked', { reason: mine?.endReason ?? 'revoked' })

function ended(
  session: Session,
  reason: EndReason & ('logout' | 'revoked'),
  by: string,
  address: string,
  now: number,
): Step<undefined> {
  if (isOver(session, now)) return { verdict: undefined }
  const type = reason === 'logout' ? 'auth.signed_out' : 'session.revoked'
  const said = {
    actor: `user:${by}`,
    subject: `user:${session.userId}`,
    session: session.id,
    address,
  }
  return {
    verdict: undefined,
    keep: [end(session, reason, now)],
    record: [event(type, 'success', said)],
  }
}
