/**
 * Secrets, as an operator keeps them: which generations there are, what still needs each, and that
 * one is retired.
 *
 * @module
 */
import { instance, type Store } from '../ports.ts'
import { event } from '../rules/audit.ts'
import type { Ring, Root } from '../rules/keys.ts'
import { type KeyUses, underWay } from '../rules/retirement.ts'

/** What a generation is good for: making, checking all, knowing passwords, or checking records. */
export type GenerationState = 'active' | 'verifying' | 'passwords-only' | 'audit-only'

export interface Generation {
  readonly id: string
  readonly state: GenerationState
  /** What alive was made under it. */
  readonly uses: KeyUses
}

const nothing = { count: 0, until: null }

/** The generations of a ring, the active one first, and the one the database last met. */
export async function generationsOf(
  store: Store,
  { active, verify, passwordsOnly = [], auditOnly = [] }: Ring,
): Promise<{ readonly met: string | null; readonly generations: readonly Generation[] }> {
  const here = await store.find(instance())
  const generation = async ({ id }: Root, state: GenerationState): Promise<Generation> => {
    const uses = await store.uses(id, underWay)
    if (state === 'active' || state === 'verifying') return { id, state, uses }
    // Nothing else is believed of it any more.
    const passwords = state === 'passwords-only' ? uses.passwords : 0
    return { id, state, uses: { sessions: nothing, devices: nothing, passwords } }
  }
  const asked = [
    generation(active, 'active'),
    ...verify.map((root) => generation(root, 'verifying')),
    ...passwordsOnly.map((root) => generation(root, 'passwords-only')),
    ...auditOnly.map((root) => generation(root, 'audit-only')),
  ]
  return { met: here?.keyId ?? null, generations: await Promise.all(asked) }
}

/** Records that a generation was taken out of use. */
export async function recordRetired(store: Store, id: string, actor: string): Promise<void> {
  const retired = event('secret.retired', 'success', { actor, subject: `secret:${id}` })
  await store.step({}, () => ({ verdict: undefined, record: [retired] }))
}
