/**
 * Access: which role may do what. Roles are ordered, permissions are in one table, and
 * `may(access, caller, permission, scope?)` is the only question asked. A host adds roles and permissions
 * of its own (`own-roles.ts`); the built-in ones are there whatever it adds.
 *
 * @module
 */
import type { User } from './facts.ts'

/** From the highest to the lowest. */
export const roles = ['owner', 'admin', 'member', 'viewer'] as const

export type Role = (typeof roles)[number]

export const permissions = [
  'sessions:read',
  'sessions:revoke',
  'users:read',
  'users:write',
  'lockouts:read',
  'audit:read',
  'metrics:read',
] as const

export type Permission = (typeof permissions)[number]

/** Every role and permission there is at an instance. */
export interface Access {
  /** From the highest to the lowest. */
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
  /** What each role may do. */
  readonly held: ReadonlyMap<string, readonly string[]>
}

/** A role as it is told to whoever may give it. */
export interface GivenRole {
  readonly role: string
  /** What it may do, everywhere or in its scope. */
  readonly permissions: readonly string[]
}

/** Where a host has added nothing. Member and viewer differ only for permissions of the host's own. */
export const builtIn: Access = {
  roles,
  permissions,
  held: new Map([
    ['owner', permissions],
    ['admin', permissions],
  ]),
}

/** Whether there is such a permission. */
export const isPermission = (access: Access, text: string): boolean =>
  access.permissions.includes(text)

/** A role held within a scope, such as `{ role: 'admin', scope: 'department:sales' }`. */
export interface ScopedRole {
  readonly role: string
  readonly scope: string
}

/** The scoped roles kept with a user. */
export function scopesOf({ scopes }: Pick<User, 'scopes'>): readonly ScopedRole[] {
  // Written only by us, from the same type.
  return JSON.parse(scopes) as ScopedRole[]
}

/** Whether there is such a role. One that is kept with somebody may be no longer: it gives nothing. */
export const isRole = (access: Access, role: string): boolean => access.roles.includes(role)

const granted = ({ held }: Access, role: string): readonly string[] => held.get(role) ?? []

/** What a person may do everywhere, for the client to decide what to show. */
export const permissionsOf = (access: Access, user: Pick<User, 'role'>): readonly string[] =>
  granted(access, user.role)

/** Whether a person may do this: everywhere by role, or in `scope` by a role held there. */
export function may(
  access: Access,
  user: Pick<User, 'role' | 'scopes'>,
  permission: string,
  scope?: string,
): boolean {
  if (granted(access, user.role).includes(permission)) return true
  return (
    scope !== undefined &&
    scopesOf(user).some(
      (held) => held.scope === scope && granted(access, held.role).includes(permission),
    )
  )
}

/** How high a role is; an unknown one is below all. */
const rankOf = ({ roles }: Access, role: string): number =>
  roles.includes(role) ? roles.length - roles.indexOf(role) : 0

/** Whether `mine` is at least as high as `other`. */
export const isAtLeast = (access: Access, mine: string, other: string): boolean =>
  rankOf(access, mine) >= rankOf(access, other)

/** Whether everything that `other` may do is what `mine` may do: roles of a host's need not be nested. */
export const covers = (access: Access, mine: string, other: string): boolean =>
  granted(access, other).every((permission) => granted(access, mine).includes(permission))

/** Whether owners and administrators are meant: their sessions are shorter and not remembered. */
export const isPrivileged = ({ role }: Pick<User, 'role'>): boolean =>
  role === 'owner' || role === 'admin'
