/**
 * The start: takes the claim token out of the address before anything else can see it, asks the
 * server who is here, and only then begins to draw.
 */

import './styles.css'
import 'virtual:theme.css'
import './look.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createClient } from 'sallyport/client'
import { App } from './app.tsx'
import { takeClaimToken } from './claim-token.ts'
import { createQueries } from './queries.ts'

const claimToken = takeClaimToken()
const client = createClient()
const queries = createQueries(client)
void client.check()

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no element #root')
createRoot(root).render(
  <StrictMode>
    <App client={client} queries={queries} claimToken={claimToken} />
  </StrictMode>,
)
