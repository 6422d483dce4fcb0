/**
 * Guards: what is shown to whom. Each knows three states, so nothing flashes by before the server
 * was asked, and nothing hangs while it is away. They decide what is drawn and protect nothing: that
 * the server does.
 */

import type { ReactNode } from 'react'
import type { SessionState, Signed, User } from '../client.ts'
import { type Loading, useClient, useLoading, useSession } from './provider.tsx'

type SignedOutState = Extract<SessionState, { status: 'unauthenticated' }>

export interface GuardProps {
  /** Shown to whom it is for; as a function it is handed who that is. */
  readonly children?: ReactNode | ((signed: Signed) => ReactNode)
  /** Shown to everybody else. */
  readonly fallback?: ReactNode
  /** Shown while it is not known, in place of what the provider says. */
  readonly loading?: Loading
}

export interface SignedInProps extends Omit<GuardProps, 'fallback'> {
  /** Shown while nobody is signed in; as a function it is handed why a session ended. */
  readonly fallback?: ReactNode | ((state: SignedOutState) => ReactNode)
  /** Shown in place of the children to whoever must choose another password first. */
  readonly changePassword?: ReactNode
}

/** For whoever is signed in. */
export function SignedIn({ children, fallback, loading, changePassword }: SignedInProps) {
  const session = useSession()
  const waiting = useWaiting(loading)
  if (session.status === 'unknown') return waiting
  if (session.status === 'unauthenticated')
    return typeof fallback === 'function' ? fallback(session) : fallback
  if (session.mustChangePassword && changePassword !== undefined) return changePassword
  return typeof children === 'function' ? children(session) : children
}

export interface SignedOutProps extends Omit<GuardProps, 'children'> {
  readonly children?: ReactNode | ((state: SignedOutState) => ReactNode)
}

/** For whoever is not signed in. */
export function SignedOut({ children, fallback, loading }: SignedOutProps) {
  const session = useSession()
  const waiting = useWaiting(loading)
  if (session.status === 'unknown') return waiting
  if (session.status === 'authenticated') return fallback
  return typeof children === 'function' ? children(session) : children
}

export interface RequireRoleProps extends GuardProps {
  /** This role or a higher one; from the highest: owner, admin, member, viewer. */
  readonly atLeast: string
  /** Where the role must be held; a role held everywhere counts there too. */
  readonly scope?: string
}

/** For whoever holds a role. */
export function RequireRole({ atLeast, scope, ...guard }: RequireRoleProps) {
  return <Require {...guard} is={({ user }) => holds(user, atLeast, scope)} />
}

export interface RequirePermissionProps extends GuardProps {
  readonly permission: string
}

/** For whoever may do something, as the server says. */
export function RequirePermission({ permission, ...guard }: RequirePermissionProps) {
  return <Require {...guard} is={({ permissions }) => permissions.includes(permission)} />
}

function Require({
  is,
  fallback,
  children,
  ...guard
}: GuardProps & { is: (s: Signed) => boolean }) {
  return (
    <SignedIn {...guard} fallback={fallback}>
      {(signed) => {
        if (!is(signed)) return fallback
        return typeof children === 'function' ? children(signed) : children
      }}
    </SignedIn>
  )
}

function useWaiting(loading: Loading | undefined): ReactNode {
  const { check } = useClient()
  const { error, retryAt } = useSession()
  return useLoading(loading)({ error, retryAt, retry: () => void check() })
}

const ranks = ['viewer', 'member', 'admin', 'owner']

function holds({ role, scopes }: User, wanted: string, scope: string | undefined): boolean {
  const held = [role, ...scopes.filter((one) => one.scope === scope).map((one) => one.role)]
  const least = ranks.indexOf(wanted)
  return held.some((one) => one === wanted || (least >= 0 && ranks.indexOf(one) > least))
}
