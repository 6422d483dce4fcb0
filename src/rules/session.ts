/**
 * Sessions: how one is opened, when it stands, how activity keeps it and how it ends. All is decided
 * on one row and its user; the access token decides nothing.
 *
 * @module
 */
import { isPrivileged } from './access.ts'
import { event } from './audit.ts'
import { endingOf } from './ending.ts'
import type { EndReason, Instance, Session, StandingSession, User } from './facts.ts'
import { type Refusal, refuse } from './refusal.ts'
import type { PolicyOf, Settings } from './settings.ts'
import { type Change, keep } from './step.ts'
import { day, hour, type Instant, type Millis, minute, second } from './time.ts'

export const sessionSettings = {
  limit: {
    is: 'count',
    default: 5,
    min: 0,
    max: 100,
    unit: 'sessions',
    doc: 'How many sessions one person may have at a time; 0 for no limit.',
  },
  limitPolicy: {
    is: 'choice',
    default: 'evict-oldest',
    of: ['evict-oldest', 'evict-idle', 'reject'],
    doc: 'At the limit: end the oldest, end the one idle for longest, or refuse the new one.',
  },
  privilegedLimit: {
    is: 'count',
    default: undefined,
    min: 0,
    max: 100,
    unit: 'sessions',
    doc: 'As session.limit, for owners and administrators; left out, theirs is session.limit too.',
  },
  accessLifetime: {
    is: 'duration',
    default: 5 * minute,
    min: minute,
    max: day,
    doc: 'How long an access token is good for, where refresh tokens renew it.',
  },
  idle: {
    is: 'duration',
    default: 30 * minute,
    min: minute,
    max: 30 * day,
    doc: 'A session without activity for this long is over.',
  },
  absolute: {
    is: 'duration',
    default: 12 * hour,
    min: 5 * minute,
    max: 90 * day,
    doc: 'A session is over this long after sign-in, whatever happens.',
  },
  privilegedIdle: {
    is: 'duration',
    default: 15 * minute,
    min: minute,
    max: 30 * day,
    doc: 'As session.idle, for owners and administrators.',
  },
  privilegedAbsolute: {
    is: 'duration',
    default: 8 * hour,
    min: 5 * minute,
    max: 90 * day,
    doc: 'As session.absolute, for owners and administrators.',
  },
  remember: {
    is: 'flag',
    default: false,
    doc: 'Whether members and viewers may ask to be remembered.',
  },
  rememberedIdle: {
    is: 'duration',
    default: 7 * day,
    min: minute,
    max: 30 * day,
    doc: 'As session.idle, for remembered sessions.',
  },
  rememberedAbsolute: {
    is: 'duration',
    default: 30 * day,
    min: 5 * minute,
    max: 90 * day,
    doc: 'As session.absolute, for remembered sessions.',
  },
} as const satisfies Settings

export type SessionPolicy = PolicyOf<typeof sessionSettings>

/** The longest user agent that is kept, in characters. */
const longestAgent = 512

/** What a sign-in brings along. */
export interface Opening {
  /** The new session's id: 128 random bits. */
  readonly id: string
  readonly address: string
  readonly userAgent: string
  readonly remember: boolean
  /** Of the session's first refresh token; null where there are none. */
  readonly digest: string | null
}

/** What the rule is shown. */
export interface OpeningShown {
  readonly instance: Instance
  readonly user: User
  /** The live sessions of the user. */
  readonly live: readonly Session[]
  /** The session whose genuine cookie came with the request, whoever's it was. */
  readonly came?: Session | undefined
  /** Whose that was, when not this user's. */
  readonly cameOwner?: User | undefined
  /** Another one, where the cookies of two had got mixed, and whose that was. */
  readonly also?: Session | undefined
  readonly alsoOwner?: User | undefined
}

/** How many sessions this person may have at a time; 0 for any number. */
export const limitFor = (
  user: Pick<User, 'role'>,
  { limit, privilegedLimit = limit }: SessionPolicy,
): number => (isPrivileged(user) ? privilegedLimit : limit)

/** How long a new session of `user` lasts. */
function lifetimes(
  user: User,
  remember: boolean,
  policy: SessionPolicy,
): { idleFor: Millis; lasts: Millis; remembered: 0 | 1 } {
  if (isPrivileged(user))
    return { idleFor: policy.privilegedIdle, lasts: policy.privilegedAbsolute, remembered: 0 }
  if (remember && policy.remember)
    return { idleFor: policy.rememberedIdle, lasts: policy.rememberedAbsolute, remembered: 1 }
  return { idleFor: policy.idle, lasts: policy.absolute, remembered: 0 }
}

