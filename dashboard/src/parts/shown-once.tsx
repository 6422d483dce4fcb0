/**
 * A secret that is shown this once: to be read, selected or copied, and then gone from the page.
 */

import { Button } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { useState } from 'react'
import { texts } from '../texts.ts'
import { Dialog, DialogButtons } from './dialog.tsx'
import classes from './shown-once.module.css'

export interface ShownOnceProps {
  readonly title: string
  readonly label: string
  readonly secret: string
  readonly text: string
  readonly close: () => void
}

export function ShownOnce({ title, label, secret, text, close }: ShownOnceProps) {
  const [copied, setCopied] = useState<'yes' | 'no'>()

  async function copy() {
    try {
      await navigator.clipboard.writeText(secret)
      setCopied('yes')
    } catch {
      // The browser may refuse, and has none where the origin is not secure.
      setCopied('no')
    }
  }

  return (
    // Escape does nothing: what is closed by mistake is lost.
    <Dialog title={title} close={() => {}}>
      <p>{text}</p>
      <div className={classes.box}>
        <textarea
          readOnly
          rows={1}
          aria-label={label}
          value={secret}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
        <Button
          size="xs"
          variant="default"
          leftSection={
            copied === 'yes' ? (
              <IconCheck size={16} stroke={1.75} aria-hidden="true" />
            ) : (
              <IconCopy size={16} stroke={1.75} aria-hidden="true" />
            )
          }
          onClick={() => void copy()}
        >
          {copied === 'yes' ? texts.admin.secret.copied : texts.admin.secret.copy}
        </Button>
      </div>
      <p role="status" className={copied === 'no' ? classes.note : 'visually-hidden'}>
        {copied === 'yes' && texts.admin.secret.copied}
        {copied === 'no' && texts.admin.secret.copyFailed}
      </p>
      <DialogButtons>
        <Button onClick={close}>{texts.admin.secret.done}</Button>
      </DialogButtons>
    </Dialog>
  )
}
