/**
 * A dialog, on the browser's own: it keeps the focus in, puts everything else out of reach, closes on
 * Escape one at a time, and gives the focus back. There while it is drawn.
 */

import { type ReactNode, useId, useLayoutEffect, useRef } from 'react'
import classes from './dialog.module.css'

export interface DialogProps {
  readonly title: ReactNode
  /** Asked for by Escape. Whoever draws the dialog stops drawing it. */
  readonly close: () => void
  /** While something is under way that closing would not stop. */
  readonly busy?: boolean
  /** For what is read rather than answered. */
  readonly wide?: boolean
  readonly children: ReactNode
}

export function Dialog({ title, close, busy = false, wide = false, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const name = useId()

  // Closed before it leaves the page, because only then the browser gives the focus back.
  useLayoutEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    return () => shown?.close()
  }, [])

  return (
    <dialog
      ref={dialog}
      className={classes.dialog}
      data-wide={wide || undefined}
      aria-labelledby={name}
      onCancel={(event) => {
        event.preventDefault()
        event.stopPropagation()
        if (!busy) close()
      }}
    >
      <h2 id={name}>{title}</h2>
      {children}
    </dialog>
  )
}

/** The buttons at the end of a dialog: the way out first, the deed last. */
export function DialogButtons({ children }: { children: ReactNode }) {
  return <div className={classes.buttons}>{children}</div>
}