/**
 * Opens a session: ends the one that came along, makes room as the policy says, and counts.
 *
 * @returns The new session and all that is to be written with it, or `session_limit_reached`.
 * @see OWASP ASVS 5.0 V7.1.2 (concurrent sessions), V7.2.4 (a new session at each sign-in)
 */
export function open(
  { instance, user, live, came, cameOwner, also, alsoOwner }: OpeningShown,
  opening: Opening,
  now: Instant,
  policy: SessionPolicy,
): { ok: true; session: Session; changes: Change[]; events: ReturnType<typeof event>[] } | Refusal {
  const brought = [
    { came, owner: cameOwner },
    { came: also, owner: alsoOwner },
  ].flatMap(({ came, owner }) => {
    if (!came) return []
    const theirs = came.userId === user.id ? user : owner
    return [{ came, stood: !standing(came, theirs, instance, now) }]
  })
  // What was over, also by its owner's version, keeps its first reason.
  const replaced = brought.flatMap(({ came, stood }) => (stood ? [came] : []))
  // A row that nobody ended may still be void: its owner's version or the epoch has moved.
  const others = live.filter(
    (other) => !replaced.some(({ id }) => id === other.id) && !standing(other, user, instance, now),
  )
  const limit = limitFor(user, policy)
  const tooMany = limit === 0 ? 0 : Math.max(others.length - limit + 1, 0)
  if (tooMany > 0 && policy.limitPolicy === 'reject') return refuse('session_limit_reached')
  const by = { actor: `user:${user.id}`, address: opening.address }
  const evicted = evict(others, tooMany, by, now, policy)

  const { idleFor, lasts, remembered } = lifetimes(user, opening.remember, policy)
  const session: Session = {
    id: opening.id,
    userId: user.id,
    userVersion: user.version,
    epoch: instance.epoch,
    kind: user.mustChangePassword ? 'restricted' : 'full',
    createdAt: now,
    lastActiveAt: now,
    idleUntil: now + Math.min(idleFor, lasts),
    idleFor,
    expiresAt: now + lasts,
    remembered,
    address: opening.address,
    userAgent: opening.userAgent.slice(0, longestAgent),
    endedAt: null,
    endReason: null,
    replacedAt: null,
    provenAt: now,
    generation: 0,
    digest: opening.digest,
    previousDigest: null,
    rotationSalt: null,
    rotationKey: null,
    rotatedAt: null,
  }
  return {
    ok: true,
    session,
    changes: [
      // What was over stays so; that its browser has another session by now holds for it as well.
      ...brought.map(({ came, stood }) =>
        stood ? replace(came, 'logout', now) : keep('sessions', { ...came, replacedAt: now }),
      ),
      ...evicted.changes,
      keep('sessions', session),
    ],
    events: [
      ...replaced.map((one) => event('session.replaced', 'success', { ...by, ...about(one) })),
      ...evicted.events,
    ],
  }
}

/** Ends the `count` of `others` that go first. */
function evict(
  others: readonly Session[],
  count: number,
  by: { readonly actor: string; readonly address: string },
  now: Instant,
  policy: SessionPolicy,
): { changes: Change[]; events: ReturnType<typeof event>[] } {
  const gone = [...others].sort(firstToGo(policy)).slice(0, Math.max(count, 0))
  return {
    changes: gone.map((other) => end(other, 'evicted', now)),
    events: gone.map((other) => event('session.evicted', 'success', { ...by, ...about(other) })),
  }
}

/**
 * Ends what is over the limit, of a person who has just signed in: more sessions than a rule is shown
 * at once, from before the limit was lowered.
 *
 * @param opened The new one's id: it stays.
 */
export function evictSurplus(
  { instance, user, live }: Pick<OpeningShown, 'instance' | 'user' | 'live'>,
  { opened, address }: { readonly opened: string; readonly address: string },
  now: Instant,
  policy: SessionPolicy,
): ReturnType<typeof evict> {
  const others = live.filter(
    (other) => other.id !== opened && !standing(other, user, instance, now),
  )
  const limit = limitFor(user, policy)
  const tooMany = limit === 0 ? 0 : others.length + 1 - limit
  return evict(others, tooMany, { actor: `user:${user.id}`, address }, now, policy)
}

const about = (session: Session) => ({ subject: `user:${session.userId}`, session: session.id })

