/**
 * Names at rest, and an end to it. The list tells names and no ids, so whose a name is is only asked
 * when somebody wants to lift its rest.
 */

import { Button } from '@mantine/core'
import { IconHourglassHigh } from '@tabler/icons-react'
import { type Lockout, listLockouts, unlockUser } from 'sallyport/admin'
import { useClient, useSession } from 'sallyport/react'
import { useRemoval } from '../parts/deed.ts'
import { Listing, useList } from '../parts/listing.tsx'
import { Moment } from '../parts/moment.tsx'
import { PageHead } from '../parts/page.tsx'
import { idOf } from '../parts/person.tsx'
import { Row } from '../parts/row.tsx'
import { useToast } from '../parts/toasts.tsx'
import { texts } from '../texts.ts'

type Resting = Lockout & { readonly id: string }

export function Lockouts() {
  const client = useClient()
  const session = useSession()
  const say = useToast()
  const list = useList(['lockouts'], async (ask) => {
    const { items, nextCursor } = await listLockouts(client, ask)
    return { nextCursor, items: items.map((one): Resting => ({ ...one, id: one.username })) }
  })
  const { deed, leaving } = useRemoval<Resting & { userId?: string }>({
    list: 'lockouts',
    work: ({ userId = '' }) => unlockUser(client, userId),
    done: ({ username }) => texts.admin.lockouts.unlocked(username),
    touches: ['overview'],
  })
  const may = session.status === 'authenticated' && session.permissions.includes('users:write')

  async function lift(resting: Resting) {
    const userId = await idOf(client, resting.username)
    if (userId === undefined)
      say({ tone: 'bad', text: texts.admin.lockouts.nobody(resting.username) })
    else deed.run({ ...resting, userId })
  }

  return (
    <>
      <PageHead title={texts.admin.lockouts.title} lead={texts.admin.lockouts.lead} />
      <Listing
        list={list}
        label={texts.admin.lockouts.title}
        leaving={leaving}
        idOf={({ id }) => id}
        empty={
          <>
            <strong>{texts.admin.lockouts.empty}</strong>
            <p>{texts.admin.lockouts.emptyText}</p>
          </>
        }
      >
        {(resting) => (
          <Row
            icon={IconHourglassHigh}
            tone="bad"
            name={resting.username}
            details={
              <>
                <span>
                  {resting.until === null ? (
                    texts.admin.lockouts.forever
                  ) : (
                    <>
                      {texts.factOf(texts.admin.lockouts.until)} <Moment at={resting.until} />
                    </>
                  )}
                </span>
                <span>{texts.admin.lockouts.guesses(resting.count, resting.addresses)}</span>
              </>
            }
            action={
              may && (
                <Button
                  size="xs"
                  variant="default"
                  aria-label={texts.admin.lockouts.unlockOf(resting.username)}
                  onClick={() => void lift(resting)}
                >
                  {texts.admin.lockouts.unlock}
                </Button>
              )
            }
          />
        )}
      </Listing>
    </>
  )
}
