/**
 * Verify: every record of the audit held against what seals it, and every checkpoint against the
 * records. The first thing wrong with each chain is named.
 *
 * @module
 */
import type { ChainFound, Records } from '../audit-ports.ts'
import type { World } from '../ports.ts'
import { type Checkpoint, isSealed } from '../rules/audit-seal.ts'
import { atStart, type Fault, faultAt, gone, type Walk, walk } from '../rules/audit-walk.ts'
import type { Keys } from '../rules/keys.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import type { Instant } from '../rules/time.ts'
import { behind } from './acquaint.ts'

/** What a verification found. */
export interface Verified {
  readonly intact: boolean
  readonly at: Instant
  readonly rows: number
  readonly chains: number
  readonly checkpoints: number
  /** When the newest checkpoint from outside was made. */
  readonly knownUntil: Instant | null
  readonly faults: readonly Fault[]
}

type Known = ReturnType<Keys['every']>

/** Records read at once: they are held against their seals before anybody else takes a turn. */
const slice = 250
/** More than these help nobody. */
const mostFaults = 100

const underWay = new WeakMap<World['store'], Promise<Verified>>()

/**
 * Verifies the audit; whoever asks while that is under way at this node is told what comes of it.
 *
 * @returns `unavailable` when other nodes have a secret that this one lacks: it could not tell.
 */
export async function verifyAudit(
  world: Pick<World, 'store' | 'keys' | 'clock'>,
): Promise<{ readonly ok: true; readonly verified: Verified } | Refusal> {
  const { store, keys, clock } = world
  const late = await behind(world, keys)
  if (late) return late
  const begun = underWay.get(store) ?? verify(store.records, keys, clock.now())
  underWay.set(store, begun)
  try {
    const verified = await begun
    // A secret that came meanwhile has sealed what looks changed to whoever does not know it.
    return verified.intact || (world.keys === keys && !(await behind(world, keys)))
      ? { ok: true, verified }
      : refuse('unavailable', { why: 'root rotated' })
  } finally {
    underWay.delete(store)
  }
}

/**
 * Holds every record against what seals it.
 *
 * @param outside Checkpoints that were carried away, made before this began.
 * @param progress Told how many rows it has come through, a slice at a time.
 */
export async function verify(
  records: Records,
  keys: Keys,
  at: Instant,
  outside: readonly Checkpoint[] = [],
  progress: (rows: number) => void = () => {},
): Promise<Verified> {
  const known = keys.every('audit')
  const brought = Map.groupBy(outside, ({ chain }) => chain)
  const faults: Fault[] = []
  let [rows, chains, checkpoints] = [0, 0, 0]
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: Awaited<ReturnType<Records['chains']>> = await records.chains(after)
    for (const found of page.found) {
      const brings = brought.get(found.chain) ?? []
      const done = await walkAll(records, known, found, brings, (more) => progress(rows + more))
      brought.delete(found.chain)
      chains += 1
      rows += done.rows
      checkpoints += done.checkpoints
      if (done.fault) faults.push(done.fault)
    }
    after = page.next
  }
  // Chains that only a checkpoint knows.
  for (const [chain, said] of brought) {
    const forged = said.find((one) => !isSealed(known, 'checkpoint', one))
    faults.push(gone(chain, forged?.seq ?? 1, forged ? 'checkpoint' : 'cut'))
  }
  const inTime = ({ at }: Fault) => at ?? Number.POSITIVE_INFINITY
  faults.sort((a, b) => inTime(a) - inTime(b) || (a.chain < b.chain ? -1 : 1))
  const knownUntil = outside.length > 0 ? Math.max(...outside.map((one) => one.at)) : null
  const intact = faults.length === 0
  return { intact, at, rows, chains, checkpoints, knownUntil, faults: faults.slice(0, mostFaults) }
}

interface Walked {
  readonly rows: number
  readonly checkpoints: number
  readonly fault?: Fault
}

/** Walks along one chain, and once more when rows of it were removed in time meanwhile. */
async function walkAll(
  records: Records,
  known: Known,
  found: ChainFound,
  outside: readonly Checkpoint[],
  progress: (rows: number) => void,
): Promise<Walked> {
  const walked = await walkOnce(records, known, found, outside, progress)
  if (!walked.fault) return walked
  const again = await records.chain(found.chain)
  return again && (again.boundary?.seq ?? 0) > (found.boundary?.seq ?? 0)
    ? walkAll(records, known, again, outside, progress)
    : walked
}

async function walkOnce(
  records: Records,
  known: Known,
  { chain, head, last, boundary, newest }: ChainFound,
  outside: readonly Checkpoint[],
  progress: (rows: number) => void,
): Promise<Walked> {
  if (boundary && !isSealed(known, 'boundary', boundary))
    return { rows: 0, checkpoints: 0, fault: gone(chain, boundary.seq, 'boundary') }
  const forged = outside.find((one) => !isSealed(known, 'checkpoint', one))
  if (forged) return { rows: 0, checkpoints: 0, fault: gone(chain, forged.seq, 'checkpoint') }
  const begin: Walk = boundary ? { ...atStart, seq: boundary.seq, mac: boundary.mac } : atStart
  const end = head?.seq ?? 0
  let checkpoints = 0
  let walked = begin
  const done = (fault?: Fault): Walked => ({
    rows: Math.max(walked.seq - begin.seq, 0),
    checkpoints,
    ...(fault && { fault }),
  })

  while (walked.seq < end) {
    const [from, limit] = [walked.seq, Math.min(slice, end - walked.seq)]
    const { rows, checkpoints: kept } = await records.stretch(chain, from, limit)
    const step = walk(known, walked, rows)
    walked = step.walked
    progress(walked.seq - begin.seq)
    const here = [...kept, ...outside].filter(({ seq }) => seq > from && seq <= walked.seq)
    checkpoints += here.length
    for (const one of here) {
      const row = rows[one.seq - from - 1]
      if (!isSealed(known, 'checkpoint', one)) return done(gone(chain, one.seq, 'checkpoint'))
      if (row && row.mac !== one.mac) return done(faultAt('rewritten', row))
    }
    if (step.fault) return done(step.fault)
    if (rows.length < limit) return done(gone(chain, walked.seq + 1))
  }
  if (last > end) {
    const { rows } = await records.stretch(chain, end, 1)
    return done(rows[0] ? faultAt(head ? 'added' : 'end', rows[0]) : gone(chain, last, 'added'))
  }
  if (head && head.mac !== walked.mac) return done(gone(chain, end, 'end'))
  const further = [...(newest ? [newest] : []), ...outside].some(({ seq }) => seq > end)
  return done(further ? gone(chain, end + 1, 'cut') : undefined)
}
