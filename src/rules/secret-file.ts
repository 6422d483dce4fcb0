/**
 * The secret file: one root secret a line, the first in use, the others to check with. A line that
 * is good for less says so in front of its secret; what else stands in the file is left as it is.
 *
 * @module
 */
import { keyIdOf } from './keys.ts'
import { parseSecret } from './root-secret.ts'

/** What a root that is not in full use is still good for, as it is written before its secret. */
export type Remnant = 'passwords-only' | 'audit-only'

export interface SecretLine {
  /** Counts from 1. */
  readonly number: number
  /** `undefined` for a root in full use. */
  readonly only: Remnant | undefined
  /** The secret as it was written. */
  readonly text: string
}

const shape = /^(?:(passwords-only|audit-only):)?\s*(.*)$/s

function lineOf(written: string, number: number): SecretLine | undefined {
  const line = written.trim()
  if (line === '' || line.startsWith('#')) return undefined
  const [, only, text = ''] = shape.exec(line) ?? []
  return { number, only: only as Remnant | undefined, text }
}

/** The secrets in a file. Empty lines and those that begin with `#` are passed over. */
export function secretLines(file: string): readonly SecretLine[] {
  return file.split(/\r?\n/).flatMap((line, index) => lineOf(line, index + 1) ?? [])
}

/**
 * Puts a new secret in front.
 *
 * @param leaked Whether the ones before it may be known to somebody: they only know passwords then.
 */
export function withNew(file: string, secret: string, leaked: boolean): string {
  const rest = leaked ? marked(file, (line) => line.only === undefined, 'passwords-only') : file
  return `${secret}\n${rest}`
}

/** Takes the root `id` out of use: from now on it only checks records. */
export const withRetired = (file: string, id: string): string =>
  marked(file, (line) => idOf(line) === id, 'audit-only')

/** The key id of a line; `undefined` where no secret stands. */
export function idOf({ text }: SecretLine): string | undefined {
  const parsed = parseSecret(text)
  return parsed.ok ? keyIdOf(parsed.secret) : undefined
}

function marked(file: string, which: (line: SecretLine) => boolean, only: Remnant): string {
  return file
    .split('\n')
    .map((written, index) => {
      const line = lineOf(written, index + 1)
      return line && which(line) ? `${only}: ${line.text}` : written
    })
    .join('\n')
}
