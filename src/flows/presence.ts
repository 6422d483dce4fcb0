/**
 * Presence: how many connections people have to this node, for the others to count.
 *
 * @module
 */
import { presenceOn, type World } from '../ports.ts'
import { forget, keep, type Step } from '../rules/step.ts'

/** Writes counts of this node; nobody's row stays. */
export function writePresence(
  world: World,
  counts: readonly { readonly userId: string; readonly connections: number }[],
): Promise<void> {
  const { node } = world.standing
  const asked = Object.fromEntries(
    counts.map(({ userId }) => [userId, presenceOn(node, userId)] as const),
  )
  return world.store.step(
    asked,
    (shown, now): Step<undefined> => ({
      verdict: undefined,
      keep: counts.flatMap(({ userId, connections }) => {
        const before = shown[userId]
        if (connections === 0) return before ? [forget('presence', before.id)] : []
        const { is: id } = presenceOn(node, userId)
        return [keep('presence', { id, node, userId, createdAt: now, ...before, connections })]
      }),
    }),
  )
}
