/**
 * Everything that was recorded: found by event, person and day, looked at one by one, carried away, and
 * held against what seals it.
 */

import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { type AuditEvent, type AuditExport, listAudit } from 'sallyport/admin'
import type { Client, Page } from 'sallyport/client'
import { useClient } from 'sallyport/react'
import { AuditFilter, askedIn, isDay, type Narrowed } from '../parts/audit-filter.tsx'
import { AuditRecord, AuditRow } from '../parts/audit-record.tsx'
import { AuditVerify } from '../parts/audit-verify.tsx'
import { ExportAudit } from '../parts/export-audit.tsx'
import { Listing, useList } from '../parts/listing.tsx'
import { PageHead } from '../parts/page.tsx'
import { texts } from '../texts.ts'
import classes from './audit.module.css'

const words = texts.audit

export function Audit() {
  const client = useClient()
  const [narrowed, narrow] = useNarrowed()
  const asked = askedIn(narrowed)
  const list = useList(['audit', JSON.stringify(asked)], (ask) => pageOf(client, asked, ask))
  const [shown, show] = useState<AuditEvent>()
  const some = Object.keys(narrowed).length > 0

  return (
    <>
      <PageHead title={words.title} lead={words.lead} action={<ExportAudit asked={asked} />} />
      <AuditVerify />
      <div className={classes.records}>
        <AuditFilter narrowed={narrowed} narrow={narrow} />
        <Listing
          list={list}
          label={words.title}
          idOf={({ id }) => id}
          empty={some ? words.none : words.empty}
        >
          {(event) => <AuditRow event={event} open={() => show(event)} />}
        </Listing>
      </div>
      {shown && <AuditRecord event={shown} close={() => show(undefined)} />}
    </>
  )
}

/** What is looked for stands in the address: it can be kept, sent on, and gone back to. */
function useNarrowed(): readonly [Narrowed, (next: Narrowed) => void] {
  const search: Readonly<Record<string, unknown>> = useSearch({ strict: false })
  const navigate = useNavigate()
  const said = (['type', 'user', 'from', 'to'] as const).flatMap((name) => {
    const value = search[name]
    const day = name === 'from' || name === 'to'
    const fits = typeof value === 'string' && value !== '' && (!day || isDay(value))
    return fits ? [[name, value] as const] : []
  })
  return [Object.fromEntries(said), (next) => void navigate({ to: '/audit', search: next })]
}

/** Where something is looked for a page may be empty without being the last. */
async function pageOf(
  client: Client,
  asked: AuditExport,
  ask: Parameters<typeof listAudit>[1],
): Promise<Page<AuditEvent>> {
  let page = await listAudit(client, { ...asked, ...ask })
  while (page.items.length === 0 && page.nextCursor !== null)
    page = await listAudit(client, { ...asked, ...ask, cursor: page.nextCursor })
  return page
}
