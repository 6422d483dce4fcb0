/**
 * One person: what is known, where they are signed in, and everything that can be done about it.
 */

import { Button } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { endSessionsOf, getUser, listSessions } from 'sallyport/admin'
import { isAway, type User as Person, type Session } from 'sallyport/client'
import { useClient, useSession } from 'sallyport/react'
import { Confirm } from '../parts/confirm.tsx'
import { useDeed, useRemoval } from '../parts/deed.ts'
import { EndSession } from '../parts/end-session.tsx'
import { Listing, useList } from '../parts/listing.tsx'
import { Moment } from '../parts/moment.tsx'
import { Notice } from '../parts/notice.tsx'
import { PageHead } from '../parts/page.tsx'
import { useReach } from '../parts/roles.ts'
import { Fact, Facts, Section } from '../parts/section.tsx'
import { SessionRow } from '../parts/session-row.tsx'
import { Refusal } from '../parts/trouble.tsx'
import { UserDeeds } from '../parts/user-deeds.tsx'
import { UserEdit } from '../parts/user-edit.tsx'
import { UserScopes } from '../parts/user-scopes.tsx'
import { useSessionKey } from '../queries.ts'
import { texts } from '../texts.ts'
import classes from './user.module.css'

const words = texts.admin.user

export function User() {
  const { id } = useParams({ from: '/users/$id' })
  const client = useClient()
  const { data, error, failureReason, refetch } = useQuery({
    queryKey: [...useSessionKey(), 'users', 'one', id],
    queryFn: ({ signal }) => getUser(client, id, signal),
  })
  const failed = error ?? failureReason

  return (
    <>
      <Link className={`way ${classes.back}`} to="/users">
        <IconArrowLeft size={18} stroke={1.75} aria-hidden="true" />
        {words.all}
      </Link>
      {data && <Known user={data} />}
      {!data && failed && !isAway(failed) && (
        <PageHead title={words.unknown} lead={words.unknownText} />
      )}
      {!data && failed && isAway(failed) && (
        <Refusal error={failed}>
          <Button size="xs" variant="default" onClick={() => void refetch()}>
            {texts.tryAgain}
          </Button>
        </Refusal>
      )}
    </>
  )
}

function Known({ user }: { user: Person }) {
  const session = useSession()
  const { reaches } = useReach()
  if (session.status !== 'authenticated') return null
  const { user: me, permissions } = session
  const own = me.id === user.id
  const writes = permissions.includes('users:write') && reaches(user.role)

  return (
    <>
      <PageHead title={user.displayName ?? user.username} />
      {own && <Notice tone="calm">{words.isYou}</Notice>}
      {!own && !writes && <Notice tone="calm">{words.above}</Notice>}
      <Section title={words.account}>
        <Facts>
          <Fact is={words.username}>{user.username}</Fact>
          <Fact is={words.role}>{texts.roles[user.role] ?? user.role}</Fact>
          <Fact is={words.status}>{stateOf(user)}</Fact>
          <Fact is={words.created}>
            <Moment at={user.createdAt} />
          </Fact>
          <Fact is={words.lastLogin}>
            {user.lastLoginAt === null ? texts.admin.users.never : <Moment at={user.lastLoginAt} />}
          </Fact>
        </Facts>
      </Section>
      {writes && <UserEdit key={user.id} user={user} />}
      {writes && <UserScopes user={user} />}
      <SessionsOf user={user} mayEnd={writes} own={own} />
      {writes && !own && <UserDeeds user={user} />}
    </>
  )
}

function stateOf({ disabled, mustChangePassword }: Person): string {
  if (disabled) return words.disabled
  return mustChangePassword ? words.temporary : words.active
}

function SessionsOf({ user, mayEnd, own }: { user: Person; mayEnd: boolean; own: boolean }) {
  const client = useClient()
  const { id, displayName, username } = user
  const list = useList(['sessions', 'of', id], (ask) => listSessions(client, { ...ask, user: id }))
  const { deed, leaving } = useRemoval<Session>({
    list: 'sessions',
    work: (session) => client.endSession(session.id),
    done: () => texts.session.ended,
    touches: ['overview'],
  })
  const endAll = useDeed({
    work: () => endSessionsOf(client, id),
    done: ({ revoked }) => words.endedAll(revoked),
    touches: ['sessions', 'overview'],
    refusedInPlace: true,
  })
  const some = list.data?.pages.some(({ items }) => items.length > 0)

  return (
    <Section
      plain
      title={words.sessions}
      action={
        some &&
        mayEnd &&
        !own && (
          <Confirm
            label={words.endAll}
            title={words.endAllTitle(displayName ?? username)}
            text={words.endAllText}
            deed={endAll}
            asked={undefined}
          />
        )
      }
    >
      <Listing
        list={list}
        label={words.sessions}
        leaving={leaving}
        idOf={(session) => session.id}
        empty={words.sessionsEmpty}
      >
        {(session) => (
          <SessionRow
            session={session}
            action={mayEnd && <EndSession session={session} deed={deed} />}
          />
        )}
      </Listing>
    </Section>
  )
}
