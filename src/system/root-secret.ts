/**
 * Where the root secret comes from: the settings, a file, or beside the SQLite file, where it is made
 * on the first start. Whatever is wrong with it is said at once, and nothing starts.
 *
 * @module
 */
import { access, link, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '../ports.ts'
import { type Ring, type Root, rootOf } from '../rules/keys.ts'
import { parseSecret, secretCommand } from '../rules/root-secret.ts'

export interface SecretSources {
  /** The secret itself. */
  readonly secret: string | undefined
  /** A file with one secret a line, see {@link resolveRootSecret}. */
  readonly secretFile: string | undefined
  /** The folder of the SQLite file; `undefined` when the database is elsewhere. */
  readonly folder: string | undefined
  readonly random: Random
}

export type Resolved =
  | { readonly ok: true; readonly ring: Ring }
  | { readonly ok: false; readonly complaints: readonly string[] }

/**
 * Finds the root secret; the first source that is given counts. In a file the first line is active and
 * the others only check what they once made; empty lines and those that begin with `#` are passed over.
 * A file must be its owner's alone. Beside SQLite it is `<folder>/secret`, made when it is not there.
 *
 * @returns The ring, or all complaints, none of which repeats anything secret.
 */
export async function resolveRootSecret(sources: SecretSources): Promise<Resolved> {
  const { secret, secretFile, folder, random } = sources
  if (secret !== undefined) return ringOf([{ text: secret, from: 'secret:' }])
  if (secretFile !== undefined) return readRing(secretFile, 'secretFile')
  if (folder === undefined) {
    return complain(
      `secret: with PostgreSQL one must be given, the same on every node. Make one with: ${secretCommand}`,
    )
  }
  const path = join(folder, 'secret')
  try {
    await makeOnce(folder, path, random)
  } catch (error) {
    return complain(`secret: ${path} cannot be made (${reasonOf(error)})`)
  }
  return readRing(path, 'secret')
}

async function readRing(path: string, name: string): Promise<Resolved> {
  let found: { text: string; mode: number }
  try {
    found = await read(path)
  } catch (error) {
    return complain(`${name}: ${path} cannot be read (${reasonOf(error)})`)
  }
  const lines = found.text
    .split(/\r?\n/)
    .map((text, index) => ({ text: text.trim(), from: `${name}: ${path}, line ${index + 1},` }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'))
  const ring = lines.length > 0 ? ringOf(lines) : complain(`${name}: ${path} holds no secret`)
  // Windows keeps no such bits.
  if (process.platform === 'win32' || (found.mode & 0o077) === 0) return ring
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0')
  const open = `${name}: ${path} is open to others (mode ${mode}). Close it with: chmod 600 ${path}`
  return complain(open, ...(ring.ok ? [] : ring.complaints))
}

/** Mode and text are asked of one open file, so that nobody can swap it in between. */
async function read(path: string): Promise<{ text: string; mode: number }> {
  const file = await open(path, 'r')
  try {
    return { mode: (await file.stat()).mode, text: await file.readFile('utf8') }
  } finally {
    await file.close()
  }
}

/** The first is active. */
function ringOf(lines: readonly { text: string; from: string }[]): Resolved {
  const roots: Root[] = []
  const complaints: string[] = []
  for (const { text, from } of lines) {
    const parsed = parseSecret(text)
    if (!parsed.ok) complaints.push(`${from} ${parsed.complaint}`)
    else if (roots.some(({ secret }) => secret.equals(parsed.secret))) {
      complaints.push(`${from} is the same secret as one before it`)
    } else roots.push(rootOf(parsed.secret))
  }
  const [active, ...verify] = roots
  return active && complaints.length === 0
    ? { ok: true, ring: { active, verify } }
    : { ok: false, complaints }
}

/**
 * Makes a secret unless there is one. It is written whole beside its place and then linked there, which
 * fails when another process was first: whoever loses reads the winner's, and nobody half of one.
 */
async function makeOnce(folder: string, path: string, random: Random): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (await exists(path)) return
  const draft = `${path}.${random.bytes(8).toString('hex')}`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(`${random.bytes(32).toString('base64url')}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(draft, path).catch((error: unknown) => {
      if (!isCode(error, 'EEXIST')) throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
  await syncFolder(folder)
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

function complain(...complaints: string[]): Resolved {
  return { ok: false, complaints }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
