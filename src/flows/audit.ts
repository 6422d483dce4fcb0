/**
 * Audit: what was recorded, page by page, carried away, and held against what seals it.
 *
 * @module
 */
import type { ChainFound, RecordPlace, Records, RecordsAsked } from '../audit-ports.ts'
import type { World } from '../ports.ts'
import { type AuditRow, event } from '../rules/audit.ts'
import { atStart, type Fault, faultAt, gone, type Walk, walk } from '../rules/audit-walk.ts'
import type { Keys } from '../rules/keys.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import type { Instant } from '../rules/time.ts'
import { behind } from './acquaint.ts'
import { doneBy } from './acting.ts'
import type { AnyCaller } from './authenticate.ts'
import { record } from './record.ts'

/** A page of the records, newest first. */
export const auditPage = (
  { store }: World,
  asked: Omit<RecordsAsked, 'order'>,
  from: { readonly after: RecordPlace | undefined; readonly limit: number },
): ReturnType<Records['page']> => store.records.page({ ...asked, order: 'newest first' }, from)

/** Records read at once by whoever reads all of them. */
const slice = 250

/** Records that somebody takes a copy, of what. */
export function recordExport(
  world: World,
  caller: AnyCaller,
  address: string,
  asked: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const details = JSON.stringify(asked)
  const said = { ...doneBy(caller), subject: `user:${caller.user.id}`, address, details }
  return record(world, event('audit.exported', 'success', said))
}

/** All that was recorded so far, oldest first, a slice at a time. */
export async function* exported(
  { store, clock }: Pick<World, 'store' | 'clock'>,
  { to, ...asked }: Omit<RecordsAsked, 'order'>,
): AsyncGenerator<readonly AuditRow[]> {
  const until = Math.min(to ?? Number.POSITIVE_INFINITY, clock.now() + 1)
  for (let after: RecordPlace | undefined; ; ) {
    const given: RecordsAsked = { ...asked, to: until, order: 'oldest first' }
    const { items, next } = await store.records.page(given, { after, limit: slice })
    yield items
    if (!next) return
    after = next
  }
}

/** What a verification found. */
export interface Verified {
  readonly intact: boolean
  readonly at: Instant
  readonly rows: number
  readonly chains: number
  readonly faults: readonly Fault[]
}

const underWay = new WeakMap<World['store'], Promise<Verified>>()

/**
 * Verifies the audit; whoever asks while that is under way at this node is told what comes of it.
 *
 * @returns `unavailable` when other nodes have a secret that this one lacks: it could not tell.
 */
export async function verifyAudit(
  world: World,
): Promise<{ readonly ok: true; readonly verified: Verified } | Refusal> {
  const { store, keys, clock } = world
  const late = await behind(world, keys)
  if (late) return late
  const begun = underWay.get(store) ?? verify(store.records, keys, clock.now())
  underWay.set(store, begun)
  try {
    const verified = await begun
    // A secret that came meanwhile has sealed what looks changed to whoever does not know it.
    return world.keys === keys || verified.intact
      ? { ok: true, verified }
      : refuse('unavailable', { why: 'root rotated' })
  } finally {
    underWay.delete(store)
  }
}

/** More than these help nobody. */
const mostFaults = 100

/** Holds every record against what seals it. */
export async function verify(records: Records, keys: Keys, at: Instant): Promise<Verified> {
  const known = keys.every('audit')
  const faults: Fault[] = []
  let [rows, chains] = [0, 0]
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: Awaited<ReturnType<Records['chains']>> = await records.chains(after)
    for (const found of page.found) {
      const { walked, fault } = await walkAll(records, known, found)
      chains += 1
      rows += walked.seq
      if (fault && faults.length < mostFaults) faults.push(fault)
    }
    after = page.next
  }
  const inTime = ({ at }: Fault) => at ?? Number.POSITIVE_INFINITY
  faults.sort((a, b) => inTime(a) - inTime(b) || (a.chain < b.chain ? -1 : 1))
  return { intact: faults.length === 0, at, rows, chains, faults }
}

/** Walks along one chain to the end it had when it was found. */
async function walkAll(
  records: Records,
  keys: ReturnType<Keys['every']>,
  { chain, head, last }: ChainFound,
): Promise<{ readonly walked: Walk; readonly fault?: Fault }> {
  let walked = atStart
  const end = head?.seq ?? 0
  while (walked.seq < end) {
    const limit = Math.min(slice, end - walked.seq)
    const rows = await records.rows(chain, walked.seq, limit)
    const step = walk(keys, walked, rows)
    if (step.fault) return step
    walked = step.walked
    if (rows.length < limit && walked.seq < end)
      return { walked, fault: gone(chain, walked.seq + 1) }
  }
  if (last > end) {
    const [row] = await records.rows(chain, end, 1)
    return { walked, fault: row ? faultAt(head ? 'added' : 'end', row) : gone(chain, end + 1) }
  }
  return head && walked.mac !== head.mac ? { walked, fault: gone(chain, end, 'end') } : { walked }
}
