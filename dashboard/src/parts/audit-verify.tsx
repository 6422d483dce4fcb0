/**
 * Holding the records against what seals them, and what came of it. What was found stays to be seen
 * while its person goes round.
 */

import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type AuditFault, type AuditVerification, verifyAudit } from 'sallyport/admin'
import { useClient } from 'sallyport/react'
import { useSessionKey } from '../queries.ts'
import { texts } from '../texts.ts'
import classes from './audit-verify.module.css'
import { Moment } from './moment.tsx'
import { Notice } from './notice.tsx'
import { Section } from './section.tsx'
import { Refusal } from './trouble.tsx'

const words = texts.audit.verifying

export function AuditVerify() {
  const client = useClient()
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: [...useSessionKey(), 'verification'],
    queryFn: ({ signal }) => verifyAudit(client, signal),
    enabled: false,
    retry: false,
  })

  return (
    <Section
      title={words.title}
      lead={words.lead}
      action={
        <Button size="xs" variant="default" loading={isFetching} onClick={() => void refetch()}>
          {words.action}
        </Button>
      }
    >
      <div className={classes.found}>
        {isFetching && <p role="status">{words.underWay}</p>}
        {!isFetching && error && <Refusal error={error} />}
        {!isFetching && !error && data && <Found verification={data} />}
      </div>
    </Section>
  )
}

function Found({ verification }: { verification: AuditVerification }) {
  const { intact, at, rows, chains, checkpoints, faults } = verification
  const looked = (
    <p>
      {words.looked(rows, chains)} <Moment at={at} />
      {checkpoints > 0 && words.checkpoints(checkpoints)}
    </p>
  )
  if (intact)
    return (
      <Notice tone="calm" title={words.intact}>
        {looked}
      </Notice>
    )
  return (
    <Notice tone="bad" title={words.altered(faults.length)}>
      {looked}
      <ul>
        {faults.map((fault) => (
          <Fault key={`${fault.chain} ${fault.seq}`} {...fault} />
        ))}
      </ul>
    </Notice>
  )
}

function Fault({ what, chain, seq, at, detail }: AuditFault) {
  return (
    <li>
      {words.faults[what] ?? detail} {words.where(seq)} <code>{chain}</code>
      {at !== null && (
        <>
          , <Moment at={at} />
        </>
      )}
    </li>
  )
}
