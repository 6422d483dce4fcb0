/**
 * Problems: the one table from a refusal to what is told of it (RFC 9457). Private detail (`why`)
 * never reaches it; a fault is told by its request id alone.
 *
 * @module
 */
import type { Refusal, RefusalCode } from '../rules/refusal.ts'
import { second } from '../rules/time.ts'
import type { Problem } from '../wire.ts'

export type ProblemCode = RefusalCode | 'internal'

interface Told {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly category: 'auth' | 'validation' | 'not_found' | 'conflict' | 'rate_limit' | 'internal'
  readonly retryable?: true
}

/** Every problem by code. The reference page is printed from this table. */
export const problems: { readonly [C in ProblemCode]: Told } = {
  not_authenticated: {
    status: 401,
    title: 'Not signed in',
    detail: 'This needs a signed-in person.',
    category: 'auth',
  },
  session_expired: {
    status: 401,
    title: 'Session expired',
    detail: 'The session is over. Sign in again.',
    category: 'auth',
  },
  session_revoked: {
    status: 401,
    title: 'Session ended',
    detail: 'The session was ended. Sign in again.',
    category: 'auth',
  },
  invalid_credentials: {
    status: 401,
    title: 'Invalid credentials',
    detail: 'Name or password is wrong.',
    category: 'auth',
  },
  refresh_token_invalid: {
    status: 401,
    title: 'Session over',
    detail: 'The session cannot be renewed. Sign in again.',
    category: 'auth',
  },
  forbidden: {
    status: 403,
    title: 'Forbidden',
    detail: 'This is not allowed.',
    category: 'auth',
  },
  csrf_rejected: {
    status: 403,
    title: 'Request refused',
    detail: 'The request does not come from this site, or its CSRF token is missing or wrong.',
    category: 'auth',
  },
  password_change_required: {
    status: 403,
    title: 'Password change required',
    detail: 'Choose a new password first.',
    category: 'auth',
  },
  step_up_required: {
    status: 403,
    title: 'Password needed',
    detail: 'Show your password once more to do this.',
    category: 'auth',
  },
  wrong_password: {
    status: 422,
    title: 'Wrong password',
    detail: 'The current password is not right.',
    category: 'validation',
  },
  validation_failed: {
    status: 422,
    title: 'Not valid',
    detail: 'Some fields cannot be accepted as they are.',
    category: 'validation',
  },
  malformed_request: {
    status: 400,
    title: 'Malformed request',
    detail: 'The request cannot be read.',
    category: 'validation',
  },
  request_timeout: {
    status: 408,
    title: 'Request too slow',
    detail: 'The request did not arrive in time.',
    category: 'validation',
  },
  headers_too_large: {
    status: 431,
    title: 'Headers too large',
    detail: 'Headers have at most 16 KB. Clearing the cookies of this site helps.',
    category: 'validation',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    detail: 'Send application/json in UTF-8, not compressed.',
    category: 'validation',
  },
  payload_too_large: {
    status: 413,
    title: 'Body too large',
    detail: 'A body has at most 64 KB.',
    category: 'validation',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    detail: 'This address does not know the method.',
    category: 'validation',
  },
  misdirected_request: {
    status: 421,
    title: 'Misdirected request',
    detail: 'This server does not answer for that host.',
    category: 'validation',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    detail: 'There is nothing here.',
    category: 'not_found',
  },
  conflict: {
    status: 409,
    title: 'Conflict',
    detail: 'This cannot be done as things are.',
    category: 'conflict',
  },
  username_taken: {
    status: 409,
    title: 'Name taken',
    detail: 'Somebody has this name already.',
    category: 'conflict',
  },
  already_set_up: {
    status: 409,
    title: 'Already set up',
    detail: 'This instance has its owner. Sign in instead.',
    category: 'conflict',
  },
  last_owner: {
    status: 409,
    title: 'Last owner',
    detail: 'There must be an owner: make somebody else one first.',
    category: 'conflict',
  },
  session_limit_reached: {
    status: 409,
    title: 'Session limit reached',
    detail: 'End another session first, or wait until one is over.',
    category: 'conflict',
  },
  account_locked: {
    status: 429,
    title: 'Account temporarily locked',
    detail: 'Too many attempts. Try again later.',
    category: 'auth',
    retryable: true,
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    detail: 'Try again later.',
    category: 'rate_limit',
    retryable: true,
  },
  too_many_tickets: {
    status: 429,
    title: 'Too many tickets',
    detail: 'Use the tickets there are, or wait until they have run out.',
    category: 'rate_limit',
    retryable: true,
  },
  busy: {
    status: 503,
    title: 'Busy',
    detail: 'Too many people are signing in at this moment. Try again.',
    category: 'internal',
    retryable: true,
  },
  unavailable: {
    status: 503,
    title: 'Unavailable',
    detail: 'The service cannot answer at this moment. Try again.',
    category: 'internal',
    retryable: true,
  },
  internal: {
    status: 500,
    title: 'Internal error',
    detail: 'Something went wrong. The request id finds it in the log.',
    category: 'internal',
  },
}

/** How long to wait when a refusal that can be retried does not say. */
const defaultRetry = second

/** What is told of a refusal, and the headers that go with it. */
export function problemOf(
  refusal: Omit<Refusal, 'ok' | 'code'> & { readonly code: ProblemCode },
  requestId: string,
): { problem: Problem; headers: Record<string, string> } {
  const { code, detail, fields, reason, allow, stepUpWithin } = refusal
  const told = problems[code]
  const retryable = told.retryable ?? false
  const wait = retryable ? (refusal.retryAfter ?? defaultRetry) : undefined
  const retryAfter = wait === undefined ? undefined : Math.max(1, Math.ceil(wait / second))
  return {
    problem: {
      type: `https://sallyport.dev/problems/${code}`,
      title: told.title,
      status: told.status,
      detail: detail ?? told.detail,
      instance: requestId,
      code,
      category: told.category,
      retryable,
      ...(retryAfter === undefined ? {} : { retryAfter }),
      ...(fields ? { fields } : {}),
      ...(reason ? { reason } : {}),
      ...(stepUpWithin === undefined ? {} : { stepUp: { within: stepUpWithin / second } }),
    },
    headers: {
      ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
      ...(allow ? { Allow: allow.join(', ') } : {}),
      ...(code === 'not_authenticated' ? { 'WWW-Authenticate': 'Bearer' } : {}),
    },
  }
}
