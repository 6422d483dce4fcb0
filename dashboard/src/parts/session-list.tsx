/**
 * The person's own live sessions, page by page, this one marked.
 */

import { Button, Skeleton } from '@mantine/core'
import {
  IconDeviceDesktop,
  IconDeviceMobile,
  IconDeviceTablet,
  IconDeviceUnknown,
} from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { Session } from 'sallyport/client'
import { useClient } from 'sallyport/react'
import { sessionKey } from '../queries.ts'
import { texts } from '../texts.ts'
import { Moment } from './moment.tsx'
import classes from './session-list.module.css'
import { Tag } from './tag.tsx'
import { told } from './trouble.tsx'

const icons = {
  desktop: IconDeviceDesktop,
  mobile: IconDeviceMobile,
  tablet: IconDeviceTablet,
  other: IconDeviceUnknown,
} as const

/** @param sessionId The current session: what is remembered of the list ends with it. */
export function SessionList({ sessionId }: { sessionId: string }) {
  const client = useClient()
  const list = useInfiniteQuery({
    queryKey: [...sessionKey(sessionId), 'sessions'],
    queryFn: ({ pageParam, signal }) =>
      client.sessions({ signal, ...(pageParam === null ? {} : { cursor: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  })
  const sessions = list.data?.pages.flatMap(({ items }) => items)
  const failed = list.error ?? list.failureReason

  return (
    <section className={classes.list} aria-labelledby="sessions">
      <h2 id="sessions">{texts.home.sessions}</h2>
      <p className={classes.lead}>{texts.home.sessionsLead}</p>
      {failed && (
        <div className={classes.failed} role="alert">
          <p>
            {texts.home.sessionsFailed} {told(failed)[0]}.
          </p>
          <Button size="xs" variant="default" onClick={() => void list.refetch()}>
            {texts.tryAgain}
          </Button>
        </div>
      )}
      {!sessions && !failed && <Loading />}
      {sessions && (
        <ul>
          {sessions.map((session) => (
            <Row key={session.id} session={session} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button
          variant="default"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {texts.home.more}
        </Button>
      )}
    </section>
  )
}

function Row({ session }: { session: Session }) {
  const { browser, os, kind } = session.device
  const Icon = icons[kind]
  const name = texts.home.sessionOn(
    browser ?? texts.home.unknownBrowser,
    os ?? texts.home.unknownSystem,
  )

  return (
    <li className={classes.row}>
      <span className={classes.icon} aria-hidden="true">
        <Icon size={20} stroke={1.6} />
      </span>
      <div className={classes.what}>
        <div className={classes.name}>
          {name}
          {session.current && <Tag>{texts.home.here}</Tag>}
        </div>
        <p className={classes.detail}>
          <span className="numbers">{session.address}</span>
          <span>
            {texts.home.factOf(texts.home.lastActive)} <Moment at={session.lastActiveAt} />
          </span>
          <span>
            {texts.home.factOf(texts.home.since)} <Moment at={session.createdAt} />
          </span>
        </p>
      </div>
    </li>
  )
}

function Loading() {
  return (
    <div role="status">
      <span className="visually-hidden">{texts.loading}</span>
      <Skeleton height={64} />
    </div>
  )
}
