/**
 * Access: which role may do what. Roles are ordered, permissions are in one table, and
 * `may(caller, permission, scope?)` is the only question asked.
 *
 * @module
 */
import type { User } from './facts.ts'

/** From the highest to the lowest. */
export const roles = ['owner', 'admin', 'member', 'viewer'] as const

export type Role = (typeof roles)[number]

const administration = [
  'sessions:read',
  'sessions:revoke',
  'users:read',
  'users:write',
  'lockouts:read',
  'audit:read',
  'metrics:read',
] as const

export type Permission = (typeof administration)[number]

/** Whether there is such a permission. */
export const isPermission = (text: string): text is Permission =>
  (administration as readonly string[]).includes(text)

/** Member and viewer hold nothing here; they differ for the host's own permissions. */
const permissions: { readonly [R in Role]: readonly Permission[] } = {
  owner: administration,
  admin: administration,
  member: [],
  viewer: [],
}

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

export const isRole = (role: string): role is Role => (roles as readonly string[]).includes(role)
const granted = (role: string): readonly string[] => (isRole(role) ? permissions[role] : [])

/** What a person may do everywhere, for the client to decide what to show. */
export const permissionsOf = (user: Pick<User, 'role'>): readonly string[] => granted(user.role)

/** Whether a person may do this: everywhere by role, or in `scope` by a role held there. */
export function may(
  user: Pick<User, 'role' | 'scopes'>,
  permission: string,
  scope?: string,
): boolean {
  if (granted(user.role).includes(permission)) return true
  return (
    scope !== undefined &&
    scopesOf(user).some((held) => held.scope === scope && granted(held.role).includes(permission))
  )
}

/** How high a role is; an unknown one is below all. */
const rankOf = (role: string): number => (isRole(role) ? roles.length - roles.indexOf(role) : 0)

/** Whether `mine` is at least as high as `other`. */
export const isAtLeast = (mine: string, other: string): boolean => rankOf(mine) >= rankOf(other)

/** Whether owners and administrators are meant: their sessions are shorter and not remembered. */
export const isPrivileged = ({ role }: Pick<User, 'role'>): boolean =>
  role === 'owner' || role === 'admin'
