/**
 * A button that asks before it does what cannot be taken back.
 */

import { Button, type ButtonProps } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { texts } from '../texts.ts'
import type { Deed } from './deed.ts'
import { Dialog, DialogButtons } from './dialog.tsx'
import { Refusal } from './trouble.tsx'

export interface ConfirmProps<V> extends ButtonProps {
  /** What both buttons say. */
  readonly label: string
  /** What the first one is called where there are many of its kind. */
  readonly name?: string
  readonly title: string
  readonly text: ReactNode
  readonly deed: Deed<V>
  readonly asked: V
  /** Closes at once; how it went is said in the corner. */
  readonly optimistic?: boolean
}

export function Confirm<V>({
  label,
  name,
  title,
  text,
  deed,
  asked,
  optimistic = false,
  ...look
}: ConfirmProps<V>) {
  const [open, setOpen] = useState(false)
  const close = () => {
    setOpen(false)
    if (!optimistic) deed.forget()
  }

  return (
    <>
      <Button
        size="xs"
        variant="default"
        {...look}
        {...(name !== undefined && { 'aria-label': name })}
        onClick={() => setOpen(true)}
      >
        {label}
      </Button>
      {open && (
        <Dialog title={title} close={close} busy={deed.pending}>
          <p>{text}</p>
          {!optimistic && deed.error !== undefined && <Refusal error={deed.error} />}
          <DialogButtons>
            <Button variant="default" onClick={close} disabled={deed.pending && !optimistic}>
              {texts.cancel}
            </Button>
            <Button
              color="ember"
              loading={deed.pending && !optimistic}
              onClick={() => {
                if (optimistic) setOpen(false)
                deed.run(asked, optimistic ? {} : { done: () => setOpen(false) })
              }}
            >
              {label}
            </Button>
          </DialogButtons>
        </Dialog>
      )}
    </>
  )
}
