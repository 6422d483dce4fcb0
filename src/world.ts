/**
 * The world, opened: settings in, the ports behind them out. Whatever was opened is closed again when
 * the rest cannot be.
 *
 * @module
 */
import { dirname } from 'node:path'
import { acquaint } from './flows/acquaint.ts'
import { type Policy, SettingsError, settled } from './options.ts'
import type { Clock, World } from './ports.ts'
import { deriveKeys } from './rules/keys.ts'
import { setupTokenOf } from './rules/set-up.ts'
import type { Said } from './rules/settle.ts'
import { openDatabase } from './stores/open.ts'
import { sqlStore } from './stores/sql-store.ts'
import { argon2id, hashingDefaults } from './system/argon2id.ts'
import { loadBlocklist } from './system/blocklist.ts'
import { systemClock } from './system/clock.ts'
import { systemRandom as random } from './system/random.ts'
import { resolveRootSecret } from './system/root-secret.ts'

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
): Promise<{ world: World; policy: Policy; close: () => Promise<void> }> {
  const complaints = await complaintsOf(said)
  if (complaints.length > 0) throw new SettingsError(complaints)
  const { policy } = settled(said)
  const { publicOrigin = '', session, password, refresh, stepUp, secret, secretFile } = policy

  const folder = secretFolder(policy)
  const root = await resolveRootSecret({ secret, secretFile, folder, random })
  if (!root.ok) throw new SettingsError(root.complaints)
  const clocks = { clock: clock ?? systemClock, ...(clock && { clockForTests: clock }) }
  const database = await openDatabase(policy.database, { ...clocks, random })
  const { instanceId } = database
  const keys = deriveKeys(root.ring, instanceId)
  const store = sqlStore({ database, random, auditKey: keys.active('audit').key })
  const strangers = await acquaint(store, keys).catch(async (error) => {
    await store.close()
    throw error
  })
  if (strangers !== undefined) {
    await store.close()
    throw new SettingsError([strangers])
  }

  const { memory, passes, queue, workers } = policy.hashing
  const threads = workers === 0 ? hashingDefaults.workers : workers
  const hasher = argon2id({ memory, passes, queue, workers: threads })
  const world: World = {
    store,
    clock: clocks.clock,
    random,
    hasher,
    keys,
    policy: { session, password, refresh, stepUp },
    instanceId,
    publicOrigin,
    setupToken: policy.setupToken ?? setupTokenOf(keys, instanceId),
    commonPasswords: loadBlocklist,
  }
  const close = async () => {
    await hasher.close()
    await store.close()
  }
  return { world, policy, close }
}
