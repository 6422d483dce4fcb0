/**
 * What an error of PostgreSQL means here: a collision is a lost try, a server that cannot be reached
 * or cannot work is a database that is away, and anything else is a fault.
 *
 * @module
 */
import { Unavailable } from '../ports.ts'

/** SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html */
const collisions = new Set(['23505', '40001', '40P01', '55P03'])
/** Connection, resources, operator's intervention, system; 25006 is a server that only reads. */
const away = /^(08|28|3D000|53|57|58|25006|25P03|55000|55P03|XX)/

/** Whether others were in the way, so that another try makes sense. */
export function collided(error: unknown): boolean {
  return collisions.has(stateOf(error) ?? '')
}

/** What a query answers. @throws {Unavailable} When the server is away. */
export async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!isAway(error)) throw error
    throw new Unavailable('PostgreSQL cannot be reached or cannot work', { cause: error })
  }
}

function isAway(error: unknown): boolean {
  const state = stateOf(error)
  if (state) return away.test(state)
  // Without a state it did not come from the server: a broken connection, or a mistake of ours.
  return !(error instanceof TypeError || error instanceof RangeError)
}

function stateOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^[0-9A-Z]{5}$/.test(code) && 'severity' in (error as Error) ? code : undefined
}
