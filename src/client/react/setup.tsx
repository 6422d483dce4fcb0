/** Guards for the time before an instance has an owner. */

import { type ReactNode, useSyncExternalStore } from 'react'
import { type Loading, useClient, useLoading, useSession } from './provider.tsx'
import { type SetupState, setupOf, unknown } from './setup-status.ts'

export type UsedSetup = SetupState & {
  /** Asks now, as when the server said that somebody else was quicker. */
  readonly retry: () => void
}

/** Whether the instance has an owner. It is asked while nobody is signed in. */
export function useSetup(): UsedSetup {
  const setup = setupOf(useClient())
  const state = useSyncExternalStore(setup.watch, setup.get, () => unknown)
  return { ...state, retry: setup.retry }
}

export interface SetupGuardProps {
  readonly children?: ReactNode
  /** Shown when it is the other way round: the set-up page, or a way to it. */
  readonly fallback?: ReactNode
  readonly loading?: Loading
}

/** For an instance that has an owner; until then `fallback`. */
export const RequireSetup = (props: SetupGuardProps) => <WhenSetup is="complete" {...props} />

/** For an instance that still needs its owner, and nobody who is signed in; otherwise `fallback`. */
export const NeedsSetup = (props: SetupGuardProps) => <WhenSetup is="needed" {...props} />

function WhenSetup({ is, children, fallback, loading }: SetupGuardProps & { is: string }) {
  const client = useClient()
  const session = useSession()
  const setup = useSetup()
  const waiting = useLoading(loading)
  if (session.status === 'unknown') {
    const { error, retryAt } = session
    return waiting({ error, retryAt, retry: () => void client.check() })
  }
  // Signed in is known sooner than the store of the set-up can follow.
  const status = session.status === 'authenticated' ? 'complete' : setup.status
  if (status === is) return children
  if (status !== 'unknown' || setup.status !== 'unknown') return fallback
  const { error, retryAt, retry } = setup
  return waiting({ error, retryAt, retry })
}
