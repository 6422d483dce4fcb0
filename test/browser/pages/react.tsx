/** The React page: draws the tree anew, or takes over what the server drew. */

import { StrictMode } from 'react'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { createClient } from '../../../src/client/client.ts'
import { Tree } from './react-tree.tsx'

const root = document.getElementById('root')
if (!root) throw new Error('no #root')
const known = root.querySelector('[data-known]')?.getAttribute('data-known')
const drawn = root.querySelector('[data-drawn]')
const client = createClient(known ? { initial: JSON.parse(known) } : {})
Object.assign(window, { client })

const tree = (
  <StrictMode>
    <Tree client={client} path={location.pathname} />
  </StrictMode>
)
if (drawn) hydrateRoot(drawn, tree)
else createRoot(root).render(tree)
