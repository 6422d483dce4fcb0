/**
 * Lately: what was recorded after an event that somebody has been told of already.
 *
 * @module
 */
import type { World } from '../ports.ts'
import type { AuditRow } from '../rules/audit.ts'

/** Whoever was away for longer than that reads the audit. */
const most = 1_000

const byId = (id: string) =>
  ({ list: 'audit', since: 'at', among: { column: 'id', values: [id] } }) as const

/** The records after the one with this id, oldest first, at most 1,000; none after one that is not there. */
export async function lately({ store }: World, id: string): Promise<readonly AuditRow[]> {
  const [last] = await store.page(byId(id), { limit: 1 })
  if (!last) return []
  const rows = await store.page({ list: 'audit', since: 'at' }, { limit: most })
  const after = rows.filter((row) => row.at >= last.at && row.id !== id)
  return after.sort((a, b) => a.at - b.at || (a.chain < b.chain ? -1 : 1) || a.seq - b.seq)
}
