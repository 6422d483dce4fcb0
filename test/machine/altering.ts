/**
 * The source, altered as it is loaded: every order has a copy of its own, which a word after the file
 * name tells apart, so that one process can break the same program in many ways, one after the other.
 *
 * @module
 */
import { registerHooks } from 'node:module'
import type * as index from '../../src/index.ts'
import { alter, alterations as known } from '../server/altered.ts'
import { mutations } from './mutations.ts'

const source = new URL('../../src/', import.meta.url).href

/** The name in an address, as in `…/session.ts?altered=<name>.ts`. */
function nameIn(url = ''): string | undefined {
  const name = /\?altered=(.*)\.ts$/.exec(url)?.[1]
  return name === undefined ? undefined : decodeURIComponent(name)
}

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    const name = nameIn(context.parentURL)
    const ours = name !== undefined && found.url.startsWith(source) && !nameIn(found.url)
    return ours ? { ...found, url: `${found.url}?altered=${encodeURIComponent(name)}.ts` } : found
  },
  load(url, context, next) {
    const loaded = next(url, context)
    const name = nameIn(url)
    if (name === undefined) return loaded
    const [file = ''] = url.split('?')
    const alterations = [known['hashes at once'], ...(mutations[name] ?? [])]
    const text = alterations
      .filter((one) => file.endsWith(`/${one.file}`))
      .reduce(alter, String(loaded.source))
    return { ...loaded, source: text }
  },
})

/** A copy of the source, with this mutation or none. */
export async function alteredIndex(mutation = 'nothing'): Promise<typeof index> {
  return import(`${source}index.ts?altered=${encodeURIComponent(mutation)}.ts`)
}
