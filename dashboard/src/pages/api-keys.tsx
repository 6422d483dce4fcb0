/**
 * The keys with which programs act in the person's name: made, rotated and ended. A secret is shown
 * the once that it is told.
 */

import { Button } from '@mantine/core'
import { IconKey, IconPlus } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { type ApiKey, type IssuedKey, listKeys, revokeKey } from 'sallyport/account'
import { useClient, useSession } from 'sallyport/react'
import { Confirm } from '../parts/confirm.tsx'
import { useRemoval } from '../parts/deed.ts'
import { Listing, useList } from '../parts/listing.tsx'
import { Moment } from '../parts/moment.tsx'
import { NewKey } from '../parts/new-key.tsx'
import { PageHead } from '../parts/page.tsx'
import { RotateKey } from '../parts/rotate-key.tsx'
import { Row } from '../parts/row.tsx'
import { ShownOnce } from '../parts/shown-once.tsx'
import { Tag } from '../parts/tag.tsx'
import { texts } from '../texts.ts'
import classes from './api-keys.module.css'

const words = texts.keys

/** What a dialog is open for: a key to be made, one to be rotated, a secret to be noted. */
type Open =
  | { readonly kind: 'make' }
  | { readonly kind: 'rotate'; readonly key: ApiKey }
  | { readonly kind: 'secret'; readonly title: string; readonly secret: string }

export function ApiKeys() {
  const client = useClient()
  const session = useSession()
  const list = useList(['keys'], (ask) => listKeys(client, ask))
  const [open, setOpen] = useState<Open>()
  const close = () => setOpen(undefined)
  const { deed, leaving } = useRemoval<ApiKey>({
    list: 'keys',
    work: ({ id }) => revokeKey(client, id),
    done: () => words.revoked,
    touches: ['activity'],
  })
  const show = (title: (name: string) => string) => (issued: IssuedKey) =>
    setOpen({ kind: 'secret', title: title(issued.key.name), secret: issued.secret })
  const make = (
    <Button
      leftSection={<IconPlus size={18} stroke={1.75} aria-hidden="true" />}
      onClick={() => setOpen({ kind: 'make' })}
    >
      {words.make}
    </Button>
  )

  return (
    <>
      <PageHead title={words.title} lead={words.lead} action={make} />
      <Listing
        list={list}
        label={words.title}
        leaving={leaving}
        idOf={({ id }) => id}
        empty={
          <>
            <strong>{words.empty}</strong>
            <p>{words.emptyText}</p>
          </>
        }
      >
        {(key) => (
          <KeyRow apiKey={key}>
            <Button
              size="xs"
              variant="default"
              aria-label={words.rotateOf(key.name)}
              onClick={() => setOpen({ kind: 'rotate', key })}
            >
              {words.rotate}
            </Button>
            <Confirm
              label={words.revoke}
              name={words.revokeOf(key.name)}
              title={words.revokeTitle(key.name)}
              text={words.revokeText}
              deed={deed}
              asked={key}
              optimistic
            />
          </KeyRow>
        )}
      </Listing>
      {open?.kind === 'make' && session.status === 'authenticated' && (
        <NewKey permissions={session.permissions} close={close} done={show(words.done)} />
      )}
      {open?.kind === 'rotate' && (
        <RotateKey apiKey={open.key} close={close} done={show(words.rotated)} />
      )}
      {open?.kind === 'secret' && (
        <ShownOnce
          title={open.title}
          label={words.secret}
          secret={open.secret}
          text={words.once}
          close={close}
        />
      )}
    </>
  )
}

function KeyRow({ apiKey, children }: { apiKey: ApiKey; children: ReactNode }) {
  const { name, prefix, lastFour, scopes, createdAt, expiresAt, lastUsedAt, rotatesAt } = apiKey
  const over = Date.parse(expiresAt) <= Date.now()

  return (
    <Row
      icon={IconKey}
      tone={over ? 'bad' : undefined}
      name={
        <>
          {name}
          {over && <Tag tone="bad">{words.over}</Tag>}
          {scopes.map((scope) => (
            <Tag key={scope} tone="plain">
              {words.permissions[scope] ?? scope}
            </Tag>
          ))}
        </>
      }
      details={
        <>
          <code className={classes.ends}>
            {prefix.slice(0, 8)}…{lastFour}
          </code>
          <span>
            {lastUsedAt === null ? (
              words.never
            ) : (
              <>
                {texts.factOf(words.used)} <Moment at={lastUsedAt} />
              </>
            )}
          </span>
          <span>
            {texts.factOf(words.made)} <Moment at={createdAt} />
          </span>
          <span>
            {texts.factOf(words.ends)} <Moment at={expiresAt} />
          </span>
          {rotatesAt !== null && (
            <span>
              {texts.factOf(words.earlier)} <Moment at={rotatesAt} />
            </span>
          )}
        </>
      }
      action={<div className={classes.deeds}>{children}</div>}
    />
  )
}
