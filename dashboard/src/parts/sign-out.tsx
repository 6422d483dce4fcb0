/**
 * Signing out waits for the server and says so when it was not confirmed, because only the server
 * can end a session.
 */

import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useClient } from 'sallyport/react'
import { texts } from '../texts.ts'
import { Notice } from './notice.tsx'
import { useScheme } from './scheme-switch.tsx'
import { told } from './trouble.tsx'

export function useSignOut() {
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

export function SignOutFailed({ error, again }: { error: unknown; again: () => void }) {
  const [why] = told(error)
  return (
    <Notice tone="bad" title={texts.signOutFailed}>
      <p>
        {why}. {texts.signOutFailedText}
      </p>
      <Button size="xs" variant="default" onClick={again}>
        {texts.tryAgain}
      </Button>
    </Notice>
  )
}
