/**
 * The chores of a node, put together: what it does between requests, and who is told of it.
 *
 * @module
 */

import type { Carried } from './audit-ports.ts'
import { behind } from './flows/acquaint.ts'
import { keeperOf } from './flows/keep-audit.ts'
import { shipAudit } from './flows/ship-audit.ts'
import { strayLine, strayRoles } from './flows/stray-roles.ts'
import { sweep } from './flows/sweep.ts'
import { exportView, iso } from './http/view.ts'
import type { Keyring } from './keyring.ts'
import type { World } from './ports.ts'
import type { AuditRow } from './rules/audit.ts'
import type { Checkpoint } from './rules/audit-seal.ts'
import { type Fault, faultKinds } from './rules/audit-walk.ts'
import type { Swept } from './rules/sweep.ts'
import { minute, second } from './rules/time.ts'
import { auditSink } from './system/audit-sink.ts'
import { type Chore, chore, within } from './system/chores.ts'

/** What a chore has to tell. */
export type Told =
  /** The secret file has changed; the generations in use from now on, the active one first. */
  | { readonly chore: 'secret'; readonly is: 'renewed'; readonly ids: readonly string[] }
  /** The secret file cannot be used, or other nodes have a secret that this one lacks. */
  | { readonly chore: 'secret'; readonly is: 'refused'; readonly complaints: readonly string[] }
  /** How many rows of each kind were removed. */
  | { readonly chore: 'sweep'; readonly is: 'done'; readonly removed: Swept }
  /** Checkpoints of the audit, to be carried outside. */
  | {
      readonly chore: 'audit'
      readonly is: 'sealed'
      readonly checkpoints: readonly CarriedCheckpoint[]
    }
  /** Records that are not what was sealed, each said once. */
  | { readonly chore: 'audit'; readonly is: 'broken'; readonly complaints: readonly string[] }
  /** How many records were older than they are kept. */
  | { readonly chore: 'audit'; readonly is: 'trimmed'; readonly rows: number }
  /** Roles that people hold and nobody has defined, once after the start. */
  | { readonly chore: 'access'; readonly is: 'refused'; readonly complaints: readonly string[] }
  | {
      readonly chore: 'secret' | 'sweep' | 'audit' | 'access'
      readonly is: 'failed'
      readonly error: unknown
    }

/** A checkpoint as it is carried: `at` is ISO 8601 UTC. */
export type CarriedCheckpoint = Omit<Checkpoint, 'at'> & { readonly at: string }

/** How often a secret file is looked at. */
const looking = 2 * second
/** How often what is worn out is removed. */
const sweeping = minute
/** How often it is looked whether the audit is to be sealed. */
const keeping = 10 * second
/** How long a node that stops tries to leave the audit sealed. */
const atLast = 2 * second

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

  const keeper = keeperOf(world)
  const { sink: where } = world.policy.audit
  const sink = where === undefined ? undefined : auditSink(where)

  /** Carries what was recorded to the sink, where there is one. */
  async function ship(sealed: readonly Checkpoint[], all: boolean): Promise<void> {
    if (!sink) return
    const goOn = async () => (all || !stopping) && (await keeper.mine())
    await shipAudit(world, sink, carriedRow, goOn)
    if (sealed.length > 0) await sink.ship(sealed.map(carriedSeal))
  }

  async function keep(all = false): Promise<void> {
    await world.store.recordFloods()
    const { sealed, faults } = await keeper.seal(all)
    if (sealed.length > 0)
      tell({ chore: 'audit', is: 'sealed', checkpoints: sealed.map(carriedCheckpoint) })
    const complaints = faults.map(complaintOf)
    if (complaints.length > 0) tell({ chore: 'audit', is: 'broken', complaints })
    await ship(sealed, all)
  }

  async function trim(): Promise<void> {
    const { rows, faults } = await keeper.trim(() => !stopping)
    if (rows > 0) tell({ chore: 'audit', is: 'trimmed', rows })
    const complaints = faults.map(complaintOf)
    if (complaints.length > 0) tell({ chore: 'audit', is: 'broken', complaints })
  }

  const failed = (name: 'secret' | 'sweep' | 'audit' | 'access') => (error: unknown) =>
    tell({ chore: name, is: 'failed', error })
  async function lookAtRoles(): Promise<void> {
    const complaints = (await strayRoles(world)).map(strayLine)
    if (complaints.length > 0) tell({ chore: 'access', is: 'refused', complaints })
  }

  const begun = lookAtRoles().catch(failed('access'))
  const chores: readonly Chore[] = [
    chore(looking, look, failed('secret')),
    chore(sweeping, clear, failed('sweep')),
    chore(keeping, () => keep(), failed('audit')),
    chore(sweeping, trim, failed('audit')),
  ]
  return {
    look,
    async stop() {
      stopping = true
      await Promise.all([begun, ...chores.map((one) => one.stop())])
      // What nobody writes to any more should not stand unsealed; the next node that runs does it else.
      await within(atLast, keep(true).finally(keeper.resign)).catch(failed('audit'))
      await sink?.close()
    },
  }
}

const carriedCheckpoint = (found: Checkpoint): CarriedCheckpoint => ({
  ...found,
  at: iso(found.at),
})

const carriedRow = (row: AuditRow): Carried => ({
  line: JSON.stringify(exportView(row)),
  name: row.type,
  at: iso(row.at),
  refused: row.outcome === 'refused',
})

const carriedSeal = (found: Checkpoint): Carried => ({
  line: JSON.stringify({ checkpoint: carriedCheckpoint(found) }),
  name: 'audit.checkpoint',
  at: iso(found.at),
  refused: false,
})

const complaintOf = ({ what, chain, seq }: Fault): string =>
  `audit: record ${seq} of chain ${chain}: ${faultKinds[what]}`
