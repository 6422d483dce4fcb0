/**
 * The button that ends a session: the own one's ends at once, somebody else's after a question.
 */

import { Button } from '@mantine/core'
import type { Session } from 'sallyport/client'
import { useSession } from 'sallyport/react'
import { texts } from '../texts.ts'
import { Confirm } from './confirm.tsx'
import type { Deed } from './deed.ts'
import { browserOn } from './session-row.tsx'

export function EndSession({ session, deed }: { session: Session; deed: Deed<Session> }) {
  const me = useSession()
  const own = me.status === 'authenticated' && me.user.id === session.userId
  const name = own ? browserOn(session.device) : `${session.username}, ${browserOn(session.device)}`

  if (own && !session.current)
    return (
      <Button
        size="xs"
        variant="default"
        aria-label={texts.session.endOf(name)}
        onClick={() => deed.run(session)}
      >
        {texts.session.end}
      </Button>
    )
  return (
    <Confirm
      label={texts.session.end}
      name={texts.session.endOf(name)}
      title={texts.admin.sessions.endTitle(session.username)}
      text={session.current ? texts.admin.sessions.endOwnText : texts.admin.sessions.endText}
      deed={deed}
      asked={session}
      optimistic
    />
  )
}
