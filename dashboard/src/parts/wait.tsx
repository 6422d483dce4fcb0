/**
 * How long a refused person should wait, from the server's own `Retry-After`.
 */

import { ProblemError } from 'sallyport/client'
import { texts } from '../texts.ts'
import { useSecondsUntil } from './countdown.ts'

export interface Wait {
  /** Whole seconds still to wait; 0 when there is nothing to wait for. */
  readonly seconds: number
  /** True when the refusal asked for waiting at all, be it over or not. */
  readonly asked: boolean
}

/** @param at Epoch milliseconds of the refusal. */
export function useWait(error: unknown, at: number): Wait {
  const after = error instanceof ProblemError ? error.retryAfter : undefined
  const seconds = useSecondsUntil(after === undefined ? undefined : at + after * 1000)
  return { seconds, asked: after !== undefined }
}

/** The countdown for the eye; for the ear only its beginning, with the alert, and its end. */
export function WaitText({ seconds, asked }: Wait) {
  if (!asked) return null
  return (
    <p className="numbers">
      <span aria-hidden={seconds > 0 ? 'true' : undefined}>
        {seconds > 0 ? texts.waitFor(seconds) : texts.waitOver}
      </span>
    </p>
  )
}
