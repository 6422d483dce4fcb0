/**
 * The parts of the dashboard side by side, in all their states, without a server: `npx vite dashboard`
 * and then `/stories.html`. Not part of what is built and shipped.
 */

import '../src/styles.css'
import 'virtual:theme.css'
import '../src/look.css'
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'
import { ClientProvider } from 'sallyport/react'
import { Proof } from '../src/parts/proof.tsx'
import { SchemeSwitch, schemeKey } from '../src/parts/scheme-switch.tsx'
import { Toasts } from '../src/parts/toasts.tsx'
import { createQueries } from '../src/queries.ts'
import { theme } from '../src/theme.ts'
import { canned } from './canned.ts'
import classes from './stories.module.css'
import { stories } from './stories.tsx'

await canned.check()

const root = document.getElementById('root')
if (!root) throw new Error('stories.html has no element #root')
createRoot(root).render(
  <MantineProvider
    theme={theme}
    defaultColorScheme="auto"
    colorSchemeManager={localStorageColorSchemeManager({ key: schemeKey })}
    withCssVariables={false}
    withGlobalClasses={false}
    withStaticClasses={false}
  >
    <ClientProvider value={canned}>
      <QueryClientProvider client={createQueries(canned)}>
        <Toasts>
          <Proof>
            <main className={classes.all}>
              <header className={classes.head}>
                <h1>Parts</h1>
                <SchemeSwitch />
              </header>
              {Object.entries(stories).map(([name, Story]) => (
                <section key={name} className={classes.story} aria-label={name}>
                  <h2>{name}</h2>
                  <div>
                    <Story />
                  </div>
                </section>
              ))}
            </main>
          </Proof>
        </Toasts>
      </QueryClientProvider>
    </ClientProvider>
  </MantineProvider>,
)
