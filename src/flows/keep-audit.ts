/**
 * Keeping the audit, one node at a time: whatever was recorded since the last checkpoint is held against
 * its seals and sealed with another, and what is older than it is kept is removed, segment by segment.
 *
 * @module
 */
import type { ChainFound, KeptCheckpoint } from '../audit-ports.ts'
import type { World } from '../ports.ts'
import { event } from '../rules/audit.ts'
import {
  type Checkpoint,
  commandChain,
  isSealed,
  openedBy,
  sealAfter,
  sealEvery,
  sealedAt,
} from '../rules/audit-seal.ts'
import { atStart, type Fault, gone, type Walk, walk } from '../rules/audit-walk.ts'
import { type Instant, second } from '../rules/time.ts'
import { behind } from './acquaint.ts'
import { record } from './record.ts'

export interface Keeper {
  /** Whether it is for this node to keep the audit now. */
  mine(): Promise<boolean>
  /** Lets another node do it at once. */
  resign(): Promise<void>
  /** Seals what is to be sealed; with `all` whatever is not sealed yet. Each fault is told once. */
  seal(
    all: boolean,
  ): Promise<{ readonly sealed: readonly Checkpoint[]; readonly faults: readonly Fault[] }>
  /** Removes what is older than it is kept. @param goOn Asked before each slice. */
  trim(goOn: () => boolean): Promise<{ readonly rows: number; readonly faults: readonly Fault[] }>
}

/** How long a node that keeps the audit is not relieved by another. */
const lease = 30 * second
/** Rows read, or removed, at once. */
const slice = 250

type Sealing = Pick<World, 'store' | 'keys' | 'clock'>

export function keeperOf(world: World): Keeper {
  const { store, standing, policy } = world
  const { records } = store
  /** How far the chain of commands was carried outside: they seal it by themselves. */
  let carried = 0
  /** Chains that were found broken: nothing more is built on them here. */
  const broken = new Set<string>()

  async function each(work: (found: ChainFound) => Promise<Fault | undefined>): Promise<Fault[]> {
    const faults: Fault[] = []
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: Awaited<ReturnType<typeof records.chains>> = await records.chains(after)
      for (const found of page.found) {
        if (broken.has(found.chain)) continue
        const fault = await work(found)
        if (!fault) continue
        broken.add(found.chain)
        faults.push(fault)
      }
      after = page.next
    }
    return faults
  }

  /** Whether it is this node's turn, and it could tell a genuine record. */
  async function mine(): Promise<boolean> {
    return !(await behind(world, world.keys)) && (await records.keeps(standing.node, lease))
  }

  return {
    mine,
    resign: () => records.resigns(standing.node),

    async seal(all) {
      const sealed: Checkpoint[] = []
      let turn: boolean | undefined
      const faults = await each(async (found) => {
        const { chain, newest } = found
        if (chain === commandChain && newest && newest.seq > carried) {
          turn ??= await mine()
          if (turn) sealed.push(newest)
          carried = newest.seq
        }
        if (!isMoved(found) || !(all || isDue(found, world.clock.now()))) return undefined
        // Asked only once there is something to do: an idle node writes nothing.
        turn ??= await mine()
        if (!turn) return undefined
        const done = await sealChain(world, found)
        sealed.push(...done.sealed)
        return done.fault
      })
      return { sealed, faults }
    },

    async trim(goOn) {
      const horizon = world.clock.now() - policy.audit.retention
      let turn: boolean | undefined
      let [rows, chains] = [0, 0]
      const faults = await each(async (found) => {
        if (!goOn() || !(isLeft(found) || isWorn(found, horizon))) return undefined
        turn ??= await mine()
        if (!turn) return undefined
        const done = await trimChain(world, found, horizon, goOn)
        rows += done.rows
        chains += done.rows > 0 ? 1 : 0
        return done.fault
      })
      if (rows > 0) {
        const details = JSON.stringify({ rows, chains, before: horizon })
        await record(world, event('audit.trimmed', 'success', { actor: 'node', details }))
      }
      return { rows, faults }
    },
  }
}

const sealedTo = ({ newest, boundary }: ChainFound): number => newest?.seq ?? boundary?.seq ?? 0
/** Also where the end was put back behind what is sealed. */
const isMoved = (found: ChainFound) => (found.head?.seq ?? 0) !== sealedTo(found)

function isDue({ head, newest }: ChainFound, now: Instant): boolean {
  if (!head || head.seq < (newest?.seq ?? 0)) return true
  return !newest || now - newest.at >= sealEvery || head.seq - newest.seq >= sealAfter
}

