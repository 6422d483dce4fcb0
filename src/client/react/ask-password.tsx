/** The plain dialog in which `RequireFresh` asks, for whoever brings none. It has no style of its own. */

import { type ReactNode, useEffect, useId, useRef } from 'react'
import type { Asking } from './fresh.tsx'

export function AskPassword({ username, submit, cancel, pending, error }: Asking): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()

  useEffect(() => {
    // In strict mode it is open already.
    if (!dialog.current?.open) dialog.current?.showModal()
  }, [])

  return (
    <dialog
      ref={dialog}
      aria-labelledby={`${id}title`}
      onCancel={(event) => {
        event.preventDefault()
        cancel()
      }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void submit(String(new FormData(event.currentTarget).get('password')))
        }}
      >
        <h2 id={`${id}title`}>Your password, please</h2>
        <p>This needs to be surely you.</p>
        {/* For password managers: they look for a name beside a password. */}
        <input
          type="text"
          name="username"
          autoComplete="username"
          value={username}
          readOnly
          hidden
        />
        <label htmlFor={`${id}password`}>Password</label>
        <input
          id={`${id}password`}
          name="password"
          type="password"
          autoComplete="current-password"
          required
          aria-invalid={error !== undefined}
          aria-describedby={`${id}error`}
        />
        <p id={`${id}error`} role="alert">
          {error?.message}
        </p>
        <button type="submit" disabled={pending}>
          Go on
        </button>
        <button type="button" onClick={cancel}>
          Cancel
        </button>
      </form>
    </dialog>
  )
}
