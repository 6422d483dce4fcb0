/**
 * Audit: what was recorded, page by page or carried away.
 *
 * @module
 */
import type { RecordPlace, Records, RecordsAsked } from '../audit-ports.ts'
import type { World } from '../ports.ts'
import { type AuditRow, event } from '../rules/audit.ts'
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
