/**
 * Where the root secret comes from: the settings, a file, or beside the SQLite file, where it is made
 * on the first start. Whatever is wrong with it is said at once, and nothing starts.
 *
 * @module
 */
import type { Random } from '../ports.ts'
import { type Ring, type Root, rootOf } from '../rules/keys.ts'
import { parseSecret, secretCommand } from '../rules/root-secret.ts'
import { type Remnant, secretLines } from '../rules/secret-file.ts'
import { besideDatabase, makeSecretOnce, readSecretFile, reasonOf } from './secret-file.ts'

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

/** The file the secret stands in, and the setting that names it; `undefined` where it is in none. */
export function secretFileOf({
  secret,
  secretFile,
  folder,
}: Pick<SecretSources, 'secret' | 'secretFile' | 'folder'>):
  | { readonly path: string; readonly name: string }
  | undefined {
  if (secret !== undefined) return undefined
  if (secretFile !== undefined) return { path: secretFile, name: 'secretFile' }
  return folder === undefined ? undefined : { path: besideDatabase(folder), name: 'secret' }
}

/**
 * Finds the root secret; the first source that is given counts. In a file the first line is active and
 * the others only check what they once made (`rules/secret-file.ts`). A file must be its owner's alone.
 * Beside SQLite it is `<folder>/secret`, made when it is not there.
 *
 * @returns The ring, or all complaints, none of which repeats anything secret.
 */
export async function resolveRootSecret(sources: SecretSources): Promise<Resolved> {
  const { secret, secretFile, folder, random } = sources
  if (secret !== undefined) return ringOf([{ text: secret, from: 'secret:', only: undefined }])
  const file = secretFileOf(sources)
  if (!file) {
    return complain(
      `secret: with PostgreSQL one must be given, the same on every node. Make one with: ${secretCommand}`,
    )
  }
  if (secretFile === undefined && folder !== undefined) {
    try {
      await makeSecretOnce(folder, file.path, random)
    } catch (error) {
      return complain(`secret: ${file.path} cannot be made (${reasonOf(error)})`)
    }
  }
  return readRing(file.path, file.name)
}

/** Reads a ring from a file that must be there. */
export async function readRing(path: string, name: string): Promise<Resolved> {
  let found: Awaited<ReturnType<typeof readSecretFile>>
  try {
    found = await readSecretFile(path)
  } catch (error) {
    return complain(`${name}: ${path} cannot be read (${reasonOf(error)})`)
  }
  const lines = secretLines(found.text).map(({ number, ...line }) => ({
    ...line,
    from: `${name}: ${path}, line ${number},`,
  }))
  const usable = lines.some(({ only }) => only === undefined)
  const ring = usable ? ringOf(lines) : complain(`${name}: ${path} holds no secret`)
  // One that belongs to somebody else, as Kubernetes mounts it, is read through its group.
  const others = found.own ? 0o077 : 0o037
  // Windows keeps no such bits.
  if (process.platform === 'win32' || (found.mode & others) === 0) return ring
  const mode = found.mode.toString(8).padStart(4, '0')
  const open = `${name}: ${path} is open to others (mode ${mode}). Close it with: chmod 600 ${path}`
  return complain(open, ...(ring.ok ? [] : ring.complaints))
}

interface Written {
  readonly text: string
  /** The beginning of a complaint about it. */
  readonly from: string
  readonly only: Remnant | undefined
}

/** The first in full use is active. */
function ringOf(lines: readonly Written[]): Resolved {
  const roots: (Root & Pick<Written, 'only'>)[] = []
  const complaints: string[] = []
  for (const { text, from, only } of lines) {
    const parsed = parseSecret(text)
    if (!parsed.ok) complaints.push(`${from} ${parsed.complaint}`)
    else if (roots.some(({ secret }) => secret.equals(parsed.secret))) {
      complaints.push(`${from} is the same secret as one before it`)
    } else roots.push({ ...rootOf(parsed.secret), only })
  }
  const good = (only: Remnant | undefined): Root[] =>
    roots.filter((root) => root.only === only).map(({ id, secret }) => ({ id, secret }))
  const [active, ...verify] = good(undefined)
  if (!active || complaints.length > 0) return { ok: false, complaints }
  const ring = { passwordsOnly: good('passwords-only'), auditOnly: good('audit-only') }
  return { ok: true, ring: { active, verify, ...ring } }
}

function complain(...complaints: string[]): Resolved {
  return { ok: false, complaints }
}
