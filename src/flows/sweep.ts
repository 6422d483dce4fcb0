/**
 * Sweep: removes what nobody will ask for any more, slice by slice. Any number of nodes may do it at
 * once, and any of them may stop in the middle.
 *
 * @module
 */
import type { World } from '../ports.ts'
import { type Swept, type SweptKind, slice, sweptKinds, toldFor } from '../rules/sweep.ts'

/**
 * Sweeps everything.
 *
 * @param goOn Asked before each slice; a node that is being closed does not.
 * @returns How much was removed.
 */
export async function sweep(
  { store }: Pick<World, 'store'>,
  goOn: () => boolean = () => true,
): Promise<Swept> {
  const swept = Object.fromEntries(sweptKinds.map((kind) => [kind, 0])) as Record<SweptKind, number>
  for (const kind of sweptKinds) {
    for (let removed = slice; removed === slice && goOn(); ) {
      removed = await store.sweep(kind, { toldFor, slice })
      swept[kind] += removed
    }
  }
  return swept
}
