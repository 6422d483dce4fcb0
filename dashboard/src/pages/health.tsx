/**
 * Whether the instance can do its work: what the server that answers says of itself, what the doctor
 * finds of settings, database and disk and what mends it, and the servers there are.
 */

import { Button } from '@mantine/core'
import { type Icon, IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type Finding, getCheckUp, getReadiness } from 'sallyport/admin'
import { useClient } from 'sallyport/react'
import { ListFrame } from '../parts/listing.tsx'
import { Notice } from '../parts/notice.tsx'
import { useOverview } from '../parts/overview.tsx'
import { PageHead } from '../parts/page.tsx'
import { Row } from '../parts/row.tsx'
import { Section } from '../parts/section.tsx'
import { Servers } from '../parts/servers.tsx'
import { Tag } from '../parts/tag.tsx'
import { Failed } from '../parts/trouble.tsx'
import { useSessionKey } from '../queries.ts'
import { texts } from '../texts.ts'

const words = texts.health
/** Milliseconds between two looks. */
const lookAgain = 10_000

export function Health() {
  const { findings, failed, looking, again } = useFindings()
  const { data: seen } = useOverview()
  const worst = (['bad', 'warning'] as const).find((is) => findings?.some((one) => one.is === is))

  return (
    <>
      <PageHead
        title={words.title}
        lead={words.lead}
        action={
          <Button variant="default" loading={looking} onClick={again}>
            {words.again}
          </Button>
        }
      />
      {failed && <Failed error={failed} again={again} />}
      {findings && (
        <>
          <Notice tone={worst === 'bad' ? 'bad' : 'calm'}>{words.sum[worst ?? 'good']}</Notice>
          <Findings findings={findings} />
        </>
      )}
      {seen && <Servers nodes={seen.nodes} />}
    </>
  )
}

/** What the server says of itself before what the doctor finds, which a server without a database cannot. */
function useFindings() {
  const client = useClient()
  const session = useSessionKey()
  const ready = useQuery({
    queryKey: [...session, 'ready'],
    queryFn: ({ signal }) => getReadiness(client, signal),
    refetchInterval: lookAgain,
  })
  const doctor = useQuery({
    queryKey: [...session, 'doctor'],
    queryFn: ({ signal }) => getCheckUp(client, signal),
    // It looks at disk and database each time, and nothing that happens changes what it finds.
    meta: { steady: true },
  })
  const own = Object.entries(ready.data?.checks ?? {}).map(
    ([name, value]): Finding => ({
      check: name,
      is: words.good.includes(value) ? 'good' : 'bad',
      says: words.values[value] ?? value,
    }),
  )
  const failures = [ready, doctor].map(({ error, failureReason }) => error ?? failureReason)

  return {
    findings: ready.data && [...own, ...(doctor.data?.findings ?? [])],
    failed: failures.find((failure) => failure !== null),
    looking: ready.isFetching || doctor.isFetching,
    again: () => void Promise.all([ready.refetch(), doctor.refetch()]),
  }
}

const marks: Readonly<Record<Finding['is'], Icon>> = {
  good: IconCircleCheck,
  warning: IconAlertTriangle,
  bad: IconCircleX,
}

function Findings({ findings }: { findings: readonly Finding[] }) {
  // What needs somebody first; otherwise as it was found.
  const order = ['bad', 'warning', 'good']
  const sorted = findings.toSorted((a, b) => order.indexOf(a.is) - order.indexOf(b.is))

  return (
    <Section plain title={words.checks}>
      <ListFrame items={sorted} label={words.checks} idOf={({ check, says }) => `${check} ${says}`}>
        {({ check, is, says, mend }) => (
          <Row
            icon={marks[is]}
            tone={is === 'bad' ? 'bad' : undefined}
            name={
              <>
                {words.names[check] ?? check}
                {is !== 'good' && (
                  <Tag tone={is === 'bad' ? 'bad' : 'brass'}>{words.states[is]}</Tag>
                )}
              </>
            }
            details={
              <>
                <span>{says}</span>
                {mend !== undefined && <span>{mend}</span>}
              </>
            }
          />
        )}
      </ListFrame>
    </Section>
  )
}
