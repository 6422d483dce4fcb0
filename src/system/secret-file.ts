/**
 * The secret file on disk: made once, read with its mode, replaced whole. Whoever reads it sees all of
 * the old one or all of the new one, also after a loss of power.
 *
 * @module
 */
import { access, link, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Random } from '../ports.ts'

/** A file as it was read. */
interface Found {
  readonly text: string
  /** Its permissions. */
  readonly mode: number
  /** Whether it is this process's own, and not handed to it through a group. */
  readonly own: boolean
}

/** Mode and text are asked of one open file, so that nobody can swap it in between. */
export async function readSecretFile(path: string): Promise<Found> {
  const file = await open(path, 'r')
  try {
    const { mode, uid } = await file.stat()
    const own = uid === process.getuid?.()
    return { mode: mode & 0o777, own, text: await file.readFile('utf8') }
  } finally {
    await file.close()
  }
}

/** What changes when a file is written or replaced, links followed; `undefined` when there is none. */
export async function stampOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined)
  return found && [found.ino, found.size, found.mtimeNs, found.mode].join(' ')
}

/**
 * Makes a secret unless there is one. It is written whole beside its place and then linked there, which
 * fails when another process was first: whoever loses reads the winner's, and nobody half of one.
 */
export async function makeSecretOnce(folder: string, path: string, random: Random): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (await exists(path)) return
  const draft = `${path}.${random.bytes(8).toString('hex')}`
  try {
    await writeDraft(draft, `${newSecret(random)}\n`)
    await link(draft, path).catch((error: unknown) => {
      if (!isCode(error, 'EEXIST')) throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
  await syncFolder(folder)
}

/** 32 random bytes, base64url. */
export const newSecret = (random: Random): string => random.bytes(32).toString('base64url')

/**
 * Replaces a secret file by what `change` makes of it, for its owner alone, whoever that is. Where the
 * name is a link, the file behind it is replaced.
 *
 * @throws {Error} When it cannot be, or when another command is at it; the old file stays then.
 */
export async function rewriteSecretFile(
  path: string,
  change: (text: string) => string,
): Promise<void> {
  const place = await realpath(path)
  // Also the lock: of two commands at once the second finds it there.
  const draft = `${place}.new`
  const { uid, gid } = await stat(place)
  let made = false
  try {
    await writeDraft(draft, '', uid, gid)
    made = true
    const { text } = await readSecretFile(place)
    const file = await open(draft, 'r+')
    try {
      await file.writeFile(change(text))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, place)
  } catch (error) {
    if (made) await rm(draft, { force: true })
    if (isCode(error, 'EEXIST')) {
      throw new Error(
        `Another command is changing ${place}. If none is, remove ${draft} and try again.`,
      )
    }
    throw new Error(`${path} cannot be replaced (${reasonOf(error)})`, { cause: error })
  }
  await syncFolder(dirname(place))
}

/** Writes a new file, durably. Under another user than the file's it is given to that one. */
async function writeDraft(path: string, text: string, uid?: number, gid?: number): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    const own = await file.stat()
    if (uid !== undefined && gid !== undefined && (own.uid !== uid || own.gid !== gid))
      await file.chown(uid, gid)
    await file.writeFile(text)
    await file.sync()
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

/** A name in a folder outlives a loss of power only once the folder is written too. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const file = await open(folder, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

export function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

/** Beside a SQLite file. */
export const besideDatabase = (folder: string): string => join(folder, 'secret')
