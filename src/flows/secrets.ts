/**
 * Secrets, as an operator keeps them: which generations there are, what still needs each, and that
 * one is retired.
 *
 * @module
 */
import { attempts, instance, type Store } from '../ports.ts'
import { event, pseudonymOf, pseudonymUnder } from '../rules/audit.ts'
import type { Place } from '../rules/cursor.ts'
import { carryOver, nameBucket } from '../rules/guess.ts'
import type { Keys, Ring, Root } from '../rules/keys.ts'
import { type KeyUses, underWay } from '../rules/retirement.ts'

/** What a generation is good for: making, checking all, knowing passwords, or checking records. */
export type GenerationState = 'active' | 'verifying' | 'passwords-only' | 'audit-only'

export interface Generation {
  readonly id: string
  readonly state: GenerationState
  /** What alive was made under it. */
  readonly uses: KeyUses
}

/** Names a page. */
const slice = 200

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
    const { keys, passwords } = state === 'passwords-only' ? uses : { keys: nothing, passwords: 0 }
    return { id, state, uses: { sessions: nothing, devices: nothing, keys, passwords } }
  }
  const asked = [
    generation(active, 'active'),
    ...verify.map((root) => generation(root, 'verifying')),
    ...passwordsOnly.map((root) => generation(root, 'passwords-only')),
    ...auditOnly.map((root) => generation(root, 'audit-only')),
  ]
  return { met: here?.keyId ?? null, generations: await Promise.all(asked) }
}

/** Records that a generation was taken out of use; `lost`: what needed it is locked out. */
export async function recordRetired(
  store: Store,
  id: string,
  actor: string,
  lost?: KeyUses,
): Promise<void> {
  const retired = event('secret.retired', 'success', {
    actor,
    subject: `secret:${id}`,
    ...(lost && {
      reason: 'lost',
      details: JSON.stringify({ passwords: lost.passwords, keys: lost.keys.count }),
    }),
  })
  await store.step({}, () => ({ verdict: undefined, record: [retired] }))
}

/**
 * Names guessed under generation `id` are kept under the one in use: their rests outlive it. Names that
 * are nobody's cannot be, and there is nothing to guess of them.
 */
export async function carryNames(store: Store, keys: Keys, id: string): Promise<void> {
  const key = keys.byId('pseudonym', id)
  let after: Place | undefined
  do {
    // With no failure asked for, every name that was guessed lately.
    const page = await store.resting({ after, limit: slice, consecutive: 0 })
    for (const { username, id: bucket } of page) {
      if (!key || username === null || bucket !== nameBucket(pseudonymUnder(key, username)))
        continue
      const now = nameBucket(pseudonymOf(keys, username))
      const asked = { older: attempts(bucket), current: attempts(now) }
      await store.step(asked, (shown) => carryOver(shown, now))
    }
    const last = page.at(-1)
    after = last && page.length === slice ? { createdAt: last.since, id: last.id } : undefined
  } while (after)
}
