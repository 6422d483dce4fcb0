/**
 * The people there are: found by name, and added with a password to hand over.
 */

import { Button, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconPlus, IconSearch } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { type Created, listUsers } from 'sallyport/admin'
import type { User } from 'sallyport/client'
import { useClient, useSession } from 'sallyport/react'
import { Listing, useList } from '../parts/listing.tsx'
import { Moment } from '../parts/moment.tsx'
import { NewUser } from '../parts/new-user.tsx'
import { PageHead } from '../parts/page.tsx'
import { initialOf, Row } from '../parts/row.tsx'
import { ShownOnce } from '../parts/shown-once.tsx'
import { Tag } from '../parts/tag.tsx'
import { texts } from '../texts.ts'
import classes from './users.module.css'

export function Users() {
  const client = useClient()
  const session = useSession()
  const [typed, setTyped] = useState('')
  const [wanted] = useDebouncedValue(typed.trim(), 250)
  const query = wanted || undefined
  const list = useList(['users', query], (ask) => listUsers(client, { ...ask, query }))
  const [adding, setAdding] = useState(false)
  const [added, setAdded] = useState<Created>()
  if (session.status !== 'authenticated') return null

  return (
    <>
      <PageHead
        title={texts.admin.users.title}
        lead={texts.admin.users.lead}
        action={
          session.permissions.includes('users:write') && (
            <Button
              leftSection={<IconPlus size={18} stroke={1.75} aria-hidden="true" />}
              onClick={() => setAdding(true)}
            >
              {texts.admin.users.add}
            </Button>
          )
        }
      />
      <div className={classes.people}>
        <TextInput
          className={classes.search ?? ''}
          type="search"
          aria-label={texts.admin.users.search}
          placeholder={texts.admin.users.search}
          leftSection={<IconSearch size={18} stroke={1.75} aria-hidden="true" />}
          maxLength={128}
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
        />
        <Listing
          list={list}
          label={texts.admin.users.title}
          idOf={({ id }) => id}
          empty={query ? texts.admin.users.notFound(query) : texts.admin.users.empty}
        >
          {(user) => <Person user={user} me={session.user.id === user.id} />}
        </Listing>
      </div>
      {adding && (
        <NewUser
          close={() => setAdding(false)}
          done={(created) => {
            setAdding(false)
            setAdded(created)
          }}
        />
      )}
      {added?.temporaryPassword !== undefined && (
        <ShownOnce
          title={texts.admin.newUser.done(added.user.displayName ?? added.user.username)}
          label={texts.admin.secret.password}
          secret={added.temporaryPassword}
          text={texts.admin.newUser.handOver}
          close={() => setAdded(undefined)}
        />
      )}
    </>
  )
}

function Person({ user, me }: { user: User; me: boolean }) {
  const name = user.displayName ?? user.username
  return (
    <Row
      icon={initialOf(name)}
      tone={user.disabled ? 'bad' : undefined}
      name={
        <>
          <Link to="/users/$id" params={{ id: user.id }}>
            {name}
          </Link>
          <Tag tone={user.role === 'owner' || user.role === 'admin' ? 'brass' : 'plain'}>
            {texts.roles[user.role] ?? user.role}
          </Tag>
          {me && <Tag tone="calm">{texts.admin.users.you}</Tag>}
          {user.disabled && <Tag tone="bad">{texts.admin.users.disabled}</Tag>}
          {user.mustChangePassword && <Tag tone="plain">{texts.admin.users.temporary}</Tag>}
        </>
      }
      details={
        <>
          <span>{user.username}</span>
          <span>
            {user.lastLoginAt === null ? (
              texts.admin.users.never
            ) : (
              <>
                {texts.factOf(texts.admin.users.lastLogin)} <Moment at={user.lastLoginAt} />
              </>
            )}
          </span>
        </>
      }
    />
  )
}
