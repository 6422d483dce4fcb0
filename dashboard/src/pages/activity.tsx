/**
 * What happened around the own account, so that its person sees what was somebody else.
 */

import { listActivity } from 'sallyport/account'
import { useClient, useSession } from 'sallyport/react'
import { EventRow } from '../parts/event-row.tsx'
import { Listing, useList } from '../parts/listing.tsx'
import { PageHead } from '../parts/page.tsx'
import { texts } from '../texts.ts'

export function OwnActivity() {
  const client = useClient()
  const session = useSession()
  const list = useList(['activity'], (ask) => listActivity(client, ask))
  const me = session.status === 'authenticated' ? session.user.id : ''

  return (
    <>
      <PageHead title={texts.activity.title} lead={texts.activity.lead} />
      <Listing
        list={list}
        label={texts.activity.title}
        idOf={({ id }) => id}
        empty={texts.activity.empty}
      >
        {(event) => <EventRow event={event} me={me} />}
      </Listing>
    </>
  )
}
