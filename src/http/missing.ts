/**
 * Missing: what somebody who was let in lacks for what they ask. The same question for routes of ours, for
 * those of a host and for applications behind a proxy.
 *
 * @module
 */
import type { AnyCaller } from '../flows/authenticate.ts'
import { type Access, isAtLeast, may } from '../rules/access.ts'
import { keyMay } from '../rules/api-key.ts'

export interface Asks {
  /** At least this role. */
  readonly role?: string | undefined
  readonly permission?: string | undefined
  /** Where a role that is held there gives the permission too. */
  readonly scope?: string | undefined
}

/** What a caller lacks. A key has scopes, not a role: it is never as much as its owner. */
export function missingOf(
  access: Access,
  { user, key }: Pick<AnyCaller, 'user' | 'key'>,
  { role, permission, scope }: Asks,
): string | undefined {
  if (role !== undefined && (key || !isAtLeast(access, user.role, role))) return `role ${role}`
  if (permission === undefined) return undefined
  const has = key
    ? keyMay(access, key, user, permission, scope)
    : may(access, user, permission, scope)
  return has ? undefined : permission
}