/** Orders by who goes first; ids decide between equals, so that every node chooses the same. */
const firstToGo =
  ({ limitPolicy }: SessionPolicy) =>
  (a: Session, b: Session): number =>
    (limitPolicy === 'evict-idle' ? a.lastActiveAt - b.lastActiveAt : 0) ||
    a.createdAt - b.createdAt ||
    (a.id < b.id ? -1 : 1)

/** Whether a session was ended or has run out. An instant that is none has passed. */
const isOver = (session: StandingSession, now: Instant): boolean =>
  session.endedAt !== null || !(now < session.idleUntil && now < session.expiresAt)

/** The change that ends a session; one that is over already is not to be ended again. */
export function end(session: Session, reason: EndReason, now: Instant): Change {
  return keep('sessions', { ...session, endedAt: now, endReason: reason })
}

/**
 * The change that ends a session whose browser has another by now: a refresh that was on its way with
 * the old cookies must not clear the new ones.
 */
export function replace(session: Session, reason: EndReason, now: Instant): Change {
  return keep('sessions', { ...session, endedAt: now, endReason: reason, replacedAt: now })
}

/** Whether a refused refresh of this session leaves the cookies alone. */
export const isJustReplaced = ({ replacedAt }: Session, now: Instant): boolean =>
  replacedAt !== null && now - replacedAt < 10 * second

/** A clock may be set back that far before it matters. */
const setBack = minute

/**
 * Whether a session was used after now: the clock was wrong then, or is wrong now. Its limits, set by
 * that clock, may be years away.
 */
const isAhead = ({ createdAt, lastActiveAt, provenAt }: StandingSession, now: Instant): boolean =>
  Math.max(createdAt, lastActiveAt, provenAt) > now + setBack

/**
 * Whether a session stands now.
 *
 * @param session `undefined` when its row is gone: it was over for more than a day.
 * @returns Nothing when it stands, else why not.
 */
export function standing(
  session: StandingSession | undefined,
  user: User | undefined,
  { epoch }: Instance,
  now: Instant,
): Refusal | undefined {
  if (!session || !user) return refuse('session_expired', { why: 'no such session' })
  const over = (reason: EndReason) => refuse('session_revoked', { reason })
  if (session.endedAt !== null) return over(session.endReason ?? 'revoked')
  // What an earlier epoch issued is void, whatever else became of it.
  if (session.epoch !== epoch) return over('restored')
  const version = session.userVersion
  const ending = version === user.version ? undefined : endingOf(user, version)
  // Whatever came first is why.
  if (ending && ending.at < Math.min(session.idleUntil, session.expiresAt))
    return over(ending.reason)
  if (isAhead(session, now)) return refuse('session_expired', { why: 'clock' })
  // What is no instant has passed: a row that was tampered with lets nobody in.
  if (!(now < session.expiresAt)) return refuse('session_expired', { why: 'absolute' })
  if (!(now < session.idleUntil)) return refuse('session_expired', { why: 'idle' })
  if (ending) return over(ending.reason)
  if (user.disabledAt !== null || user.deletedAt !== null) return over('user_disabled')
  return undefined
}

/**
 * Moves the idle limit of a session that stands, if it was last moved long enough ago: more than a
 * minute, or a quarter of the idle time where that is shorter.
 *
 * @returns The session as it is now to be kept, or `undefined` when there is nothing to write. What
 *   is over stays over.
 */
export function touch<S extends StandingSession>(session: S, now: Instant): S | undefined {
  if (isOver(session, now)) return undefined
  if (now - session.lastActiveAt <= Math.min(minute, session.idleFor / 4)) return undefined
  return {
    ...session,
    lastActiveAt: now,
    idleUntil: Math.min(now + session.idleFor, session.expiresAt),
  }
}

/**
 * A session that goes on although its person may do more from now on: no longer than a new one would.
 *
 * @param user The person as changed.
 * @returns Nothing when it does not outlast a new one anyway.
 */
export function curbed(
  session: Session,
  user: User,
  now: Instant,
  policy: SessionPolicy,
): Session | undefined {
  const { idleFor, lasts } = lifetimes(user, false, policy)
  const next: Session = {
    ...session,
    idleFor: Math.min(session.idleFor, idleFor),
    idleUntil: Math.min(session.idleUntil, now + idleFor),
    expiresAt: Math.min(session.expiresAt, now + lasts),
    remembered: 0,
  }
  const { idleFor: idle, idleUntil, expiresAt, remembered } = session
  const same =
    next.idleFor === idle &&
    next.idleUntil === idleUntil &&
    next.expiresAt === expiresAt &&
    remembered === 0
  return same ? undefined : next
}
