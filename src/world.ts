/**
 * The world, opened: settings in, the ports behind them out. Whatever was opened is closed again when
 * the rest cannot be.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { acquaint } from './flows/acquaint.ts'
import { type Policy, SettingsError, settled } from './options.ts'
import type { Clock, World } from './ports.ts'
import { deriveKeys } from './rules/keys.ts'
import { setupTokenOf } from './rules/set-up.ts'
import type { Said } from './rules/settle.ts'
import { startNode } from './stores/node.ts'
import { openDatabase } from './stores/open.ts'
import { sqlStore } from './stores/sql-store.ts'
import { standingOf } from './stores/standing.ts'
import { argon2id, hashingDefaults } from './system/argon2id.ts'
import { loadBlocklist } from './system/blocklist.ts'
import { systemClock } from './system/clock.ts'
import { modeComplaints } from './system/file-modes.ts'
import { systemRandom as random } from './system/random.ts'
import { resolveRootSecret } from './system/root-secret.ts'

const sqliteFile = ({ database }: Policy): string | undefined => {
  const file = /^sqlite:(.+)$/s.exec(database)?.[1]
  return file && file !== ':memory:' ? file : undefined
}

/** Where a secret may be made: beside a SQLite file, nowhere else. */
const secretFolder = (policy: Policy): string | undefined => {
  const file = sqliteFile(policy)
  return file === undefined ? undefined : dirname(file)
}

/** Everything that is wrong with the settings. Nothing is opened, nothing made. */
export async function complaintsOf(said: readonly Said[]): Promise<readonly string[]> {
  const { policy, complaints: wrong } = settled(said)
  const { secret, secretFile } = policy
  const file = sqliteFile(policy)
  const complaints = [...wrong, ...(file === undefined ? [] : await modeComplaints(file))]
  const beside = secretFolder(policy)
  const made = secret === undefined && secretFile === undefined && beside !== undefined
  // Made at the start when it is not there; when it is, it is held to the same as any other.
  if (made && !existsSync(join(beside, 'secret'))) return complaints
  const folder = made ? beside : undefined
  const found = await resolveRootSecret({ secret, secretFile, folder, random })
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
  const { publicOrigin = '', secret, secretFile } = policy
  const { session, password, refresh, stepUp, lockout, limits } = policy

  const folder = secretFolder(policy)
  const root = await resolveRootSecret({ secret, secretFile, folder, random })
  if (!root.ok) throw new SettingsError(root.complaints)
  const clocks = { clock: clock ?? systemClock, ...(clock && { clockForTests: clock }) }
  const database = await openDatabase(policy.database, { ...clocks, random })
  const { instanceId } = database
  const keys = deriveKeys(root.ring, instanceId)
  const node = await startNode({
    database,
    clock: clocks.clock,
    random,
    lease: policy.revocation.lease,
  }).catch(async (error) => {
    await database.close()
    throw error
  })
  const auditKey = keys.active('audit').key
  const store = sqlStore({ database, random, auditKey, node, clock: clocks.clock })
  const leave = async () => {
    await node.close()
    await store.close()
  }
  const strangers = await acquaint(store, keys).catch(async (error) => {
    await leave()
    throw error
  })
  if (strangers !== undefined) {
    await leave()
    throw new SettingsError([strangers])
  }

  const { memory, passes, queue, workers } = policy.hashing
  const threads = workers === 0 ? hashingDefaults.workers : workers
  const hasher = argon2id({ memory, passes, queue, workers: threads })
  const world: World = {
    store,
    standing: standingOf(node, store),
    clock: { now: () => database.now(), elapsed: () => clocks.clock.elapsed() },
    random,
    hasher,
    keys,
    policy: { session, password, refresh, stepUp, lockout, limits },
    instanceId,
    publicOrigin,
    setupToken: policy.setupToken ?? setupTokenOf(keys, instanceId),
    commonPasswords: loadBlocklist,
  }
  const close = async () => {
    await hasher.close()
    await leave()
  }
  return { world, policy, close }
}
