/**
 * The auditor: what is done about the audit at the command line, beside running nodes.
 *
 * @module
 */
import type { CarriedCheckpoint } from './chores.ts'
import { behind } from './flows/acquaint.ts'
import { auditPage, exported } from './flows/audit.ts'
import { record } from './flows/record.ts'
import { verify } from './flows/verify-audit.ts'
import { askedIn } from './http/audit-asked.ts'
import { auditView, exportView, verificationView } from './http/view.ts'
import { type Listed, OperatorRefusal } from './operator-people.ts'
import { SettingsError, settled } from './options.ts'
import type { Clock } from './ports.ts'
import { event } from './rules/audit.ts'
import type { Said } from './rules/settle.ts'
import type { AuditEvent, AuditExport, AuditVerification, ExportedEvent } from './wire.ts'
import { complaintsOf, openKept, worldOfCommand } from './world.ts'

/** As the query of `GET /audit/export`. */
export type RecordsWanted = AuditExport

export interface Auditor {
  /** What was recorded, newest first. @throws {OperatorRefusal} For a type or an instant that is none. */
  list(wanted: RecordsWanted, limit: number): Promise<Listed<AuditEvent>>
  /** All of it, oldest first, a slice at a time; it is recorded that a copy was taken. */
  exported(wanted: RecordsWanted): AsyncGenerator<readonly ExportedEvent[]>
  /**
   * Holds every record against what seals it.
   *
   * @param outside Checkpoints that were carried away before.
   * @throws {OperatorRefusal} When other nodes have a secret that is not here.
   */
  verify(
    outside: readonly CarriedCheckpoint[],
    progress?: (rows: number) => void,
  ): Promise<AuditVerification>
  close(): Promise<void>
}

/** Opens the database and the secret, as `openOperator` does. */
export async function openAuditor(
  said: readonly Said[],
  actor: string,
  clock?: Clock,
): Promise<Auditor> {
  const complaints = await complaintsOf(said)
  if (complaints.length > 0) throw new SettingsError(complaints)
  const { policy } = settled(said)
  const kept = await openKept(policy, 'kept', clock)
  const { world, close } = worldOfCommand(policy, kept, clock)

  function wantedIn(wanted: RecordsWanted) {
    for (const [name, value] of [
      ['from', wanted.from],
      ['to', wanted.to],
    ])
      if (value !== undefined && Number.isNaN(Date.parse(value)))
        throw new OperatorRefusal(`${name}: give an instant, as in 2026-01-31T12:00:00Z.`)
    const asked = askedIn(wanted)
    if (asked.ok) return asked.asked
    throw new OperatorRefusal(`There is no event ${wanted.type}.`)
  }

  async function refuseBehind(): Promise<void> {
    if (await behind(world, world.keys))
      throw new OperatorRefusal(
        'The servers have a root secret that is not here. Give the same file.',
      )
  }

  return {
    async list(wanted, limit) {
      const asked = wantedIn(wanted)
      const items: AuditEvent[] = []
      for (let after: Parameters<typeof auditPage>[2]['after']; ; ) {
        const left = Math.min(limit - items.length, 500)
        const page = await auditPage(world, asked, { after, limit: left })
        items.push(...page.items.map(auditView))
        if (!page.next || items.length >= limit) return { items, more: page.next !== undefined }
        after = page.next
      }
    },

    async *exported(wanted) {
      const asked = wantedIn(wanted)
      await refuseBehind()
      const details = JSON.stringify(wanted)
      await record(world, event('audit.exported', 'success', { actor, details }))
      for await (const slice of exported(world, asked)) yield slice.map(exportView)
    },

    async verify(outside, progress) {
      await refuseBehind()
      const brought = outside.map((one) => ({ ...one, at: Date.parse(one.at) }))
      const at = world.clock.now()
      return verificationView(await verify(world.store.records, world.keys, at, brought, progress))
    },

    close,
  }
}
