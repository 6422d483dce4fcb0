/**
 * Home: who is signed in, in which session, and where else. Signing out waits for the server and
 * says so when it was not confirmed, because only the server can end a session.
 */

import { Button } from '@mantine/core'
import { IconLogout } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Signed } from 'sallyport/client'
import { useClient, useSession } from 'sallyport/react'
import { Hall } from '../parts/frames.tsx'
import { Moment } from '../parts/moment.tsx'
import { Notice } from '../parts/notice.tsx'
import { PageTitle } from '../parts/page.tsx'
import { useScheme } from '../parts/scheme-switch.tsx'
import { SessionList } from '../parts/session-list.tsx'
import { Tag } from '../parts/tag.tsx'
import { told } from '../parts/trouble.tsx'
import { texts } from '../texts.ts'
import classes from './home.module.css'

export function Home() {
  const session = useSession()
  // Never drawn otherwise; the gate stands before.
  return session.status === 'authenticated' ? <SignedInHome {...session} /> : null
}

function SignedInHome({ user, session }: Signed) {
  const signOut = useSignOut()
  const name = user.displayName ?? user.username
  const button = (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconLogout size={16} stroke={1.75} aria-hidden="true" />}
      loading={signOut.isPending}
      onClick={() => signOut.mutate()}
    >
      {texts.home.signOut}
    </Button>
  )

  return (
    <Hall action={button}>
      {signOut.error && <SignOutFailed error={signOut.error} again={() => signOut.mutate()} />}
      <div className={classes.who}>
        <span className={classes.initial} aria-hidden="true">
          {[...name][0]?.toUpperCase()}
        </span>
        <div>
          <PageTitle name={texts.home.title(name)}>{texts.home.title(name)}</PageTitle>
          <div className={classes.role}>
            <span>{user.username}</span>
            <Tag>{texts.roles[user.role] ?? user.role}</Tag>
          </div>
        </div>
      </div>
      <section className={classes.card} aria-labelledby="this-session">
        <h2 id="this-session">{texts.home.thisSession}</h2>
        <dl className={classes.facts}>
          <Fact is={texts.home.browser}>{session.device.browser ?? texts.home.unknownBrowser}</Fact>
          <Fact is={texts.home.system}>{session.device.os ?? texts.home.unknownSystem}</Fact>
          <Fact is={texts.home.address}>{session.address}</Fact>
          <Fact is={texts.home.since}>
            <Moment at={session.createdAt} />
          </Fact>
          <Fact is={texts.home.ends}>
            <Moment at={session.expiresAt} />
          </Fact>
        </dl>
      </section>
      <SessionList sessionId={session.id} />
    </Hall>
  )
}

function Fact({ is, children }: { is: string; children: ReactNode }) {
  return (
    <div>
      <dt>{is}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function useSignOut() {
  const client = useClient()
  const { colorScheme, setColorScheme } = useScheme()

  return useMutation({
    mutationFn: async () => {
      await client.signOut()
      // The server has the browser empty its storage, and with it a choice that is no secret.
      if (colorScheme !== 'auto') setColorScheme(colorScheme)
    },
  })
}

function SignOutFailed({ error, again }: { error: unknown; again: () => void }) {
  const [why] = told(error)
  return (
    <Notice tone="bad" title={texts.home.signOutFailed}>
      <p>
        {why}. {texts.home.signOutFailedText}
      </p>
      <Button size="xs" variant="default" onClick={again}>
        {texts.tryAgain}
      </Button>
    </Notice>
  )
}
