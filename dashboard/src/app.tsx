/**
 * The application put together: providers, routes, and the gate that stands before every page.
 */

import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createRootRoute, createRoute, createRouter, RouterProvider } from '@tanstack/react-router'
import { useState } from 'react'
import type { Client } from 'sallyport/client'
import { ClientProvider } from 'sallyport/react'
import { ClaimContext } from './claim.ts'
import { GatedOutlet } from './gated-outlet.tsx'
import { Home } from './pages/home.tsx'
import { NotFound } from './pages/not-found.tsx'
import { SetUp } from './pages/set-up.tsx'
import { SignIn } from './pages/sign-in.tsx'
import { schemeKey } from './parts/scheme-switch.tsx'
import { theme } from './theme.ts'

const rootRoute = createRootRoute({ component: GatedOutlet, notFoundComponent: NotFound })

const router = createRouter({
  routeTree: rootRoute.addChildren([
    createRoute({ getParentRoute: () => rootRoute, path: '/', component: Home }),
    createRoute({ getParentRoute: () => rootRoute, path: '/setup', component: SetUp }),
    createRoute({
      getParentRoute: () => rootRoute,
      path: '/sign-in',
      component: SignIn,
      // Anything may stand there; the gate alone judges it.
      validateSearch: (search): { return?: unknown } => search,
    }),
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
