/**
 * What an error of SQLite means here: busy is waited out, a collision is a lost try, a file that
 * cannot be used is a database that is away, and anything else is a fault.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { Unavailable } from '../ports.ts'
import type { Millis } from '../rules/time.ts'

/** Result codes, https://sqlite.org/rescode.html. The low byte of an extended code is the code. */
const busy = new Set([5 /* busy */, 6 /* locked */, 15 /* protocol */])
const away = new Map([
  [3, 'may not be opened'],
  [7, 'is out of memory'],
  [8, 'is read-only'],
  [10, 'cannot be read or written'],
  [11, 'is damaged'],
  [13, 'has no room left on its disk'],
  [14, 'cannot be opened'],
  [26, 'is not a database'],
])
const unique = new Set([1555 /* constraint_primarykey */, 2067 /* constraint_unique */])

/** Whether two records met on one unique key. */
export function collided(error: unknown): boolean {
  return unique.has(codeOf(error))
}

/**
 * Does `work`, again while another connection is busy writing.
 *
 * @throws {Unavailable} When it stays busy for `patience`, or the file cannot be used.
 */
export async function patiently<T>(patience: Millis, work: () => T): Promise<T> {
  const until = performance.now() + patience
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || performance.now() >= until) throw meant(error)
    }
    // Spread out, so that waiting processes do not meet again.
    await pause(1 + Math.random() * 3)
  }
}

/** What is told of an error that is not waited out any longer. */
export function meant(error: unknown): unknown {
  const code = codeOf(error) & 0xff
  const why = busy.has(code) ? 'stays busy' : away.get(code)
  return why ? new Unavailable(`the SQLite file ${why}`, { cause: error }) : error
}

/** Whether another connection is in the way. */
export const isBusy = (error: unknown): boolean => busy.has(codeOf(error) & 0xff)

function codeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
}
