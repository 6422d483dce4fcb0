/**
 * The keyring: the keys of this node as they are now. A secret file that has changed is picked up
 * while the node runs; the database meets the new keys before anything is made under them.
 *
 * @module
 */
import { acquaint } from './flows/acquaint.ts'
import type { Store } from './ports.ts'
import { deriveKeys, type Keys, type Ring } from './rules/keys.ts'
import { readRing } from './system/root-secret.ts'
import { stampOf } from './system/secret-file.ts'

/** What became of a secret file that had changed. */
export type Looked =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'renewed'; readonly ids: readonly string[] }
  /** It cannot be used; the keys stay as they were. */
  | { readonly kind: 'refused'; readonly complaints: readonly string[] }

export interface Keyring {
  /** The keys as they are now. */
  readonly keys: Keys
  /**
   * Reads the secret file if it has changed since it was last read.
   *
   * @throws {Unavailable} When the database is away; the next look reads it again.
   */
  look(store: Store): Promise<Looked>
}

/** A secret file as it was before it was read. */
export interface StampedFile {
  readonly path: string
  /** The setting that names it. */
  readonly name: string
  readonly stamp: string | undefined
}

/** @param file Where the secret stands; `undefined` where it was given as text, which cannot change. */
export function keyringOf(first: Ring, instanceId: string, file: StampedFile | undefined): Keyring {
  let ring = first
  let keys = deriveKeys(first, instanceId)
  let stamp = file?.stamp
  let looking: Promise<Looked> | undefined

  async function look(store: Store): Promise<Looked> {
    const found = file && (await stampOf(file.path))
    // A file that is being replaced may be gone for a moment; that is no news.
    if (!file || found === undefined || found === stamp) return { kind: 'unchanged' }
    const read = await readRing(file.path, file.name)
    if (!read.ok) {
      stamp = found
      return { kind: 'refused', complaints: read.complaints }
    }
    const next = deriveKeys(read.ring, instanceId)
    const met = await acquaint(store, next)
    stamp = found
    if (!met.ok) return { kind: 'refused', complaints: [met.complaint] }
    // Who is signing in asks at the end whether the keys are still those of the beginning.
    if (sayingOf(ring) === sayingOf(read.ring)) return { kind: 'unchanged' }
    ring = read.ring
    keys = next
    return { kind: 'renewed', ids: next.ids }
  }

  return {
    get keys() {
      return keys
    },
    look(store) {
      looking ??= look(store).finally(() => {
        looking = undefined
      })
      return looking
    },
  }
}

/** Everything a ring is made of: an id is derived from its secret. */
const sayingOf = ({ active, verify, passwordsOnly = [], auditOnly = [] }: Ring): string =>
  [[active], verify, passwordsOnly, auditOnly]
    .map((roots) => roots.map(({ id }) => id).join())
    .join(' ')
