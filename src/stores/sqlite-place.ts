/**
 * Where a SQLite database is kept, watched: SQLite goes on writing into files that were removed or
 * replaced under it, and all of that is gone with the process.
 *
 * @see https://sqlite.org/howtocorrupt.html, 2.4 and 2.5
 * @module
 */
import { lstatSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Unavailable } from '../ports.ts'
import { type Millis, second } from '../rules/time.ts'

export interface Place {
  /** Looks whether the files are still those that were opened: some microseconds. */
  look(): void
  /**
   * The same, for each commit: while their folder says that nothing in it was taken away or put in, the
   * files are not asked. A system that tells times exactly (Linux since 6.13) notes on a file that its times
   * were asked for, and the next write to it then waits for the disk once more.
   */
  glance(): void
  /** @throws {Unavailable} When the last look found other files, or none. */
  require(): void
}

/** A folder whose times are as they were so long ago says so of every change since, however coarse they are. */
const settling: Millis = 3 * second

/**
 * @param path Of a database that is open, its log and index made.
 * @param elapsed For tests; a clock that only goes on.
 */
export function placeOf(
  path: string,
  connection: DatabaseSync,
  elapsed: () => Millis = () => performance.now(),
): Place {
  if (path === ':memory:') return { look() {}, glance() {}, require() {} }
  const files = [path, `${path}-wal`, `${path}-shm`]
  const opened = files.map(fileAt)
  const folder = isLink(path) ? undefined : dirname(path)
  let lost = false
  let saved = false
  /** How the folder was when the files were first found in it, and when it was found so again. */
  let found = { folder: undefined as string | undefined, since: 0, settled: false }

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

  function look(): void {
    // Before the files: what is changed in between is seen by the next one.
    const now = folder === undefined ? undefined : folderAt(folder)
    lost = files.some((file, at) => fileAt(file) !== opened[at])
    if (lost || now === undefined || now !== found.folder)
      found = { folder: lost ? undefined : now, since: elapsed(), settled: false }
    else found.settled ||= elapsed() - found.since >= settling
    if (lost && !connection.isTransaction) save()
  }

  return {
    look,
    glance() {
      if (!found.settled || folder === undefined || folderAt(folder) !== found.folder) look()
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

/** What changes with whatever is put into a folder, taken out of it or renamed in it, and with its own name. */
function folderAt(path: string): string | undefined {
  try {
    const { dev, ino, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
    return `${dev} ${ino} ${mtimeNs} ${ctimeNs}`
  } catch {
    return undefined
  }
}

/** Whether a file only leads to where it is kept: its folder says nothing then. */
function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink()
  } catch {
    return true
  }
}
