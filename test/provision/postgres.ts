/**
 * PostgreSQL for a test: every call gets a database of its own.
 *
 * @module
 */
import { ask } from './ask.ts'

/** The URL of a new, empty database. The first call of a run starts the server, some seconds. */
export async function freshPostgres(): Promise<string> {
  return ask('/postgres')
}
