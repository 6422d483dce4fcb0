/**
 * What is taken out of the source to show that a test would notice is still there: a few of these are
 * used in campaigns only, and must not be found out to have moved on the day they are needed.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mutations } from './machine/mutations.ts'
import { type Alteration, alter, alterations } from './server/altered.ts'

const all: readonly [string, readonly Alteration[]][] = [
  ...Object.entries(mutations),
  ...Object.entries<Alteration>(alterations).map(([name, one]): [string, readonly Alteration[]] => [
    name,
    [one],
  ]),
]

test.each(all)('%s', (_, changes) => {
  for (const change of changes) {
    const source = readFileSync(join(import.meta.dirname, '..', change.file), 'utf8')
    expect(alter(source, change)).not.toBe(source)
  }
})
