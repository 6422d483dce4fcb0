/**
 * The operator: what is done at the command line, beside running nodes and on the same database.
 *
 * @module
 */
import { backUp } from './backup.ts'
import { acquaint, meet as meetKeys, rotated } from './flows/acquaint.ts'
import { carryNames, type Generation, generationsOf, recordRetired } from './flows/secrets.ts'
import { OperatorRefusal, operatingPeople, type PeopleOperator } from './operator-people.ts'
import { SettingsError, settled } from './options.ts'
import type { Clock } from './ports.ts'
import { deriveKeys, type Ring } from './rules/keys.ts'
import { isUnused, type KeyUses, underWay } from './rules/retirement.ts'
import { withNew, withRetired } from './rules/secret-file.ts'
import type { Said } from './rules/settle.ts'
import { systemRandom as random } from './system/random.ts'
import { readRing } from './system/root-secret.ts'
import { newSecret, rewriteSecretFile } from './system/secret-file.ts'
import { complaintsOf, openKept, worldOfCommand } from './world.ts'

export interface SecretStatus {
  /** Where the secret stands; `undefined` where it is given as text. */
  readonly file: string | undefined
  /** The generation the database last met; null before the first start. */
  readonly met: string | null
  readonly generations: readonly Generation[]
}

export interface Operator {
  /**
   * What may be done about people, their sessions and keys.
   *
   * @throws {OperatorRefusal} When the secret is not the one this database was made with.
   */
  people(): Promise<PeopleOperator>
  /** Which root secrets there are, and what still needs each. */
  secretStatus(): Promise<SecretStatus>
  /**
   * Puts a new root secret in front of the file.
   *
   * @param leaked Whether the old ones may be known: every session is over then.
   * @throws {OperatorRefusal}
   */
  rotateSecret(leaked: boolean): Promise<{ readonly active: string; readonly file: string }>
  /**
   * Takes a generation out of use that nothing needs.
   *
   * @throws {OperatorRefusal} When something does.
   */
  retireSecret(id: string): Promise<{ readonly file: string }>
  /**
   * Gives up a generation that is in no file any more. Whoever needs it is locked out.
   *
   * @throws {OperatorRefusal} When it is in the file, or never was in use.
   */
  giveUpSecret(id: string): Promise<{ readonly uses: KeyUses }>
  /**
   * Copies the database into a file, while servers run.
   *
   * @throws {OperatorRefusal} When there is a file already, or the database is PostgreSQL.
   */
  backUp(file: string): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the database and the secret. Neither is made: before the first start there is nothing to do.
 *
 * @param actor Who is recorded: `operator:<os user>`.
 * @param clock For tests, as in `openWorld`.
 * @throws {SettingsError} With everything that is wrong.
 * @throws {Unavailable} When the database does not answer.
 */
export async function openOperator(
  said: readonly Said[],
  actor: string,
  clock?: Clock,
): Promise<Operator> {
  const complaints = await complaintsOf(said)
  if (complaints.length > 0) throw new SettingsError(complaints)
  const { policy } = settled(said)
  const kept = await openKept(policy, 'kept', clock)
  const { store, keyring, ring, file, instanceId } = kept
  const { world, close } = worldOfCommand(policy, kept, clock)

  /** The ring in the file, and its keys met by the database. */
  async function meet(): Promise<{ path: string; name: string; ring: Ring; moved: boolean }> {
    if (!file) {
      throw new OperatorRefusal(
        'The secret is given as text and cannot be replaced here. Write it to a file of its own, mode 600, and name that in secretFile.',
      )
    }
    const ring = await ringNow()
    const met = await acquaint(store, deriveKeys(ring, instanceId), actor)
    if (!met.ok) throw new OperatorRefusal(met.complaint)
    return { ...file, ring, moved: met.moved }
  }

  async function ringNow(): Promise<Ring> {
    const read = file && (await readRing(file.path, file.name))
    if (read && !read.ok) throw new OperatorRefusal(read.complaints.join('\n'))
    return read ? read.ring : ring
  }

  return {
    async people() {
      const met = await acquaint(store, keyring.keys, actor)
      if (!met.ok) throw new OperatorRefusal(met.complaint)
      return operatingPeople(world, actor)
    },

    async secretStatus() {
      const found = await generationsOf(store, await ringNow())
      return { file: file?.path, ...found }
    },

    async rotateSecret(leaked) {
      const { path, ring: before } = await meet()
      await rewrite(path, (text) => withNew(text, newSecret(random), leaked))
      // A node may have been here first; who has rotated is recorded all the same.
      const { ring: after, moved } = await meet()
      await keyring.look(store)
      const active = after.active.id
      if (!moved) {
        const record = [rotated(before.active.id, active, leaked, actor)]
        await store.step({}, () => ({ verdict: undefined, record }))
      }
      return { active, file: path }
    },

    async retireSecret(id) {
      const { path, ring: now } = await meet()
      const { generations } = await generationsOf(store, now)
      const found = generations.find((one) => one.id === id)
      if (!found) throw new OperatorRefusal(`There is no secret ${id} in ${path}.`)
      if (found.state === 'active')
        throw new OperatorRefusal(`Secret ${id} is the one in use. Rotate first.`)
      if (found.state === 'audit-only')
        throw new OperatorRefusal(`Secret ${id} is retired already; it only checks records.`)
      if (!isUnused(found.uses))
        throw new OperatorRefusal(`Secret ${id} is still needed.`, found.uses)
      await carryNames(store, deriveKeys(now, instanceId), id)
      let before = ''
      await rewrite(path, (text) => {
        before = text
        return withRetired(text, id)
      })
      try {
        await recordRetired(store, id, actor)
      } catch (error) {
        await rewrite(path, () => before)
        throw error
      }
      return { file: path }
    },

    async giveUpSecret(id) {
      const now = await ringNow()
      const kept = await generationsOf(store, now)
      if (kept.generations.some((one) => one.id === id))
        throw new OperatorRefusal(
          `Secret ${id} is not lost: it is at hand. Retire it without --lost.`,
        )
      if (!(await store.formerRoots()).includes(id))
        throw new OperatorRefusal(`There was no secret ${id}, or it is retired already.`)
      const met = await meetKeys(store, deriveKeys(now, instanceId), actor)
      if (!met.ok) throw new OperatorRefusal(met.complaint)
      const uses = await store.uses(id, underWay)
      await recordRetired(store, id, actor, uses)
      return { uses }
    },

    backUp: (file) => backUp(policy, store, file, actor),

    close,
  }
}

function rewrite(path: string, change: (text: string) => string): Promise<void> {
  return rewriteSecretFile(path, change).catch((error: Error) => {
    throw new OperatorRefusal(error.message)
  })
}
