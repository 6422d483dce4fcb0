/**
 * Backup and restore. A backup is one SQLite file; what is put back has everything in it but trust:
 * whatever was issued before is void.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { acquaint } from './flows/acquaint.ts'
import { recordBackup, restoreEpoch } from './flows/backup.ts'
import { iso } from './http/view.ts'
import { OperatorRefusal } from './operator-people.ts'
import { type Policy, SettingsError, settled } from './options.ts'
import type { Clock, Store } from './ports.ts'
import type { Said } from './rules/settle.ts'
import { copyDatabase, faultOfCopy, type Held, holdAlone } from './stores/sqlite-file.ts'
import { voidIssued } from './stores/voiding.ts'
import { systemClock } from './system/clock.ts'
import { complaintsOf, openKept, sqliteFile } from './world.ts'

/**
 * Copies the database of a running instance into a file of its own.
 *
 * @throws {OperatorRefusal} When there is a file already, or the database is PostgreSQL.
 */
export async function backUp(
  policy: Policy,
  store: Store,
  file: string,
  actor: string,
): Promise<void> {
  const source = sqliteFile(policy)
  if (source === undefined) throw new OperatorRefusal(byItsOwnTools(policy.database, file))
  if (existsSync(file)) throw new OperatorRefusal(`There is a file ${file} already.`)
  const draft = `${file}.part`
  if (existsSync(draft))
    throw new OperatorRefusal(
      `Another command is writing ${file}. If none is, remove ${draft} and try again.`,
    )
  await recordBackup(store, actor)
  try {
    copyDatabase(source, draft)
    await onDisk(draft)
    const fault = faultOfCopy(draft)
    if (fault) throw new OperatorRefusal(`The backup cannot be used: ${fault}.`)
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  await onDisk(dirname(file))
}

/** How PostgreSQL is backed up; the URL without the password, which is nobody's to read on a screen. */
function byItsOwnTools(database: string, file: string): string {
  const url = new URL(database)
  url.password = ''
  return (
    'PostgreSQL is backed up by its own tools: ' +
    `pg_dump --format=custom --schema=sallyport --file='${file}' '${url}'. ` +
    'After pg_restore run: sallyport restore --in-place'
  )
}

/** What was put in place. */
export interface Restored {
  /** Where the database stands; `undefined` for PostgreSQL. */
  readonly file: string | undefined
  /** Where the file is that stood there before. */
  readonly before: string | undefined
}

/**
 * Puts a backup in the place of the database, with every earlier session void.
 *
 * @param asked.replace Whether a database that is there may be put aside.
 * @throws {OperatorRefusal} Also while anybody has that database open.
 */
export async function restore(
  said: readonly Said[],
  asked: { readonly from: string; readonly replace: boolean },
  actor: string,
  clock?: Clock,
): Promise<Restored> {
  const policy = await policyOf(said)
  const target = sqliteFile(policy)
  if (target === undefined)
    throw new OperatorRefusal(
      'The database is PostgreSQL: put it back with pg_restore, then run: sallyport restore --in-place',
    )
  const fault = existsSync(asked.from) ? faultOfCopy(asked.from) : 'there is no such file'
  if (fault) throw new OperatorRefusal(`${asked.from} cannot be restored: ${fault}.`)
  const held = existsSync(target) ? inTheWay(target, asked.replace) : undefined
  const draft = `${target}.restoring`
  if (existsSync(draft)) {
    held?.release()
    throw new OperatorRefusal(
      `Another command is restoring ${target}. If none is, remove ${draft} and try again.`,
    )
  }
  try {
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    copyDatabase(asked.from, draft)
    await voided({ ...policy, database: `sqlite:${draft}` }, held?.epoch ?? 0, actor, clock)
    await onDisk(draft)
    const before = held && (await putAside(target, (clock ?? systemClock).now()))
    await rename(draft, target)
    await onDisk(dirname(target))
    return { file: target, before }
  } catch (error) {
    for (const end of ['', '-wal', '-shm']) await rm(draft + end, { force: true })
    throw error
  } finally {
    held?.release()
  }
}

/**
 * Voids what was issued before, in a database that its own tools have put back.
 *
 * @throws {OperatorRefusal} When the secret is not the one it was made with.
 */
export async function restoredInPlace(
  said: readonly Said[],
  actor: string,
  clock?: Clock,
): Promise<Restored> {
  const policy = await policyOf(said)
  await voided(policy, 0, actor, clock)
  return { file: sqliteFile(policy), before: undefined }
}

async function policyOf(said: readonly Said[]): Promise<Policy> {
  const complaints = await complaintsOf(said)
  if (complaints.length > 0) throw new SettingsError(complaints)
  return settled(said).policy
}

function inTheWay(target: string, replace: boolean): Held {
  const held = holdAlone(target)
  if (!held)
    throw new OperatorRefusal(
      `A server or a command has ${target} open. Stop it first: it would go on with the old database.`,
    )
  if (replace) return held
  held.release()
  throw new OperatorRefusal(
    `There is a database at ${target} already. With --replace it is put aside, and kept.`,
  )
}

/** Opens a database that was put back, brings it up to date, and ends all trust in what it knows. */
async function voided(policy: Policy, epoch: number, actor: string, clock?: Clock): Promise<void> {
  const { store, keyring, database } = await openKept(policy, 'kept', clock)
  try {
    const met = await acquaint(store, keyring.keys, actor)
    if (!met.ok) throw new OperatorRefusal(met.complaint)
    await voidIssued(database)
    await restoreEpoch(store, epoch, actor)
  } finally {
    await store.close()
  }
}

/** A second name for the file, so that its own never stands for nothing. */
async function putAside(target: string, now: number): Promise<string> {
  const stamp = iso(now).replace(/[-:]|\.\d+/g, '')
  const before = `${target}.before-${stamp}`
  await link(target, before)
  // A log left beside it would be taken for the new file's own.
  for (const end of ['-wal', '-shm'])
    if (existsSync(target + end)) await rename(target + end, before + end)
  return before
}

/** What is in a file outlives a loss of power once it is written out, its name once its folder is. */
async function onDisk(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
