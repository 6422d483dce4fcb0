/**
 * The application put together: providers, routes, and the gate that stands before every page.
 */

import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createRootRoute, createRoute, createRouter, RouterProvider } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import type { Client } from 'sallyport/client'
import { ClientProvider } from 'sallyport/react'
import { ClaimContext } from './claim.ts'
import { GatedOutlet } from './gated-outlet.tsx'
import { OwnActivity } from './pages/activity.tsx'
import { AllSessions } from './pages/all-sessions.tsx'
import { ApiKeys } from './pages/api-keys.tsx'
import { Audit } from './pages/audit.tsx'
import { Devices } from './pages/devices.tsx'
import { ForcedChange } from './pages/forced-change.tsx'
import { Health } from './pages/health.tsx'
import { Home } from './pages/home.tsx'
import { Lockouts } from './pages/lockouts.tsx'
import { NotFound } from './pages/not-found.tsx'
import { Overview } from './pages/overview.tsx'
import { OwnSessions } from './pages/own-sessions.tsx'
import { Password } from './pages/password.tsx'
import { SetUp } from './pages/set-up.tsx'
import { SignIn } from './pages/sign-in.tsx'
import { User } from './pages/user.tsx'
import { Users } from './pages/users.tsx'
import { schemeKey } from './parts/scheme-switch.tsx'
import type { Place } from './places.ts'
import { theme } from './theme.ts'

/** What may stand behind an address. Whoever wants it looks whether it is of use. */
type Search = Readonly<Partial<Record<'return' | 'type' | 'user' | 'from' | 'to', unknown>>>

/** The page of every place; a place without one does not compile. */
const pages: Readonly<Record<Place, () => ReactNode>> = {
  '/': Home,
  '/setup': SetUp,
  '/sign-in': SignIn,
  '/change-password': ForcedChange,
  '/account/sessions': OwnSessions,
  '/account/password': Password,
  '/account/devices': Devices,
  '/account/keys': ApiKeys,
  '/account/activity': OwnActivity,
  '/users': Users,
  '/users/$id': User,
  '/sessions': AllSessions,
  '/overview': Overview,
  '/lockouts': Lockouts,
  '/audit': Audit,
  '/health': Health,
}

const rootRoute = createRootRoute({
  component: GatedOutlet,
  notFoundComponent: NotFound,
  // Anything may stand there; the gate alone judges it.
  validateSearch: (search): Search => search,
})

const page = <P extends Place>(path: P) =>
  createRoute({ getParentRoute: () => rootRoute, path, component: pages[path] })

const router = createRouter({
  routeTree: rootRoute.addChildren([
    page('/'),
    page('/setup'),
    page('/sign-in'),
    page('/change-password'),
    page('/account/sessions'),
    page('/account/password'),
    page('/account/devices'),
    page('/account/keys'),
    page('/account/activity'),
    page('/users'),
    page('/users/$id'),
    page('/sessions'),
    page('/overview'),
    page('/lockouts'),
    page('/audit'),
    page('/health'),
  ]),
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
  interface HistoryState {
    claimed?: true
  }
}

const schemes = localStorageColorSchemeManager({ key: schemeKey })

export interface AppProps {
  readonly client: Client
  readonly queries: QueryClient
  readonly claimToken: string | undefined
}

export function App({ client, queries, claimToken }: AppProps) {
  const claim = useState(claimToken)

  return (
    // Whatever the provider would write into the page as style, the build has put into files.
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={schemes}
      withCssVariables={false}
      withGlobalClasses={false}
      withStaticClasses={false}
    >
      <ClientProvider value={client}>
        <QueryClientProvider client={queries}>
          <ClaimContext value={claim}>
            <RouterProvider router={router} />
          </ClaimContext>
        </QueryClientProvider>
      </ClientProvider>
    </MantineProvider>
  )
}
