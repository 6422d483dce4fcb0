/**
 * The world, opened: settings in, the ports behind them out. Whatever was opened is closed again when
 * the rest cannot be.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { acquaint } from './flows/acquaint.ts'
import { sealNamed } from './flows/keep-audit.ts'
import type { PasswordHasher } from './hash-ports.ts'
import { type Keyring, keyringOf } from './keyring.ts'
import { type Policy, SettingsError, settled } from './options.ts'
import type { Clock, Standing, Store, World } from './ports.ts'
import { commandChain } from './rules/audit-seal.ts'
import type { Ring } from './rules/keys.ts'
import { setupTokensOf } from './rules/set-up.ts'
import type { Said } from './rules/settle.ts'
import type { Database } from './stores/database.ts'
import { type Node, startNode } from './stores/node.ts'
import { openDatabase } from './stores/open.ts'
import { sqlStore } from './stores/sql-store.ts'
import { standingOf, withoutMemory } from './stores/standing.ts'
import { argon2id, hashingDefaults } from './system/argon2id.ts'
import { loadBlocklist } from './system/blocklist.ts'
import { breachFileFault, isInBreachFile } from './system/breach-file.ts'
import { systemClock } from './system/clock.ts'
import { modeComplaints } from './system/file-modes.ts'
import { systemRandom as random } from './system/random.ts'
import { readRing, resolveRootSecret, secretFileOf } from './system/root-secret.ts'
import { stampOf } from './system/secret-file.ts'
import { tracedHasher, tracedStore } from './tracing.ts'

/** The SQLite file there is, or will be. */
export const sqliteFile = ({ database }: Pick<Policy, 'database'>): string | undefined => {
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
  const { breachFile } = policy.password
  const unusable = breachFile === undefined ? undefined : await breachFileFault(breachFile)
  const complaints = [
    ...wrong,
    ...(file === undefined ? [] : await modeComplaints(file)),
    ...(unusable === undefined ? [] : [`password.breachFile: ${unusable}`]),
  ]
  const beside = secretFolder(policy)
  const made = secret === undefined && secretFile === undefined && beside !== undefined
  // Made at the start when it is not there; when it is, it is held to the same as any other.
  if (made && !existsSync(join(beside, 'secret'))) return complaints
  const folder = made ? beside : undefined
  const found = await resolveRootSecret({ secret, secretFile, folder, random })
  return found.ok ? complaints : [...complaints, ...found.complaints]
}

/** What a node keeps, opened: the store, and the keys it is sealed under. */
export interface Kept {
  readonly store: Store
  readonly database: Database
  /** Where it answers requests: a command does not. */
  readonly node: Node | undefined
  readonly keyring: Keyring
  /** As it was read. */
  readonly ring: Ring
  /** Where it stands. */
  readonly file: ReturnType<typeof secretFileOf>
  readonly instanceId: string
  /** The clock that all nodes share. */
  readonly now: Clock['now']
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
  const kept = sqliteFile(policy)
  if (secret === 'kept' && kept !== undefined && !existsSync(kept))
    throw new SettingsError([`database: there is no file ${kept}. Start the server once.`])
  const sources = { ...policy, folder: secretFolder(policy), random }
  const file = secretFileOf(sources)
  const stamp = file && (await stampOf(file.path))
  const root =
    secret === 'kept' && file
      ? await readRing(file.path, file.name)
      : await resolveRootSecret(sources)
  if (!root.ok) throw new SettingsError(root.complaints)
  const clocks = { clock: clock ?? systemClock, ...(clock && { clockForTests: clock }) }
  const named = secret === 'kept' ? { chain: commandChain } : {}
  const database = await openDatabase(policy.database, { ...clocks, random, ...named })
  const { instanceId } = database
  const keyring = keyringOf(root.ring, instanceId, file && { ...file, stamp })
  const auditKey = () => keyring.keys.active('audit').mac
  const node =
    secret === 'made'
      ? await startNode({
          database,
          clock: clocks.clock,
          random,
          lease: policy.revocation.lease,
        }).catch(async (error) => {
          await database.close()
          throw error
        })
      : undefined
  const opened = sqlStore({
    database,
    random,
    auditKey,
    clock: clocks.clock,
    ...(node && { node }),
  })
  const now = () => database.now()
  const store: Store = {
    ...tracedStore(opened, policy.database.startsWith('sqlite:') ? 'sqlite' : 'postgresql'),
    async close() {
      const { keys } = keyring
      const clock = { now, elapsed: () => clocks.clock.elapsed() }
      // A command leaves its chain sealed; where it cannot, the next server does.
      if (secret === 'kept')
        await sealNamed({ store: opened, keys, clock }, commandChain).catch(() => undefined)
      await opened.close()
    },
  }
  return { store, database, node, keyring, ring: root.ring, file, instanceId, now }
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
  const kept = await openKept(policy, 'made', clock)
  const { store, node, keyring } = kept
  if (!node) throw new Error('a world without a node')
  const leave = async () => {
    await node.close()
    await store.close()
  }
  const met = await acquaint(store, keyring.keys).catch(async (error) => {
    await leave()
    throw error
  })
  if (!met.ok) {
    await leave()
    throw new SettingsError([met.complaint])
  }

  const hasher = hasherOf(policy)
  const world = worldOf(policy, kept, { standing: standingOf(node, store), hasher, clock })
  const close = async () => {
    await hasher.close()
    await leave()
  }
  return { world, policy, keyring, close }
}

/** The world of a command: it answers no requests, and hashes at most one password. */
export function worldOfCommand(
  policy: Policy,
  kept: Kept,
  clock: Clock | undefined,
): { world: World; close: () => Promise<void> } {
  let hasher: PasswordHasher | undefined
  const world = worldOf(policy, kept, {
    standing: withoutMemory(kept.store),
    // Threads are started by whoever needs one.
    get hasher() {
      hasher ??= hasherOf(policy, 1)
      return hasher
    },
    clock,
  })
  return {
    world,
    async close() {
      await hasher?.close()
      await kept.store.close()
    },
  }
}

function hasherOf({ hashing }: Policy, threads?: number): PasswordHasher {
  const { memory, passes, queue, workers } = hashing
  return tracedHasher(
    argon2id({
      memory,
      passes,
      queue,
      workers: threads ?? (workers === 0 ? hashingDefaults.workers : workers),
    }),
  )
}

function worldOf(
  policy: Policy,
  { store, keyring, instanceId, now }: Kept,
  ports: {
    readonly standing: Standing
    readonly hasher: PasswordHasher
    readonly clock: Clock | undefined
  },
): World {
  const { session, password, refresh, stepUp, ticket, socket, lockout, limits, audit } = policy
  return {
    store,
    standing: ports.standing,
    clock: { now, elapsed: () => (ports.clock ?? systemClock).elapsed() },
    random,
    get hasher() {
      return ports.hasher
    },
    get keys() {
      return keyring.keys
    },
    access: policy.access,
    policy: { session, password, refresh, stepUp, ticket, socket, lockout, limits, audit },
    instanceId,
    publicOrigin: policy.publicOrigin ?? '',
    get setupTokens() {
      return policy.setupToken ? [policy.setupToken] : setupTokensOf(keyring.keys, instanceId)
    },
    commonPasswords: loadBlocklist,
    isBreached: async (chosen) =>
      password.breachFile !== undefined && isInBreachFile(password.breachFile, chosen),
  }
}
