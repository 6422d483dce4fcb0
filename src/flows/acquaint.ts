/**
 * Acquaint: a node and its database find out whether they belong together, before anything is served.
 *
 * @module
 */
import { instance, type Store } from '../ports.ts'
import type { Keys } from '../rules/keys.ts'
import { keep } from '../rules/step.ts'

/**
 * Holds the node's keys against the one the database last met, and leaves the active one there.
 *
 * @returns A sentence when the keys are other ones: then nothing is to be served.
 */
export function acquaint(store: Store, keys: Keys): Promise<string | undefined> {
  const [active = ''] = keys.ids
  return store.step({ here: instance() }, ({ here }) => {
    if (!here) throw new Error('the instance row is gone')
    if (here.keyId === active) return { verdict: undefined }
    // A node whose first key is new, but that still has the last one, brings a rotation.
    if (here.keyId === null || keys.ids.includes(here.keyId))
      return { verdict: undefined, keep: [keep('instance', { ...here, keyId: active })] }
    return {
      verdict: `secret: this database was made with another secret (key id ${here.keyId}); give that one.`,
    }
  })
}
