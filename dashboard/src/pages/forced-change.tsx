/**
 * Choosing a password of one's own in place of a temporary one: all that can be done in a restricted
 * session, but for leaving. The gate leads on from here.
 */

import { Button } from '@mantine/core'
import { ChangePassword } from '../parts/change-password.tsx'
import { Door } from '../parts/frames.tsx'
import { Heading } from '../parts/page.tsx'
import { SignOutFailed, useSignOut } from '../parts/sign-out.tsx'
import { texts } from '../texts.ts'

export function ForcedChange() {
  const signOut = useSignOut()
  return (
    <Door
      action={
        <Button
          size="xs"
          variant="default"
          loading={signOut.isPending}
          onClick={() => signOut.mutate()}
        >
          {texts.signOut}
        </Button>
      }
    >
      {signOut.error && <SignOutFailed error={signOut.error} again={() => signOut.mutate()} />}
      <Heading title={texts.forced.title} lead={texts.forced.lead} />
      <ChangePassword current={texts.forced.current} submit={texts.forced.submit} />
    </Door>
  )
}
