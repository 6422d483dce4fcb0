/**
 * Acquaint: a node and its database find out whether they belong together, before anything is served
 * and whenever the node's secret has changed.
 *
 * @module
 */
import { instance, type Store, type World } from '../ports.ts'
import { event } from '../rules/audit.ts'
import type { Instance } from '../rules/facts.ts'
import type { Keys } from '../rules/keys.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { underWay } from '../rules/retirement.ts'
import { keep, type Step } from '../rules/step.ts'

/** What came of it: refused with a sentence, or met; `moved` when the database had another one before. */
export type Acquainted =
  | { readonly ok: true; readonly moved: boolean }
  | { readonly ok: false; readonly complaint: string }

/**
 * Holds the node's keys against the one the database last met, and leaves the active one there. Until
 * that is done nothing is made under a new one: what the database has not met cannot be missed.
 *
 * A root secret that passwords or API keys are kept under may not just be left out: they would be worth
 * nothing any more, and nobody would know why.
 *
 * A rotation away from a leaked secret moves the epoch: everything issued before it is void.
 *
 * @param by Who brings them, for the record: `node`, or `operator:<os user>`.
 */
export async function acquaint(store: Store, keys: Keys, by = 'node'): Promise<Acquainted> {
  const complaint = await forgotten(store, keys)
  return complaint === undefined ? meet(store, keys, by) : { ok: false, complaint }
}

/** As {@link acquaint}, whoever is locked out by it. */
export function meet(store: Store, keys: Keys, by: string): Promise<Acquainted> {
  const { id } = keys.active('audit')
  return store.step({ here: instance() }, ({ here }): Step<Acquainted> => {
    if (!here) throw new Error('the instance row is gone')
    const before = here.keyId
    if (before === id) return { verdict: { ok: true, moved: false } }
    if (before === null)
      return {
        verdict: { ok: true, moved: false },
        keep: [keep('instance', { ...here, keyId: id })],
      }
    // A node whose first key is new, but that still has the last one, brings a rotation.
    const leaked = keys.leaked.ids.includes(before)
    if (leaked || keys.ids.includes(before)) {
      const epoch = leaked ? here.epoch + 1 : here.epoch
      return {
        verdict: { ok: true, moved: true },
        keep: [keep('instance', { ...here, keyId: id, epoch })],
        record: [rotated(before, id, leaked, by)],
      }
    }
    const complaint = `secret: this database was made with another secret (key id ${before}); give that one.`
    return { verdict: { ok: false, complaint } }
  })
}

async function forgotten(store: Store, keys: Keys): Promise<string | undefined> {
  for (const id of await store.formerRoots()) {
    if (keys.byId('pepper', id)) continue
    const { passwords, keys: apiKeys } = await store.uses(id, underWay)
    if (passwords + apiKeys.count > 0)
      return `secret: root secret ${id} is not there, and still needed: passwords kept under it: ${passwords}; API keys: ${apiKeys.count}. Put its line back into the secret file (marked passwords-only: if it has leaked); or, if it is lost for good: sallyport secret retire --lost -- ${id}`
  }
  return undefined
}

/** The event of a rotation. */
export const rotated = (before: string, active: string, leaked: boolean, actor: string) =>
  event('secret.rotated', 'success', {
    actor,
    subject: `secret:${before}`,
    reason: leaked ? 'emergency' : null,
    details: JSON.stringify({ active }),
  })

/** Whether other nodes have a secret that this one has not been given yet. */
const lacksOne = (here: Instance | undefined, keys: Keys): boolean =>
  typeof here?.keyId === 'string' && !keys.ids.includes(here.keyId)

/**
 * `unavailable` while this node is behind: what it cannot read may be genuine, so it neither refuses
 * it nor takes it for an attack; it asks to come again.
 *
 * @param keys Those it was read with: they may have been renewed meanwhile.
 */
export async function behind(
  { store }: Pick<World, 'store'>,
  keys: Keys,
): Promise<Refusal | undefined> {
  const here = await store.find(instance())
  return lacksOne(here, keys) ? refuse('unavailable', { why: 'unknown root' }) : undefined
}
