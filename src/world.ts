/**
 * The world, opened: settings in, the ports behind them out. Whatever was opened is closed again when
 * the rest cannot be.
 *
 * @module
 */
import { dirname } from 'node:path'
import { acquaint } from './flows/acquaint.ts'
import { type Keyring, keyringOf } from './keyring.ts'
import { type Policy, SettingsError, settled } from './options.ts'
import type { Clock, Store, World } from './ports.ts'
import type { Ring } from './rules/keys.ts'
import { setupTokensOf } from './rules/set-up.ts'
import type { Said } from './rules/settle.ts'
import { openDatabase } from './stores/open.ts'
import { sqlStore } from './stores/sql-store.ts'
import { argon2id, hashingDefaults } from './system/argon2id.ts'
import { loadBlocklist } from './system/blocklist.ts'
import { systemClock } from './system/clock.ts'
import { systemRandom as random } from './system/random.ts'
import { readRing, resolveRootSecret, secretFileOf } from './system/root-secret.ts'
import { stampOf } from './system/secret-file.ts'

/** Where a secret may be made: beside a SQLite file, nowhere else. */
function secretFolder({ database }: Policy): string | undefined {
  const file = /^sqlite:(.+)$/s.exec(database)?.[1]
  return file && file !== ':memory:' ? dirname(file) : undefined
}

/** Everything that is wrong with the settings. Nothing is opened, nothing made. */
export async function complaintsOf(said: readonly Said[]): Promise<readonly string[]> {
  const { policy, complaints } = settled(said)
  const { secret, secretFile } = policy
  const made = secret === undefined && secretFile === undefined && secretFolder(policy)
  if (made) return complaints
  const found = await resolveRootSecret({ secret, secretFile, folder: undefined, random })
  return found.ok ? complaints : [...complaints, ...found.complaints]
}

/** What a node keeps, opened: the store, and the keys it is sealed under. */
interface Kept {
  readonly store: Store
  readonly keyring: Keyring
  /** As it was read. */
  readonly ring: Ring
  /** Where it stands. */
  readonly file: ReturnType<typeof secretFileOf>
  readonly instanceId: string
}

/**
 * Opens the database and the secret.
 *
 * @param secret Whether a secret that is missing may be `made`, or has to be `kept` already.
 * @throws {SettingsError} With everything that is wrong with the secret.
 * @throws {Unavailable} When the database does not answer.
 */
export async function openKept(
  policy: Policy,
  secret: 'made' | 'kept',
  clock?: Clock,
): Promise<Kept> {
  const sources = { ...policy, folder: secretFolder(policy), random }
  const file = secretFileOf(sources)
  const stamp = file && (await stampOf(file.path))
  const root =
    secret === 'kept' && file
      ? await readRing(file.path, file.name)
      : await resolveRootSecret(sources)
  if (!root.ok) throw new SettingsError(root.complaints)
  const clocks = { clock: clock ?? systemClock, ...(clock && { clockForTests: clock }) }
  const database = await openDatabase(policy.database, { ...clocks, random })
  const { instanceId } = database
  const keyring = keyringOf(root.ring, instanceId, file && { ...file, stamp })
  const auditKey = () => keyring.keys.active('audit').key
  const store = sqlStore({ database, random, auditKey })
  return { store, keyring, ring: root.ring, file, instanceId }
}

/**
 * Opens the world.
 *
 * @param clock For tests set by hand; then it stands for the clock of the database as well.
 * @throws {SettingsError} With everything that is wrong.
 * @throws {Unavailable} When the database does not answer.
 */
export async function openWorld(
  said: readonly Said[],
  clock: Clock | undefined,
): Promise<{ world: World; policy: Policy; keyring: Keyring; close: () => Promise<void> }> {
  const complaints = await complaintsOf(said)
  if (complaints.length > 0) throw new SettingsError(complaints)
  const { policy } = settled(said)
  const { publicOrigin = '', session, password, refresh, stepUp } = policy

  const { store, keyring, instanceId } = await openKept(policy, 'made', clock)
  const met = await acquaint(store, keyring.keys).catch(async (error) => {
    await store.close()
    throw error
  })
  if (!met.ok) {
    await store.close()
    throw new SettingsError([met.complaint])
  }

  const { memory, passes, queue, workers } = policy.hashing
  const threads = workers === 0 ? hashingDefaults.workers : workers
  const hasher = argon2id({ memory, passes, queue, workers: threads })
  const world: World = {
    store,
    clock: clock ?? systemClock,
    random,
    hasher,
    get keys() {
      return keyring.keys
    },
    policy: { session, password, refresh, stepUp },
    instanceId,
    publicOrigin,
    get setupTokens() {
      return policy.setupToken ? [policy.setupToken] : setupTokensOf(keyring.keys, instanceId)
    },
    commonPasswords: loadBlocklist,
  }
  const close = async () => {
    await hasher.close()
    await store.close()
  }
  return { world, policy, keyring, close }
}
