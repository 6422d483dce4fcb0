/**
 * The roles there are, as the server orders them, and what may be given of them: nothing above the own,
 * and nothing that may do what the own may not.
 */

import { useQuery } from '@tanstack/react-query'
import { listRoles, type Role } from 'sallyport/admin'
import { useClient, useSession } from 'sallyport/react'
import { useSessionKey } from '../queries.ts'
import { texts } from '../texts.ts'

/** Until the server has said which there are; members and viewers then hold nothing here. */
const usual: readonly Role[] = ['owner', 'admin', 'member', 'viewer'].map((role) => ({
  role,
  permissions: [],
}))

export interface Reach {
  /** Whether whoever is signed in may do something to somebody of this role. */
  readonly reaches: (role: string) => boolean
  /** What may be given, for a select, and the role `held` so far, whatever that is. */
  readonly givable: (held?: string) => { value: string; label: string }[]
}

/** How far the role of whoever is signed in reaches. */
export function useReach(): Reach {
  const client = useClient()
  const session = useSession()
  const { data } = useQuery({
    queryKey: [...useSessionKey(), 'roles'],
    queryFn: ({ signal }) => listRoles(client, { signal, passive: true }),
    enabled: session.status === 'authenticated' && session.permissions.includes('users:read'),
    // Settings: they change when a server is started.
    staleTime: 300_000,
    retry: false,
    meta: { steady: true },
  })
  const roles = data?.items ?? usual
  const mine = session.status === 'authenticated' ? session.user.role : ''
  const at = (role: string) => roles.findIndex((one) => one.role === role)
  const held = (role: string) => roles[at(role)]?.permissions ?? []

  const reaches = (role: string): boolean =>
    at(mine) >= 0 &&
    (at(role) < 0 || at(mine) <= at(role)) &&
    held(role).every((permission) => held(mine).includes(permission))

  return {
    reaches,
    givable: (before) => {
      const names = roles.map(({ role }) => role).filter(reaches)
      const all = before === undefined || names.includes(before) ? names : [...names, before]
      return all.map((value) => ({ value, label: texts.roles[value] ?? value }))
    },
  }
}
