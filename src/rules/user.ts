/**
 * People: who may sign in, what may be changed of whom by whom, and what ends the trust in earlier
 * sessions. That is one number, the version: no list of sessions is gone through, however long.
 *
 * @module
 */
import { type Access, covers, isAtLeast, isRole, type ScopedRole, scopesOf } from './access.ts'
import { withEnding } from './ending.ts'
import type { EndReason, User } from './facts.ts'
import { type FieldRefusal, type Refusal, refuse } from './refusal.ts'
import { day, type Instant, type Millis } from './time.ts'

/** How long a password that somebody else gave signs in. */
export const temporaryFor: Millis = day

/** Whether a right password signs this person in. */
export const canSignIn = (user: User, now: Instant): boolean =>
  user.disabledAt === null &&
  user.deletedAt === null &&
  (user.temporaryUntil === null || now < user.temporaryUntil)

/** What a new person is made of. The password was chosen by somebody else. */
export interface NewUser {
  readonly id: string
  readonly username: string
  readonly displayName: string | null
  readonly role: string
  readonly passwordHash: string
}

export const newUser = (who: NewUser, now: Instant): User => ({
  ...who,
  scopes: '[]',
  mustChangePassword: 1,
  version: 1,
  endings: null,
  proofsVoidUntil: 0,
  createdAt: now,
  lastLoginAt: null,
  disabledAt: null,
  temporaryUntil: now + temporaryFor,
  deletedAt: null,
})

/** Somebody who comes with a password of his own choice, hashed by another program. */
export const importedUser = (who: NewUser, disabled: boolean, now: Instant): User => ({
  ...newUser(who, now),
  mustChangePassword: 0,
  temporaryUntil: null,
  disabledAt: disabled ? now : null,
})

/**
 * Ends the trust in everything that was given out before: every session is over, by its version.
 * This is the one place where that moves; what is void with it (trusted devices) hangs on it too.
 */
function untrusted(user: User, reason: EndReason, now: Instant): User {
  const version = user.version + 1
  return { ...user, version, endings: withEnding(user, version, { at: now, reason }) }
}

/** With a password of the person's own choice. */
export const withPassword = (user: User, passwordHash: string, now: Instant): User => ({
  ...untrusted(user, 'password_changed', now),
  passwordHash,
  mustChangePassword: 0,
  temporaryUntil: null,
})

/** With a password that somebody else gave, to be changed within a day. */
export const withTemporary = (user: User, passwordHash: string, now: Instant): User => ({
  ...untrusted(user, 'password_changed', now),
  passwordHash,
  mustChangePassword: 1,
  temporaryUntil: now + temporaryFor,
})

/** Gone for good. The name becomes one that nobody can type, so the next may have it. */
export const deleted = (user: User, now: Instant): User => ({
  ...untrusted(user, 'user_disabled', now),
  username: `deleted:${user.id}`,
  passwordHash: null,
  disabledAt: user.disabledAt ?? now,
  deletedAt: now,
})

/** What may be changed of a person; what is left out stays. */
export interface UserChange {
  readonly role?: string | undefined
  readonly displayName?: string | null | undefined
  readonly disabled?: boolean | undefined
  readonly scopes?: readonly ScopedRole[] | undefined
}

/** The person as changed; the same when nothing is. */
export function changed(user: User, change: UserChange, now: Instant): User {
  const { role = user.role, displayName = user.displayName, disabled } = change
  const scopes = change.scopes === undefined ? user.scopes : JSON.stringify(distinct(change.scopes))
  const wasDisabled = user.disabledAt !== null
  const ended = disabled === true && !wasDisabled
  const next: User = {
    ...(ended ? untrusted(user, 'user_disabled', now) : user),
    role,
    displayName,
    scopes,
    disabledAt: ended ? now : disabled === false ? null : user.disabledAt,
  }
  // Sessions go on, but whoever may do more, or less, shows the password before the next such thing.
  const moved = role !== user.role || scopes !== user.scopes
  return moved ? { ...next, proofsVoidUntil: now } : next
}

const nameOf = ({ role, scope }: ScopedRole): string => `${role} ${scope}`

/** Each once, in one order, so that the same roles are the same text. */
function distinct(scopes: readonly ScopedRole[]): ScopedRole[] {
  const known = new Map(scopes.map(({ role, scope }) => [nameOf({ role, scope }), { role, scope }]))
  return [...known].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, scoped]) => scoped)
}

/** Whether every role in a change is one there is. */
export const knowsRoles = (access: Access, { role, scopes = [] }: UserChange): boolean =>
  (role === undefined || isRole(access, role)) && scopes.every((held) => isRole(access, held.role))

export const unknownRole = (name: 'role' | 'scopes'): FieldRefusal => ({
  name,
  code: 'not_allowed',
  detail: 'There is no such role.',
})

/**
 * Whether `me` may do something to `whom`: nobody does anything to somebody of a higher role, and
 * nobody gives or takes a role above the own. Nor of a role that may do what the own may not: whoever
 * resets a password could go on as that person.
 */
export function mayChange(
  access: Access,
  me: Pick<User, 'id' | 'role'>,
  whom: User,
  change: UserChange = {},
): Refusal | undefined {
  const before = scopesOf(whom)
  const after = change.scopes ?? before
  const missing = (from: readonly ScopedRole[], than: readonly ScopedRole[]) =>
    than.filter((one) => !from.some((other) => nameOf(other) === nameOf(one)))
  const touched = [
    whom.role,
    change.role ?? whom.role,
    ...missing(before, after).map(({ role }) => role),
    ...missing(after, before).map(({ role }) => role),
  ]
  // Roles that somebody holds in scopes take part in what he may do; the own take nothing from oneself.
  const held = me.id === whom.id ? [] : before.map(({ role }) => role)
  return touched.every((role) => isAtLeast(access, me.role, role)) &&
    [...touched, ...held].every((role) => covers(access, me.role, role))
    ? undefined
    : refuse('forbidden', { why: 'role' })
}

/** Whether there is still an owner who can sign in once `next` is how this person is kept. */
export function keepsAnOwner(
  owners: readonly User[],
  next: User,
  now: Instant,
): Refusal | undefined {
  const isOne = next.role === 'owner' && next.disabledAt === null
  const was = owners.some(({ id }) => id === next.id)
  // One whose temporary password is over is let in by another owner alone.
  const another = owners.some((one) => one.id !== next.id && canSignIn(one, now))
  return was && !isOne && !another ? refuse('last_owner') : undefined
}
