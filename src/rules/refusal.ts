/**
 * Refusals: every way of saying no. A refusal is a value; the compiler makes the caller look at it.
 * What is told to the client is in `http/problem.ts`; `why` is only recorded.
 *
 * @module
 */
import type { EndReason } from './facts.ts'
import type { Millis } from './time.ts'

export type RefusalCode =
  | 'not_authenticated'
  | 'session_expired'
  | 'session_revoked'
  | 'invalid_credentials'
  | 'refresh_token_invalid'
  | 'forbidden'
  | 'csrf_rejected'
  | 'password_change_required'
  | 'step_up_required'
  | 'wrong_password'
  | 'validation_failed'
  | 'malformed_request'
  | 'request_timeout'
  | 'headers_too_large'
  | 'unsupported_media_type'
  | 'payload_too_large'
  | 'method_not_allowed'
  | 'misdirected_request'
  | 'not_found'
  | 'conflict'
  | 'username_taken'
  | 'already_set_up'
  | 'last_owner'
  | 'session_limit_reached'
  | 'account_locked'
  | 'rate_limited'
  | 'too_many_tickets'
  | 'busy'
  | 'unavailable'

/** A field that was refused, as the form shows it. */
export interface FieldRefusal {
  readonly name: string
  readonly code: string
  readonly detail: string
}

export interface Refusal {
  readonly ok: false
  readonly code: RefusalCode
  /** For logs and audit only; never sent. */
  readonly why?: string
  /** Replaces the code's standard sentence; may be told to anyone. */
  readonly detail?: string
  readonly fields?: readonly FieldRefusal[]
  /** Why the session ended, with `session_revoked`. */
  readonly reason?: EndReason
  /** How long until another try makes sense. */
  readonly retryAfter?: Millis
  /** How fresh the proof of the password must be, with `step_up_required`. */
  readonly stepUpWithin?: Millis
  /** The methods that would do, with `method_not_allowed`. */
  readonly allow?: readonly string[]
}

/** Says no. */
export function refuse(code: RefusalCode, more: Omit<Refusal, 'ok' | 'code'> = {}): Refusal {
  return { ok: false, code, ...more }
}
