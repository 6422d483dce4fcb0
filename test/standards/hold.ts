/**
 * Holds the results of a whole run, as vitest writes them, against the tables of the standards.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type Outcome, unshown } from './proofs.ts'
import { allRows } from './tables.ts'

const root = join(import.meta.dirname, '../..')

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly title: string
      readonly status: string
    }[]
  }[]
}

/** Rows that claim what this run has not shown; one sentence each. */
export function claimedAndNotShown(path: string): string[] {
  const { testResults }: Report = JSON.parse(readFileSync(path, 'utf8'))
  const outcomes = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status }): Outcome => {
      const file = relative(root, name).replaceAll('\\', '/')
      return { file, title: [...ancestorTitles, title].join(' '), status }
    }),
  )
  return unshown(allRows, outcomes)
}
