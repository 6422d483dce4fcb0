/**
 * Shipping: what was recorded is carried to the sink, chain by chain, in order and at least once. How far
 * is noted only after the sink has it, so that a server that is killed sends some of it twice.
 *
 * @module
 */
import type { AuditSink, Carried } from '../audit-ports.ts'
import type { World } from '../ports.ts'
import type { AuditRow } from '../rules/audit.ts'

/** Records shipped at once. */
const slice = 250

/**
 * @param written How a record is written.
 * @param goOn Asked before each slice: whether it is still for this node to do.
 * @returns How many records.
 */
export async function shipAudit(
  { store: { records } }: Pick<World, 'store'>,
  sink: AuditSink,
  written: (row: AuditRow) => Carried,
  goOn: () => Promise<boolean>,
): Promise<number> {
  let shipped = 0
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: Awaited<ReturnType<typeof records.unshipped>> = await records.unshipped(after)
    for (const { chain, seq, from } of page.found) {
      for (let at = from; at < seq && (await goOn()); ) {
        const { rows } = await records.stretch(chain, at, slice)
        const last = rows.at(-1)
        // A hole is for whoever verifies; what comes behind it is carried all the same.
        if (!last) break
        await sink.ship(rows.map(written))
        await records.shipped(chain, last.seq)
        at = last.seq
        shipped += rows.length
      }
    }
    after = page.next
  }
  return shipped
}
