/**
 * Activity: what was recorded about a person, for that person to look at.
 *
 * @module
 */
import { auditOf, type World } from '../ports.ts'
import type { AuditRow } from '../rules/audit.ts'
import type { Place } from '../rules/cursor.ts'
import type { Caller } from './authenticate.ts'

/** A page of the events about the caller, newest first, and where the next begins. */
export async function activityOf(
  { store }: World,
  { user }: Caller,
  from: { after: Place | undefined; limit: number },
): Promise<{ items: readonly AuditRow[]; next: Place | undefined }> {
  const subject = auditOf(`user:${user.id}`)
  const rows = await store.page(subject, { ...from, limit: from.limit + 1 })
  const items = rows.slice(0, from.limit)
  const last = items.at(-1)
  const next = rows.length > from.limit && last ? { createdAt: last.at, id: last.id } : undefined
  return { items, next }
}
