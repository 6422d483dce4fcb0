/**
 * The roles there are, from the highest down, as the server orders them: what may be given is only
 * what is not above the own.
 */

import { texts } from '../texts.ts'

const roles = ['owner', 'admin', 'member', 'viewer'] as const

const rank = (role: string): number => (roles as readonly string[]).indexOf(role)

/** Whether somebody of role `mine` may do something to somebody of role `other`. */
export const reaches = (mine: string, other: string): boolean =>
  rank(mine) >= 0 && (rank(other) < 0 || rank(mine) <= rank(other))

/** What somebody of role `mine` may give, for a select, and the role `held` so far, whatever that is. */
export const givable = (mine: string, held?: string) =>
  [...roles.filter((role) => reaches(mine, role)), ...(held ? [held] : [])]
    .filter((role, at, all) => all.indexOf(role) === at)
    .map((value) => ({ value, label: texts.roles[value] ?? value }))
