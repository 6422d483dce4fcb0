/**
 * Tells the server which addresses are pages: `pages.json`, written from the one list that the
 * router and the gate are made from.
 */

import type { Plugin } from 'vite'
import { places } from './src/places.ts'

/** Emits `pages.json`: the addresses, `$name` standing for any one segment. */
export function pageList(): Plugin {
  return {
    name: 'page-list',
    generateBundle() {
      const source = JSON.stringify(Object.keys(places))
      this.emitFile({ type: 'asset', fileName: 'pages.json', source })
    },
  }
}
