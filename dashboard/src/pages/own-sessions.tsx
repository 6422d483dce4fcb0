/**
 * Where the person is signed in, with an end to any of it.
 */

import { listOwnSessions } from 'sallyport/account'
import type { Session } from 'sallyport/client'
import { useClient } from 'sallyport/react'
import { Confirm } from '../parts/confirm.tsx'
import { useDeed, useRemoval } from '../parts/deed.ts'
import { EndSession } from '../parts/end-session.tsx'
import { Listing, useList } from '../parts/listing.tsx'
import { PageHead } from '../parts/page.tsx'
import { SessionRow } from '../parts/session-row.tsx'
import { texts } from '../texts.ts'

export function OwnSessions() {
  const client = useClient()
  const list = useList(['sessions', 'own'], (ask) => listOwnSessions(client, ask))
  const { deed, leaving } = useRemoval<Session>({
    list: 'sessions',
    work: ({ id }) => client.endSession(id),
    done: () => texts.session.ended,
    touches: ['activity'],
  })
  const endOthers = useDeed({
    work: () => client.endOtherSessions(),
    done: ({ revoked }) => texts.sessions.endedOthers(revoked),
    touches: ['sessions', 'activity'],
    refusedInPlace: true,
  })
  const others = list.data?.pages.flatMap(({ items }) => items).some(({ current }) => !current)

  return (
    <>
      <PageHead
        title={texts.sessions.title}
        lead={texts.sessions.lead}
        action={
          others && (
            <Confirm
              size="sm"
              label={texts.sessions.endOthers}
              title={texts.sessions.endOthersTitle}
              text={texts.sessions.endOthersText}
              deed={endOthers}
              asked={undefined}
            />
          )
        }
      />
      <Listing
        list={list}
        label={texts.sessions.title}
        leaving={leaving}
        idOf={({ id }) => id}
        empty={texts.sessions.alone}
      >
        {(session) => (
          <SessionRow
            session={session}
            // This one ends by signing out, which stands above every page.
            action={!session.current && <EndSession session={session} deed={deed} />}
          />
        )}
      </Listing>
    </>
  )
}
