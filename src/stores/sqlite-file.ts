/**
 * A SQLite file as a whole: copied while it is in use, looked through, and held so that nobody else has
 * it open.
 *
 * @module
 */
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { isBusy } from './sqlite-errors.ts'

/**
 * Copies a database as it is at one moment, whoever writes to it meanwhile. The copy is its owner's
 * alone, holds no trace of what was deleted, and is on the disk when this returns.
 *
 * @throws {Error} When there is a file at `to`, or no room.
 */
export function copyDatabase(from: string, to: string): void {
  // SQLite takes an empty file for none, and would make one that others may read.
  closeSync(openSync(to, 'wx', 0o600))
  const connection = new DatabaseSync(from, { readOnly: true })
  try {
    connection.prepare('vacuum into ?').run(to)
  } finally {
    connection.close()
  }
}

/** What is wrong with a copy: a sentence, or nothing. */
export function faultOfCopy(path: string): string | undefined {
  try {
    const connection = new DatabaseSync(path, { readOnly: true })
    try {
      const [found] = connection.prepare('pragma integrity_check(1)').all()
      if (found?.integrity_check !== 'ok') return 'it is damaged'
      const [here] = connection.prepare('select epoch from instance').all()
      return typeof here?.epoch === 'number' ? undefined : 'it is not a database of Sallyport'
    } finally {
      connection.close()
    }
  } catch (error) {
    return `it is not a database of Sallyport, or cannot be read (${(error as Error).message})`
  }
}

/** A file that nobody else has open, until it is released. */
export interface Held {
  /** What was issued last under it; 0 where it cannot be read. */
  readonly epoch: number
  release(): void
}

/**
 * Holds a file alone. Every connection in use keeps the file locked against leaving the write-ahead log,
 * also one of a process that stands still.
 *
 * @returns Nothing when somebody else has it open. A file that cannot be read is nobody's.
 */
export function holdAlone(path: string): Held | undefined {
  let connection: DatabaseSync | undefined
  try {
    connection = new DatabaseSync(path, { timeout: 0 })
    connection.exec('pragma journal_mode = delete')
    connection.exec('begin exclusive')
    const [here] = connection.prepare('select epoch from instance').all()
    const open = connection
    return { epoch: Number(here?.epoch ?? 0), release: () => open.close() }
  } catch (error) {
    connection?.close()
    return isBusy(error) ? undefined : { epoch: 0, release: () => {} }
  }
}
