/**
 * The two ways a call can fail: the server said no, or there was no answer of its own. Only the
 * first can ever mean that somebody is signed out.
 */

import type { Problem } from '../wire.ts'

/** The server answered with a problem (RFC 9457). `code` is stable and safe to branch on. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  declare readonly code: Problem['code']
  declare readonly status: number
  /** Whole seconds to wait before trying again; there on every 429 and 503. */
  declare readonly retryAfter: number | undefined
  /** What was wrong with which field of the body; empty unless `code` is `validation_failed`. */
  declare readonly fields: NonNullable<Problem['fields']>
  declare readonly problem: Problem

  /** @param options `cause`: the answer as it came, its body unread. */
  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.detail ?? problem.title, options)
    this.code = problem.code
    this.status = problem.status
    this.retryAfter = problem.retryAfter
    this.fields = problem.fields ?? []
    this.problem = problem
  }
}

/**
 * No answer from the server: `network` when it could not be reached, `timeout` when it was silent
 * too long, `foreign` when something between here and there answered in its place, `incomplete`
 * when a stream broke off before its end. Whether an unsafe call took effect is not known.
 */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
  declare readonly kind: 'network' | 'timeout' | 'foreign' | 'incomplete'

  constructor(kind: UnreachableError['kind'], options?: ErrorOptions) {
    super(`No answer from the server (${kind})`, options)
    this.kind = kind
  }
}

export type ClientError = ProblemError | UnreachableError

/** True when the server may answer the same call later: it was away, or said it is not ready. */
export function isAway(error: unknown): boolean {
  return error instanceof UnreachableError || (error instanceof ProblemError && error.status >= 500)
}
