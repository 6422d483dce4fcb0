/**
 * The chores of a node, put together: what it does between requests, and who is told of it.
 *
 * @module
 */
import { behind } from './flows/acquaint.ts'
import { sweep } from './flows/sweep.ts'
import type { Keyring } from './keyring.ts'
import type { World } from './ports.ts'
import type { Swept } from './rules/sweep.ts'
import { minute, second } from './rules/time.ts'
import { type Chore, chore } from './system/chores.ts'

/** What a chore has to tell. */
export type Told =
  /** The secret file has changed; the generations in use from now on, the active one first. */
  | { readonly chore: 'secret'; readonly is: 'renewed'; readonly ids: readonly string[] }
  /** The secret file cannot be used, or other nodes have a secret that this one lacks. */
  | { readonly chore: 'secret'; readonly is: 'refused'; readonly complaints: readonly string[] }
  /** How many rows of each kind were removed. */
  | { readonly chore: 'sweep'; readonly is: 'done'; readonly removed: Swept }
  | { readonly chore: 'secret' | 'sweep'; readonly is: 'failed'; readonly error: unknown }

/** How often a secret file is looked at. */
const looking = 2 * second
/** How often what is worn out is removed. */
const sweeping = minute

export interface Chores {
  /** Looks at the secret file now. */
  look(): Promise<void>
  stop(): Promise<void>
}

const lacking =
  'Other nodes have a root secret that this one lacks: it takes no sign-ins. Give it the same file.'

/** Starts the chores of a node. */
export function startChores(world: World, keyring: Keyring, tell: (told: Told) => void): Chores {
  let wasBehind = false

  async function look(): Promise<void> {
    const seen = await keyring.look(world.store)
    if (seen.kind === 'renewed') tell({ chore: 'secret', is: 'renewed', ids: seen.ids })
    if (seen.kind === 'refused')
      tell({ chore: 'secret', is: 'refused', complaints: seen.complaints })
    const isBehind = (await behind(world, world.keys)) !== undefined
    // Said once, not every two seconds.
    if (isBehind && !wasBehind) tell({ chore: 'secret', is: 'refused', complaints: [lacking] })
    wasBehind = isBehind
  }

  let stopping = false

  async function clear(): Promise<void> {
    const removed = await sweep(world, () => !stopping)
    if (Object.values(removed).some((rows) => rows > 0))
      tell({ chore: 'sweep', is: 'done', removed })
  }

  const failed = (name: 'secret' | 'sweep') => (error: unknown) =>
    tell({ chore: name, is: 'failed', error })
  const chores: readonly Chore[] = [
    chore(looking, look, failed('secret')),
    chore(sweeping, clear, failed('sweep')),
  ]
  return {
    look,
    async stop() {
      stopping = true
      await Promise.all(chores.map((one) => one.stop()))
    },
  }
}
