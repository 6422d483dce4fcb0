/**
 * The session machine as plain as it can be said: people, sessions, browsers and a clock, and what
 * decides whether a session stands. Written from the rules, knowing nothing of the source: lists are
 * gone through, nothing is stored twice, nothing is quick.
 *
 * @module
 */

const second = 1_000
export const minute = 60 * second
const hour = 60 * minute
export const day = 24 * hour

export type Role = 'owner' | 'admin' | 'member' | 'viewer'
export const roles: readonly Role[] = ['viewer', 'member', 'admin', 'owner']

/** What differs from run to run. */
export interface Policy {
  readonly limit: number
  readonly limitPolicy: 'evict-oldest' | 'evict-idle' | 'reject'
  readonly remember: boolean
  readonly refresh: boolean
  /** How long without activity, and in all: of owners and administrators, others, and the remembered. */
  readonly lifetimes: Readonly<
    Record<'privileged' | 'plain' | 'remembered', readonly [number, number]>
  >
}

/** As they are where nobody says otherwise. */
export const usual: Policy['lifetimes'] = {
  privileged: [15 * minute, 8 * hour],
  plain: [30 * minute, 12 * hour],
  remembered: [7 * day, 30 * day],
}

/** So close together that activity meets the end. */
export const short: Policy['lifetimes'] = {
  privileged: [15 * minute, 20 * minute],
  plain: [30 * minute, 45 * minute],
  remembered: [hour, 70 * minute],
}

export interface Person {
  readonly name: string
  /** As the server told it. */
  id: string
  role: Role
  password: string
  /** The one before. */
  previous: string | undefined
  mustChange: boolean
  temporaryUntil: number | undefined
  version: number
  /** When and why it moved, and to which. */
  readonly endings: { readonly version: number; readonly at: number; readonly reason: string }[]
  disabled: boolean
  deleted: boolean
  proofsVoidUntil: number
}

export interface Session {
  /** As the server told it. */
  id: string
  readonly owner: Person
  readonly version: number
  readonly restricted: boolean
  readonly createdAt: number
  remembered: boolean
  idleFor: number
  expiresAt: number
  lastActiveAt: number
  idleUntil: number
  provenAt: number
  generation: number
  rotatedAt: number
  ended: { readonly at: number; readonly reason: string } | undefined
  replacedAt: number | undefined
  /** Every refresh token there has been, by generation. */
  readonly tokens: Map<number, string>
  csrf: string
}

/** What a browser holds: cookies are set together and go together. */
export interface Jar {
  readonly session: Session
  readonly accessUntil: number
  /** Of its refresh token. */
  readonly generation: number
}

export interface Model {
  readonly policy: Policy
  now: number
  claimed: boolean
  /** Passwords chosen so far. */
  chosen: number
  readonly people: Person[]
  readonly sessions: Session[]
  readonly jars: (Jar | undefined)[]
}

export const browsers = 5

export const newModel = (policy: Policy): Model => ({
  policy,
  now: Date.UTC(2026, 0, 1, 12),
  claimed: false,
  chosen: 0,
  people: [],
  sessions: [],
  jars: Array<Jar | undefined>(browsers).fill(undefined),
})

/** How a call is refused. */
export interface No {
  readonly status: number
  readonly code: string
  readonly reason?: string
}

const expired: No = { status: 401, code: 'session_expired' }
const revoked = (reason: string): No => ({ status: 401, code: 'session_revoked', reason })

export const isAtLeast = (mine: Role, other: Role): boolean =>
  roles.indexOf(mine) >= roles.indexOf(other)
export const isAdministrator = ({ role }: Person): boolean => role === 'owner' || role === 'admin'

/** Why a session does not stand; nothing when it does. */
export function over(
  { now }: Model,
  session: Session,
): (No & { readonly why: string }) | undefined {
  const { ended, owner } = session
  if (ended) return { ...revoked(ended.reason), why: ended.reason }
  const ending = owner.endings.find(({ version }) => version > session.version)
  if (ending && ending.at < session.idleUntil && ending.at < session.expiresAt)
    return { ...revoked(ending.reason), why: ending.reason }
  if (now >= session.expiresAt) return { ...expired, why: 'absolute' }
  if (now >= session.idleUntil) return { ...expired, why: 'idle' }
  return undefined
}

/** The sessions of a person that stand, newest first, then by id. */
export const standing = (model: Model, owner?: Person): Session[] =>
  model.sessions
    .filter((one) => (!owner || one.owner === owner) && !over(model, one))
    .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))