/** Seals a chain up to its end, and on the way after every thousand records. */
async function sealChain(
  { store: { records }, keys, clock }: Sealing,
  { chain, head, newest, boundary }: ChainFound,
): Promise<{ readonly sealed: readonly Checkpoint[]; readonly fault?: Fault }> {
  const known = keys.every('audit')
  const { key } = keys.active('audit')
  const sealed: Checkpoint[] = []
  const begun = newest ?? boundary
  if (begun && !isSealed(known, newest ? 'checkpoint' : 'boundary', begun))
    return { sealed, fault: gone(chain, begun.seq, newest ? 'checkpoint' : 'boundary') }
  let walked: Walk = begun ? { ...atStart, seq: begun.seq, mac: begun.mac } : atStart
  let last: KeptCheckpoint | undefined = newest
  const end = head?.seq ?? 0
  if (end < walked.seq) return { sealed, fault: gone(chain, end + 1, 'cut') }
  let since = walked.seq
  while (walked.seq < end) {
    const limit = Math.min(slice, end - walked.seq, since + sealAfter - walked.seq)
    const { rows } = await records.stretch(chain, walked.seq, limit)
    const step = walk(known, walked, rows)
    if (step.fault) return { sealed, fault: step.fault }
    walked = step.walked
    if (rows.length < limit) return { sealed, fault: gone(chain, walked.seq + 1) }
    if (walked.seq === end && walked.mac !== head?.mac)
      return { sealed, fault: gone(chain, end, 'end') }
    if (walked.seq < end && walked.seq - since < sealAfter) continue
    const made = sealedAt(key, 'checkpoint', { chain, ...walked }, clock.now())
    last = { ...made, ...openedBy(last, made) }
    await records.seal(last)
    since = walked.seq
    sealed.push(made)
  }
  return { sealed }
}

/** Whether rows stand before their boundary: whoever removed them was stopped. */
const isLeft = ({ first, boundary }: ChainFound) =>
  boundary !== undefined && first > 0 && first <= boundary.seq

const isWorn = ({ oldest }: ChainFound, horizon: Instant) =>
  oldest !== undefined && oldest.at < horizon

async function trimChain(
  { store, keys }: Sealing,
  from: ChainFound,
  horizon: Instant,
  goOn: () => boolean,
): Promise<{ readonly rows: number; readonly fault?: Fault }> {
  const { records } = store
  const known = keys.every('audit')
  const { chain } = from
  let rows = 0
  for (let found: ChainFound | undefined = from; found; found = await records.chain(chain)) {
    const { boundary, oldest } = found
    if (boundary && !isSealed(known, 'boundary', boundary))
      return { rows, fault: gone(chain, boundary.seq, 'boundary') }
    if (boundary && isLeft(found)) {
      for (let removed = slice; removed === slice && goOn(); rows += removed)
        removed = await records.trim(boundary, slice)
    }
    if (!oldest || !isWorn(found, horizon) || !goOn()) break
    const looked = await lookThrough({ store, keys }, found, oldest)
    if (looked.fault) return { rows, fault: looked.fault }
    if (looked.needed) break
    const { key } = keys.active('audit')
    await records.bound(sealedAt(key, 'boundary', oldest, oldest.at))
  }
  return { rows }
}

/**
 * Looks through a segment before it goes: what was tampered with stays to be seen, and so does what
 * tells of a root secret that is not retired yet.
 */
async function lookThrough(
  { store, keys }: Pick<World, 'store' | 'keys'>,
  { chain, boundary }: ChainFound,
  end: Checkpoint,
): Promise<{ readonly needed: boolean; readonly fault?: Fault }> {
  const known = keys.every('audit')
  if (!isSealed(known, 'checkpoint', end))
    return { needed: true, fault: gone(chain, end.seq, 'checkpoint') }
  const former = new Set((await store.formerRoots()).map((id) => `secret:${id}`))
  let needed = false
  let walked: Walk = boundary ? { ...atStart, seq: boundary.seq, mac: boundary.mac } : atStart
  while (walked.seq < end.seq) {
    const limit = Math.min(slice, end.seq - walked.seq)
    const { rows } = await store.records.stretch(chain, walked.seq, limit)
    const step = walk(known, walked, rows)
    if (step.fault) return { needed: true, fault: step.fault }
    walked = step.walked
    if (rows.length < limit) return { needed: true, fault: gone(chain, walked.seq + 1) }
    needed ||= rows.some(({ subject }) => subject !== null && former.has(subject))
  }
  return walked.mac === end.mac
    ? { needed }
    : { needed: true, fault: gone(chain, end.seq, 'rewritten') }
}

/** Seals one chain to its end, whoever keeps the audit. */
export async function sealNamed(sealing: Sealing, chain: string): Promise<void> {
  const found = await sealing.store.records.chain(chain)
  if (found && isMoved(found) && !(await behind(sealing, sealing.keys)))
    await sealChain(sealing, found)
}
