/**
 * Where a SQLite database is kept, watched: SQLite goes on writing into files that were removed or
 * replaced under it, and all of that is gone with the process.
 *
 * @see https://sqlite.org/howtocorrupt.html, 2.4 and 2.5
 * @module
 */
import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { Unavailable } from '../ports.ts'

export interface Place {
  /** Looks whether the files are still those that were opened: some microseconds. */
  look(): void
  /** @throws {Unavailable} When the last look found other files, or none. */
  require(): void
}

/** @param path Of a database that is open, its log and index made. */
export function placeOf(path: string, connection: DatabaseSync): Place {
  if (path === ':memory:') return { look() {}, require() {} }
  const files = [path, `${path}-wal`, `${path}-shm`]
  const opened = files.map(fileAt)
  let lost = false
  let saved = false

  /**
   * What stands in a log without a name is brought into the file, unless somebody has begun a new log,
   * who would not know of it.
   */
  function save(): void {
    if (saved || fileAt(path) !== opened[0] || fileAt(`${path}-wal`) !== undefined) return
    saved = true
    try {
      connection.exec('pragma wal_checkpoint(truncate)')
    } catch {
      // Closing tries again, and whoever asks is told that the files are not there.
    }
  }

  return {
    look() {
      lost = files.some((file, at) => fileAt(file) !== opened[at])
      if (lost && !connection.isTransaction) save()
    },
    require() {
      if (!lost) return
      const error = new Error(`${path}, its -wal or its -shm was moved, removed or replaced`)
      throw new Unavailable('the SQLite file is not where it was opened', { cause: error })
    },
  }
}

/** What tells one file from another; `undefined` when there is none, or when it may not be looked at. */
function fileAt(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev} ${ino}`
  } catch {
    return undefined
  }
}