/** Who has this name now. */
export const named = ({ people }: Model, name: string): Person | undefined =>
  people.find((one) => one.name === name && !one.deleted)

export const canSignIn = ({ now }: Model, { disabled, temporaryUntil }: Person): boolean =>
  !disabled && (temporaryUntil === undefined || now < temporaryUntil)

/** How long a token of a session lets in, given out now. */
export function accessUntil({ now, policy }: Model, { expiresAt }: Session): number {
  const until = policy.refresh ? Math.min(now + 5 * minute, expiresAt) : expiresAt
  // Tokens say whole seconds, live for one at least, and clocks may be five apart.
  return Math.floor(Math.max(until, now + second) / second) * second + 5 * second
}

export function newSession(
  { now, policy }: Model,
  owner: Person,
  { remember, restricted }: { remember: boolean; restricted: boolean },
): Session {
  const isPrivileged = isAdministrator(owner)
  const remembered = remember && policy.remember && !isPrivileged
  const kind = isPrivileged ? 'privileged' : remembered ? 'remembered' : 'plain'
  const [idleFor, lasts] = policy.lifetimes[kind]
  return {
    id: '',
    owner,
    version: owner.version,
    restricted,
    remembered,
    createdAt: now,
    idleFor,
    expiresAt: now + lasts,
    lastActiveAt: now,
    idleUntil: now + idleFor,
    provenAt: now,
    generation: 0,
    rotatedAt: 0,
    ended: undefined,
    replacedAt: undefined,
    tokens: new Map(),
    csrf: '',
  }
}

export function newPerson(
  name: string,
  role: Role,
  more: Partial<Person> & { password: string },
): Person {
  return {
    name,
    id: '',
    role,
    previous: undefined,
    mustChange: false,
    temporaryUntil: undefined,
    version: 1,
    endings: [],
    disabled: false,
    deleted: false,
    proofsVoidUntil: 0,
    ...more,
  }
}

/** Ends what was given out before. */
export function distrust(
  { now }: Model,
  person: Person,
  reason: 'password_changed' | 'user_disabled',
): void {
  person.version += 1
  person.endings.push({ version: person.version, at: now, reason })
}

export function end({ now }: Model, session: Session, reason: string): void {
  session.ended = { at: now, reason }
}

/** Its owner may do more from now on: it lasts no longer than a new one would. */
export function curb({ now, policy }: Model, session: Session): void {
  const [idleFor, lasts] = policy.lifetimes.privileged
  session.remembered = false
  session.idleFor = Math.min(session.idleFor, idleFor)
  session.idleUntil = Math.min(session.idleUntil, now + idleFor)
  session.expiresAt = Math.min(session.expiresAt, now + lasts)
}

/** A person made a request by it: the idle limit moves, at most once in a while. */
export function touch({ now }: Model, session: Session): void {
  if (now - session.lastActiveAt <= Math.min(minute, session.idleFor / 4)) return
  session.lastActiveAt = now
  session.idleUntil = Math.min(now + session.idleFor, session.expiresAt)
}

export const stepUpWindow = 10 * minute
export const leeway = 30 * second
export const replacedFor = 10 * second

export const isFresh = ({ now }: Model, { provenAt, owner }: Session): boolean =>
  now < provenAt + stepUpWindow && provenAt > owner.proofsVoidUntil

/** Instants at which something changes by itself, those to come, soonest first. */
export function deadlines({ now, sessions, jars, people }: Model): number[] {
  const all = [
    ...jars.flatMap((jar) => (jar ? [jar.accessUntil] : [])),
    ...people.flatMap(({ temporaryUntil }) => temporaryUntil ?? []),
    ...sessions.flatMap((one) => [
      one.idleUntil,
      one.expiresAt,
      one.provenAt + stepUpWindow,
      one.lastActiveAt + Math.min(minute, one.idleFor / 4),
      ...(one.rotatedAt > 0 ? [one.rotatedAt + leeway] : []),
      ...(one.replacedAt === undefined ? [] : [one.replacedAt + replacedFor]),
    ]),
  ]
  return [...new Set(all)].filter((at) => at > now).sort((a, b) => a - b)
}

/** Rows of sessions are kept until then; afterwards nobody can say why one was over. */
export const isKept = ({ now }: Model, { expiresAt }: Pick<Session, 'expiresAt'>): boolean =>
  now < expiresAt + day
