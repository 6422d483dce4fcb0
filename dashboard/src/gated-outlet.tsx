/**
 * The gate at work: asks `wayTo` on every change of session, instance or address, and shows the
 * page, sends elsewhere, or says that the server is away.
 */

import { useQuery } from '@tanstack/react-query'
import { Outlet, rootRouteId, useMatches, useRouter, useRouterState } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { returnPath } from 'sallyport/client'
import { useClient, useSession } from 'sallyport/react'
import { type Instance, type Way, wayTo } from './gate.ts'
import { Forbidden } from './pages/forbidden.tsx'
import { Splash, Threshold } from './parts/frames.tsx'
import { Hall } from './parts/hall.tsx'
import { PageTitle } from './parts/page.tsx'
import { AwayNotice } from './parts/trouble.tsx'
import { isOurs, isPlace, rulesOf } from './places.ts'
import { setupQuery } from './queries.ts'
import { texts } from './texts.ts'

export function GatedOutlet() {
  const client = useClient()
  const session = useSession()
  // The page that the outlet would show and its address; the newest address runs ahead of both.
  const shown = useMatches().at(-1)
  const href = useRouterState({ select: (at) => (at.resolvedLocation ?? at.location).href })
  const setup = useQuery({
    ...setupQuery(client),
    enabled: session.status === 'unauthenticated',
  })

  const instance: Instance = setup.data
    ? { kind: 'known', status: setup.data }
    : { kind: 'unknown', ...(setup.failureReason ? { error: setup.failureReason } : {}) }
  // Where no page answers only the root is left, whose path is that of the start.
  const path = shown?.routeId === rootRouteId ? undefined : shown?.fullPath
  const search: { return?: unknown } = shown?.search ?? {}
  const wish = {
    place: isPlace(path) ? path : 'elsewhere',
    href,
    back: returnPath(search.return, window.location.origin),
  } as const
  const way = wayTo(wish, session, instance)

  switch (way.kind) {
    case 'show':
      return isPlace(path) && rulesOf(path).for === 'inside' ? <Inside /> : <Outlet />
    case 'forbidden':
      return (
        <Inside>
          <Forbidden />
        </Inside>
      )
    case 'wait':
      return <Splash />
    case 'go':
      return <Go {...way} />
    case 'trouble':
      return (
        <Threshold>
          <PageTitle name={texts.away.title}>{texts.away.title}</PageTitle>
          <AwayNotice at={way.retryAt} again={setup.refetch} />
        </Threshold>
      )
  }
}

/** The frame stays while its pages change. */
function Inside({ children = <Outlet /> }: { children?: ReactNode }) {
  const session = useSession()
  // Never drawn otherwise; the gate has just seen it.
  return session.status === 'authenticated' ? <Hall signed={session}>{children}</Hall> : null
}

/** Draws nothing and leaves; a path that is not the dashboard's own is loaded from the server. */
function Go({ to, claimed }: Extract<Way, { kind: 'go' }>) {
  const router = useRouter()

  useEffect(() => {
    const { pathname } = new URL(to, window.location.origin)
    if (isOurs(pathname)) router.history.replace(to, claimed ? { claimed } : {})
    else window.location.replace(to)
  }, [router, to, claimed])

  return null
}
