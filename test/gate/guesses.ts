/**
 * Guessing passwords: wrong ones from strangers, and how many of them were looked at. What was
 * evaluated is read from the audit: a guess that was refused unseen says so.
 *
 * @module
 */
import { expect } from 'vitest'
import type { Sallyport } from '../../src/index.ts'
import type { AuditLine } from './gate.ts'
import { type Got, visitor } from './visitor.ts'

export const wrong = 'a password that is not the one'

/** A guess by a stranger: another browser each time. */
export const guess = (
  gate: Pick<Sallyport, 'handle'>,
  username: string,
  { address = '203.0.113.9', secret = wrong }: { address?: string; secret?: string } = {},
): Promise<Got> => visitor(gate, address).logIn(username, secret)

/** `count` wrong guesses, one after the other. @returns Their codes. */
export async function guesses(
  gate: Pick<Sallyport, 'handle'>,
  username: string,
  count: number,
  address?: string,
): Promise<string[]> {
  const codes: string[] = []
  for (let n = 0; n < count; n++)
    codes.push((await guess(gate, username, address ? { address } : {})).json.code)
  return codes
}

const unseen = new Set(['account_locked', 'busy'])

/** How many of what was recorded were guesses that somebody looked at, right ones too. */
export function evaluated(lines: readonly AuditLine[]): number {
  return lines.filter(({ type, reason, details }) => {
    if (type === 'auth.signed_in') return true
    if (type === 'auth.refused') return !unseen.has(reason ?? '')
    return type === 'auth.locked' && JSON.parse(details ?? '{}').bucket !== 'address'
  }).length
}

/** Expects the answer of a bucket at rest, with `seconds` left. */
export function expectResting(got: Got, seconds: number, code = 'account_locked'): void {
  expect([got.status, got.json.code, got.json.retryAfter]).toEqual([429, code, seconds])
  expect(got.headers.get('retry-after')).toBe(String(seconds))
  expect(got.set).toEqual([])
}

/** The codes of `count` wrong guesses that fill a name. */
export const filling = (count = 10): string[] => [
  ...Array<string>(count - 1).fill('invalid_credentials'),
  'account_locked',
]
