/**
 * The gate at work: asks `wayTo` on every change of session, instance or address, and shows the
 * page, sends elsewhere, or says that the server is away.
 */

import { useQuery } from '@tanstack/react-query'
import { Outlet, useMatches, useRouter, useRouterState } from '@tanstack/react-router'
import { useEffect } from 'react'
import { returnPath } from 'sallyport/client'
import { useClient, useSession } from 'sallyport/react'
import { type Instance, type Place, type Way, wayTo } from './gate.ts'
import { Splash, Threshold } from './parts/frames.tsx'
import { PageTitle } from './parts/page.tsx'
import { AwayNotice } from './parts/trouble.tsx'
import { setupQuery } from './queries.ts'
import { texts } from './texts.ts'

const places: ReadonlySet<string> = new Set<Place>(['/', '/setup', '/sign-in'])
const isPlace = (id: string | undefined): id is Place => id !== undefined && places.has(id)

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
  const search: { return?: unknown } = shown?.search ?? {}
  const wish = {
    place: isPlace(shown?.fullPath) ? shown.fullPath : 'elsewhere',
    href,
    back: returnPath(search.return, window.location.origin),
  } as const
  const way = wayTo(wish, session, instance)

  switch (way.kind) {
    case 'show':
      return <Outlet />
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

/** Draws nothing and leaves; a path that is not the dashboard's own is loaded from the server. */
function Go({ to, claimed }: Extract<Way, { kind: 'go' }>) {
  const router = useRouter()

  useEffect(() => {
    const { pathname } = new URL(to, window.location.origin)
    if (places.has(pathname)) router.history.replace(to, claimed ? { claimed } : {})
    else window.location.replace(to)
  }, [router, to, claimed])

  return null
}
