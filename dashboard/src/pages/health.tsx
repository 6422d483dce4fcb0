/**
 * Whether the instance can do its work: what the server that answers says of itself, and the servers
 * there are.
 */

import { Button } from '@mantine/core'
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getReadiness, type Ready } from 'sallyport/admin'
import { useClient } from 'sallyport/react'
import { ListFrame } from '../parts/listing.tsx'
import { Notice } from '../parts/notice.tsx'
import { useOverview } from '../parts/overview.tsx'
import { PageHead } from '../parts/page.tsx'
import { Row } from '../parts/row.tsx'
import { Section } from '../parts/section.tsx'
import { Servers } from '../parts/servers.tsx'
import { Failed } from '../parts/trouble.tsx'
import { useSessionKey } from '../queries.ts'
import { texts } from '../texts.ts'

const words = texts.health
/** Milliseconds between two looks. */
const lookAgain = 10_000

export function Health() {
  const client = useClient()
  const ready = useQuery({
    queryKey: [...useSessionKey(), 'health'],
    queryFn: ({ signal }) => getReadiness(client, signal),
    refetchInterval: lookAgain,
  })
  const { data: seen } = useOverview()
  const failed = ready.error ?? ready.failureReason

  return (
    <>
      <PageHead
        title={words.title}
        lead={words.lead}
        action={
          <Button variant="default" loading={ready.isFetching} onClick={() => void ready.refetch()}>
            {words.again}
          </Button>
        }
      />
      {failed && <Failed error={failed} again={ready.refetch} />}
      {ready.data && <Checks ready={ready.data} />}
      {seen && <Servers nodes={seen.nodes} />}
    </>
  )
}

function Checks({ ready: { checks } }: { ready: Ready }) {
  const found = Object.entries(checks).map(([name, value]) => ({ name, value }))
  const well = found.every(({ value }) => words.good.includes(value))

  return (
    <>
      <Notice tone={well ? 'calm' : 'bad'}>{well ? words.well : words.unwell}</Notice>
      <Section plain title={words.checks}>
        <ListFrame items={found} label={words.checks} idOf={({ name }) => name}>
          {({ name, value }) => (
            <Row
              icon={words.good.includes(value) ? IconCircleCheck : IconCircleX}
              tone={words.good.includes(value) ? undefined : 'bad'}
              name={words.names[name] ?? name}
              details={words.values[value] ?? value}
            />
          )}
        </ListFrame>
      </Section>
    </>
  )
}
