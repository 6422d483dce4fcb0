/**
 * Rate limits: how many requests one address, person or session may make in a minute. Each request
 * counts towards the floor of its address and towards one tier more, the one it is meant for.
 *
 * @see OWASP ASVS 5.0 V2.4.1 (anti-automation)
 * @module
 */
import type { PolicyOf, Settings } from './settings.ts'
import { type Instant, type Millis, minute } from './time.ts'

const perMinute = { is: 'count', min: 0, max: 1_000_000, unit: 'requests a minute' } as const

export const limitSettings = {
  floor: {
    ...perMinute,
    default: 10_000,
    doc: 'What one address may ask for, whatever it is; 0 for no limit, as in every tier.',
  },
  anonymous: {
    ...perMinute,
    default: 60,
    doc: 'What one address may ask for without a session.',
  },
  signedIn: {
    ...perMinute,
    default: 6_000,
    doc: 'What one signed-in person may ask for.',
  },
  login: {
    ...perMinute,
    default: 30,
    doc: 'Sign-ins of one address, on all nodes together; trusted devices are not counted.',
  },
  setup: {
    ...perMinute,
    default: 30,
    doc: 'Claims of the instance by one address.',
  },
  changePassword: {
    ...perMinute,
    default: 30,
    doc: 'Changes of a password by one address.',
  },
  refresh: {
    ...perMinute,
    default: 30,
    doc: 'Refreshes of one session, and refresh tokens that are none of ours by one address.',
  },
  ticket: {
    ...perMinute,
    default: 20,
    doc: 'Tickets for sockets of one person.',
  },
} as const satisfies Settings

export type LimitPolicy = PolicyOf<typeof limitSettings>

/** Requests in the minute that began with the first of them. */
export interface Counter {
  readonly requests: number
  readonly minuteSince: Instant
}

/** One request more, or how long until there is room for one; and what is to be kept either way. */
export type Counted = { readonly counter: Counter } & (
  | { readonly ok: true }
  | { readonly ok: false; readonly wait: Millis }
)

/**
 * Counts one request. One that is refused is not counted, so insisting does not lengthen the wait.
 *
 * @param now On any clock, always the same one: only ages are looked at.
 */
export function count(kept: Counter | undefined, limit: number, now: Instant): Counted {
  const current = kept && now >= kept.minuteSince && now < kept.minuteSince + minute
  if (!current) return { ok: true, counter: { requests: 1, minuteSince: now } }
  if (kept.requests >= limit)
    return { ok: false, counter: kept, wait: kept.minuteSince + minute - now }
  const { minuteSince } = kept
  return { ok: true, counter: { requests: kept.requests + 1, minuteSince } }
}
