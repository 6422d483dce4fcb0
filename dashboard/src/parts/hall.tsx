/**
 * The hall: the frame of every page of a signed-in person, which stays while pages come and go. It
 * holds what a page may need: proof of the password, and short messages.
 */

import { Button } from '@mantine/core'
import { IconLogout, IconMenu2, IconX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { Signed } from 'sallyport/client'
import { useClient } from 'sallyport/react'
import { sessionKey } from '../queries.ts'
import { texts } from '../texts.ts'
import { Brand } from './frames.tsx'
import classes from './hall.module.css'
import { LiveUpdates } from './live-updates.tsx'
import { Proof } from './proof.tsx'
import { SchemeSwitch } from './scheme-switch.tsx'
import { SignOutFailed, useSignOut } from './sign-out.tsx'
import { Toasts } from './toasts.tsx'
import { AwayBanner } from './trouble.tsx'
import { WayRound } from './way-round.tsx'

export function Hall({ signed, children }: { signed: Signed; children: ReactNode }) {
  const { user, permissions } = signed
  const signOut = useSignOut()
  useHeartbeat(signed)

  return (
    <Toasts>
      <LiveUpdates />
      <Proof>
        <a className={classes.skip} href="#page">
          {texts.places.skip}
        </a>
        <header className={classes.bar}>
          <div className={classes.barStart}>
            <MenuButton permissions={permissions} />
            <Brand />
          </div>
          <div className={classes.barEnd}>
            <span className={classes.user}>{user.displayName ?? user.username}</span>
            <div className={classes.wideOnly}>
              <SchemeSwitch />
            </div>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconLogout size={16} stroke={1.75} aria-hidden="true" />}
              loading={signOut.isPending}
              onClick={() => signOut.mutate()}
            >
              {texts.signOut}
            </Button>
          </div>
        </header>
        <AwayBanner />
        <div className={classes.hall}>
          <aside className={classes.side}>
            <WayRound permissions={permissions} />
          </aside>
          <main id="page" className={classes.page} tabIndex={-1}>
            {signOut.error && (
              <SignOutFailed error={signOut.error} again={() => signOut.mutate()} />
            )}
            {children}
          </main>
        </div>
      </Proof>
    </Toasts>
  )
}

/** Where there is no room beside the page: a drawer, on the browser's own dialog. */
function MenuButton({ permissions }: Pick<Signed, 'permissions'>) {
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)

  return (
    <div className={classes.narrowOnly}>
      <button
        type="button"
        className="icon-button"
        aria-label={texts.places.open}
        aria-expanded={open}
        onClick={() => setOpen(true)}
      >
        <IconMenu2 size={20} stroke={1.75} aria-hidden="true" />
      </button>
      {open && <Drawer permissions={permissions} close={close} />}
    </div>
  )
}

function Drawer({ permissions, close }: Pick<Signed, 'permissions'> & { close: () => void }) {
  const drawer = useRef<HTMLDialogElement>(null)

  useEffect(() => {
    const shown = drawer.current
    shown?.showModal()
    return () => shown?.close()
  }, [])

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it as well.
    <dialog
      ref={drawer}
      className={classes.drawer}
      aria-label={texts.places.label}
      onCancel={close}
      onClick={({ target, currentTarget }) => target === currentTarget && close()}
    >
      <div className={classes.drawerInside}>
        <div className={classes.drawerHead}>
          <Brand />
          <button type="button" className="icon-button" aria-label={texts.close} onClick={close}>
            <IconX size={20} stroke={1.75} aria-hidden="true" />
          </button>
        </div>
        <WayRound permissions={permissions} leave={close} />
        <div>
          <SchemeSwitch />
        </div>
      </div>
    </dialog>
  )
}

/** Milliseconds between two questions whether the session still stands. */
const heartbeat = 15_000

/**
 * While the page is looked at, a session that was ended elsewhere ends here soon, and a changed role
 * is seen. No person asks, so it does not count as activity.
 */
function useHeartbeat({ session, permissions, mustChangePassword, user }: Signed): void {
  const client = useClient()
  const known = JSON.stringify([user, permissions, mustChangePassword])
  const { data } = useQuery({
    queryKey: [...sessionKey(session.id), 'me'],
    queryFn: ({ signal }) =>
      client.call<Signed>('GET', '/auth/me', { passive: true, signal }).then((signed) => {
        return JSON.stringify([signed.user, signed.permissions, signed.mustChangePassword])
      }),
    initialData: known,
    staleTime: heartbeat,
    refetchInterval: heartbeat,
    retry: false,
  })

  useEffect(() => {
    if (data !== known) void client.check()
  }, [data, known, client])
}
