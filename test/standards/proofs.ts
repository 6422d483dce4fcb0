/**
 * Rows held against tests: that each proof exists, and that it has passed.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { testsById, titlesIn } from '../findings/titles.ts'
import type { Row } from './row.ts'

const root = join(import.meta.dirname, '../..')

/** A test as it ended, by its whole title. */
export interface Outcome {
  /** From the root of the repository. */
  readonly file: string
  readonly title: string
  /** Anything but `passed` is none. */
  readonly status: string
}

interface Proof {
  readonly id?: string
  readonly file?: string
  readonly words?: string
}

function read(proof: string): Proof {
  if (/^[A-Z]{2,5}-\d\d$/.test(proof)) return { id: proof }
  const [file = '', ...words] = proof.split(': ')
  return words.length > 0 ? { file, words: words.join(': ') } : { file }
}

/** The files that hold the tests of a proof. */
export function filesOf(proof: string): readonly string[] {
  const { id, file = '' } = read(proof)
  return id ? (known().get(id) ?? []) : [file]
}

let ids: ReadonlyMap<string, readonly string[]> | undefined
const known = () => {
  ids ??= testsById()
  return ids
}

/** What is wrong with the proofs of these rows, without running any. */
export function unproven(rows: readonly Row[]): string[] {
  return rows.flatMap(({ id, how, by }) => [
    ...(how && by.length === 0 ? [`${id}: says how, and names no test`] : []),
    ...by.filter((proof) => !exists(proof)).map((proof) => `${id}: there is no ${proof}`),
  ])
}

function exists(proof: string): boolean {
  const { id, file = '', words = '' } = read(proof)
  if (id) return known().has(id)
  const isTest = /\.test\.tsx?$/.test(file) && existsSync(join(root, file))
  return isTest && titlesOf(file).some((title) => title.includes(words))
}

const titles = new Map<string, readonly string[]>()
function titlesOf(file: string): readonly string[] {
  const read = titles.get(file) ?? titlesIn(readFileSync(join(root, file), 'utf8'), file)
  titles.set(file, read)
  return read
}

/** Which rows the outcomes of a whole run do not show. */
export function unshown(rows: readonly Row[], outcomes: readonly Outcome[]): string[] {
  return rows.flatMap(({ id, by }) =>
    by.flatMap((proof) => {
      const of = outcomes.filter((one) => isOf(read(proof), one))
      if (of.length === 0) return [`${id}: ${proof} was not run`]
      return of
        .filter(({ status }) => status !== 'passed')
        .map(({ title, status }) => `${id}: ${proof} is ${status}: ${title}`)
    }),
  )
}

function isOf({ id, file, words = '' }: Proof, outcome: Outcome): boolean {
  if (id) return new RegExp(`\\b${id}\\b`).test(outcome.title)
  return outcome.file === file && outcome.title.includes(words)
}
