/**
 * What comes along, read from the lockfile: packages that are installed with ours, and those that are built
 * into the dashboard.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export interface Locked {
  readonly version?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly license?: string
  readonly link?: boolean
  readonly optional?: boolean
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** Every entry of the lockfile by its place. */
export const locked: Readonly<Record<string, Locked>> = JSON.parse(
  readFileSync(join(root, 'package-lock.json'), 'utf8'),
).packages

/** A package where it stands in `node_modules`. */
export interface Package extends Locked {
  readonly place: string
  readonly name: string
  /** Whether ours names it. */
  readonly direct: boolean
}

/** Everything that `at` needs to run, by place. @param at '' for ours, or a workspace. */
export function needed(at: '' | 'dashboard'): readonly Package[] {
  const found = new Map<string, Package>()
  const visit = (from: string, direct: boolean) => {
    const { dependencies, optionalDependencies } = locked[from] ?? {}
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const place = placeOf(name, from)
      const entry = place === undefined ? undefined : locked[place]
      if (!place || !entry || entry.link || found.has(place)) continue
      found.set(place, { ...entry, place, name, direct })
      visit(place, false)
    }
  }
  visit(at, true)
  const named = Object.keys(locked[at]?.dependencies ?? {})
  return [...found.values()]
    .map((one) => ({ ...one, direct: named.includes(one.name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Where Node finds `name` from a place: the nearest `node_modules` upwards. */
function placeOf(name: string, from: string): string | undefined {
  for (let above = from; ; ) {
    const place = `${above && `${above}/`}node_modules/${name}`
    if (locked[place]) return place
    if (above === '') return undefined
    above = above.replace(/\/?(?:node_modules\/)?(?:@[^/]+\/)?[^/]+$/, '')
  }
}

/** What anybody may use and pass on. */
export const free = /^(?:MIT|ISC|BSD-[23]-Clause|Apache-2\.0|0BSD|Unlicense|\(MIT OR CC0-1\.0\))$/
