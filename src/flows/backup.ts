/**
 * Backup: that a copy was taken is recorded, and so is that one was put back, which ends every session.
 *
 * @module
 */
import { instance, type Store } from '../ports.ts'
import { event } from '../rules/audit.ts'
import { keep } from '../rules/step.ts'

/** Records a copy before it is made: it tells of itself. */
export async function recordBackup(store: Store, actor: string): Promise<void> {
  const record = [event('instance.backed_up', 'success', { actor })]
  await store.step({}, () => ({ verdict: undefined, record }))
}

/**
 * Moves the epoch past the one of the copy and past `other`: what was issued under either is void.
 *
 * @param other Of the database that it takes the place of.
 */
export async function restoreEpoch(store: Store, other: number, actor: string): Promise<void> {
  await store.step({ here: instance() }, ({ here }) => {
    if (!here) throw new Error('the instance row is gone')
    const epoch = Math.max(here.epoch, other) + 1
    return {
      verdict: undefined,
      keep: [keep('instance', { ...here, epoch })],
      record: [
        event('instance.restored', 'success', { actor, details: JSON.stringify({ epoch }) }),
      ],
    }
  })
}
