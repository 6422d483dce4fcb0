/**
 * Where everybody is signed in.
 */

import { Link } from '@tanstack/react-router'
import { listSessions } from 'sallyport/admin'
import type { Session } from 'sallyport/client'
import { useClient } from 'sallyport/react'
import { useRemoval } from '../parts/deed.ts'
import { EndSession } from '../parts/end-session.tsx'
import { Listing, useList } from '../parts/listing.tsx'
import { PageHead } from '../parts/page.tsx'
import { SessionRow } from '../parts/session-row.tsx'
import { texts } from '../texts.ts'

export function AllSessions() {
  const client = useClient()
  const list = useList(['sessions', 'all'], (ask) => listSessions(client, ask))
  const { deed, leaving } = useRemoval<Session>({
    list: 'sessions',
    work: ({ id }) => client.endSession(id),
    done: () => texts.session.ended,
    touches: ['overview'],
  })

  return (
    <>
      <PageHead title={texts.admin.sessions.title} lead={texts.admin.sessions.lead} />
      <Listing
        list={list}
        label={texts.admin.sessions.title}
        leaving={leaving}
        idOf={({ id }) => id}
        empty={texts.admin.sessions.empty}
      >
        {(session) => (
          <SessionRow
            session={session}
            owner={
              <Link to="/users/$id" params={{ id: session.userId }}>
                {session.username}
              </Link>
            }
            action={<EndSession session={session} deed={deed} />}
          />
        )}
      </Listing>
    </>
  )
}
