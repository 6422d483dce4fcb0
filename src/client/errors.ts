/**
 * The two ways a call can fail: the server said no, or there was no answer of its own. Only the
 * first can ever mean that somebody is signed out.
 */

import type { Problem } from '../wire.ts'

/** The server answered with a problem (RFC 9457). `code` is stable and safe to branch on. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title)
    this.problem = problem
  }

  get code(): Problem['code'] {
    return this.problem.code
  }

  get status(): number {
    return this.problem.status
  }

  /** Whole seconds to wait before trying again; there on every 429 and 503. */
  get retryAfter(): number | undefined {
    return this.problem.retryAfter
  }

  /** What was wrong with which field of the body; empty unless `code` is `validation_failed`. */
  get fields(): NonNullable<Problem['fields']> {
    return this.problem.fields ?? []
  }
}

/**
 * No answer from the server: `network` when it could not be reached, `timeout` when it was silent
 * too long, `foreign` when something between here and there answered in its place. Whether an
 * unsafe call took effect is not known.
 */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
  readonly kind: 'network' | 'timeout' | 'foreign'

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
