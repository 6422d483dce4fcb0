/**
 * Home: who is signed in, in which session, and what happened lately; for administrators how things
 * stand with everybody.
 */

import { Link } from '@tanstack/react-router'
import { listActivity } from 'sallyport/account'
import type { Signed } from 'sallyport/client'
import { useClient, useSession } from 'sallyport/react'
import { EventRow } from '../parts/event-row.tsx'
import { Listing, useList } from '../parts/listing.tsx'
import { Moment } from '../parts/moment.tsx'
import { Figures, useOverview } from '../parts/overview.tsx'
import { PageTitle } from '../parts/page.tsx'
import { initialOf } from '../parts/row.tsx'
import { Fact, Facts, Section } from '../parts/section.tsx'
import { Tag } from '../parts/tag.tsx'
import { texts } from '../texts.ts'
import classes from './home.module.css'

export function Home() {
  const session = useSession()
  // Never drawn otherwise; the gate stands before.
  return session.status === 'authenticated' ? <SignedInHome {...session} /> : null
}

function SignedInHome({ user, session, permissions }: Signed) {
  const name = user.displayName ?? user.username

  return (
    <>
      <div className={classes.who}>
        <span className={classes.initial} aria-hidden="true">
          {initialOf(name)}
        </span>
        <div>
          <PageTitle name={texts.home.title(name)}>{texts.home.title(name)}</PageTitle>
          <div className={classes.role}>
            <span>{user.username}</span>
            <Tag>{texts.roles[user.role] ?? user.role}</Tag>
            {user.scopes.map(({ role, scope }) => (
              <Tag key={`${role} ${scope}`} tone="calm">
                {texts.admin.user.scopeIn(texts.roles[role] ?? role, scope)}
              </Tag>
            ))}
          </div>
        </div>
      </div>
      {permissions.includes('audit:read') && <Glance />}
      <Section title={texts.home.thisSession}>
        <Facts>
          <Fact is={texts.session.browser}>
            {session.device.browser ?? texts.session.unknownBrowser}
          </Fact>
          <Fact is={texts.session.system}>{session.device.os ?? texts.session.unknownSystem}</Fact>
          <Fact is={texts.session.address}>{session.address}</Fact>
          <Fact is={texts.session.since}>
            <Moment at={session.createdAt} />
          </Fact>
          <Fact is={texts.session.ends}>
            <Moment at={session.expiresAt} />
          </Fact>
        </Facts>
      </Section>
      <Recent me={user.id} />
    </>
  )
}

function Glance() {
  return <Figures seen={useOverview().data} />
}

function Recent({ me }: { me: string }) {
  const client = useClient()
  const list = useList(['activity', 'recent'], async (ask) => {
    const page = await listActivity(client, { ...ask, limit: 5 })
    return { ...page, nextCursor: null }
  })

  return (
    <Section
      plain
      title={texts.home.recent}
      action={
        <Link className="way" to="/account/activity">
          {texts.home.allActivity}
        </Link>
      }
    >
      <Listing
        list={list}
        label={texts.home.recent}
        idOf={({ id }) => id}
        empty={texts.activity.empty}
      >
        {(event) => <EventRow event={event} me={me} />}
      </Listing>
    </Section>
  )
}
