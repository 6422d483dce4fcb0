/**
 * Lockout: how many guesses a bucket takes before it rests, and for how long.
 *
 * A guess is charged before the password is checked and forgiven when it proves right, so guesses sent
 * side by side cannot slip in under one count. A rest is an instant that is kept: neither a restart nor
 * another node knows it differently.
 *
 * @see OWASP ASVS 5.0 V6.3.1; NIST SP 800-63B-4, 3.2.2 (throttling: at most 100 failures in a row)
 * @module
 */
import type { Attempts } from './facts.ts'
import type { PolicyOf, Settings } from './settings.ts'
import { day, hour, type Instant, type Millis, minute } from './time.ts'

export const lockoutSettings = {
  threshold: {
    is: 'count',
    default: 10,
    min: 1,
    max: 100,
    unit: 'guesses',
    doc: 'Wrong passwords that a name takes from strangers, or a trusted device in all, or a session.',
  },
  window: {
    is: 'duration',
    default: 15 * minute,
    min: minute,
    max: day,
    doc: 'How long wrong passwords are counted together.',
  },
  duration: {
    is: 'duration',
    default: 15 * minute,
    min: minute,
    max: day,
    doc: 'The first rest of a name, and every rest of an address. The next of a name is twice as long.',
  },
  longest: {
    is: 'duration',
    default: hour,
    min: minute,
    max: day,
    doc: 'No rest is longer.',
  },
  perAddress: {
    is: 'count',
    default: 30,
    min: 1,
    max: 100_000,
    unit: 'guesses',
    doc: 'Wrong passwords that one address may send in a window, whatever the names.',
  },
  consecutive: {
    is: 'count',
    default: 100,
    min: 1,
    max: 100,
    unit: 'guesses',
    doc: 'After so many without a right one between, strangers stay out until the name is unlocked.',
  },
} as const satisfies Settings

export type LockoutPolicy = PolicyOf<typeof lockoutSettings>

/** Where a bucket is full, and what follows. */
export interface Line {
  readonly threshold: number
  readonly window: Millis
  /** The first rest. */
  readonly duration: Millis
  readonly longest: Millis
  /** Failures without a success between after which only a success or an unlock helps. */
  readonly consecutive: number
  /**
   * How long after its last rest or window a bucket still counts for something; as long again for each
   * further failure in a row, up to a year: who waits to be forgotten guesses no faster than that.
   */
  readonly memory: Millis
  /** The same where there were too many failures in a row. */
  readonly closed: Millis
}

/** How long a trusted device is one after its last sign-in. */
export const deviceLifetime: Millis = 180 * day

const week = 7 * day
const year = 365 * day
/** No session lives longer. */
const sessionLifetime = 90 * day
/** Beyond it there is no date; whatever is closed for so long is opened by somebody, or never. */
const forEver = 8.64e15

/** The lines of all kinds of buckets. */
export function linesOf(policy: LockoutPolicy) {
  const { duration, perAddress: threshold } = policy
  const alone = { consecutive: Number.POSITIVE_INFINITY, memory: 0, closed: 0 }
  return {
    // Of a name that is nobody's as of any other, or its memory would tell which it is.
    name: { ...policy, memory: week, closed: forEver },
    session: { ...policy, memory: week, closed: sessionLifetime },
    // An address is shared by people who have done nothing: its rests do not grow.
    address: { ...policy, ...alone, threshold, longest: duration },
    // A device that is full is no trusted one any more, for as long as it would have been.
    device: {
      ...policy,
      ...alone,
      window: deviceLifetime,
      duration: deviceLifetime,
      longest: deviceLifetime,
    },
  } satisfies Record<string, Line>
}

/** What whoever charged a guess holds, to take it back by. */
export interface Charge {
  readonly id: string
  /** The window it was charged in. */
  readonly since: Instant
  /** Whether the bucket is full with it: when it proves wrong, a rest has begun. */
  readonly fills: boolean
}

/** The bucket as it is to be kept, or how long it still rests. */
export type Charging =
  | { readonly kind: 'charged'; readonly kept: Attempts; readonly charge: Charge }
  | { readonly kind: 'resting'; readonly wait: Millis }

/**
 * How long a bucket still rests; 0 when it does not. After too many failures in a row nobody knows how
 * long: the longest rest is told.
 */
export function waitOf(kept: Attempts | undefined, line: Line, now: Instant): Millis {
  if (!kept || now >= kept.staleAt) return 0
  const wait = Math.max(kept.restsUntil - now, 0)
  return kept.failures >= line.consecutive ? Math.max(wait, line.longest) : wait
}

/** A bucket that nothing was charged to. */
export function emptyBucket(id: string): Attempts {
  const none = { count: 0, since: 0, rests: 0, restsUntil: 0, failures: 0 }
  const requests = { requests: 0, minuteSince: 0, staleAt: 0 }
  return { id, username: null, addresses: '[]', ...none, ...requests }
}

/** When a bucket stops mattering. */
export function staleAt(kept: Attempts, line: Line): Instant {
  const remembered = Math.min(Math.max(kept.failures, 1) * line.memory, year)
  const memory = kept.failures >= line.consecutive ? line.closed : remembered
  const over = Math.max(kept.since + line.window, kept.restsUntil) + memory
  return Math.min(Math.max(over, kept.minuteSince + minute), forEver)
}

/**
 * Charges one guess, or refuses it while the bucket rests: a refused guess costs nothing, so hammering
 * does not lengthen a rest. The guess that fills the bucket is still let in. After a rest the count
 * begins anew.
 *
 * @param given.username The name, when it is somebody's.
 * @param given.address Where from, to count how many; left out where it does not matter.
 */
export function charge(
  shown: Attempts | undefined,
  given: { id: string; username?: string | null; address?: string },
  line: Line,
  now: Instant,
): Charging {
  const wait = waitOf(shown, line, now)
  if (wait > 0) return { kind: 'resting', wait }

  const before = shown && now < shown.staleAt ? shown : emptyBucket(given.id)
  const current = before.restsUntil === 0 && before.count > 0 && now < before.since + line.window
  const count = current ? before.count + 1 : 1
  const since = current ? before.since : now
  const failures = before.failures + 1
  const fills = count >= line.threshold || failures >= line.consecutive
  // What happened a quiet week ago does not make a rest longer.
  const quiet = now >= Math.max(before.since + line.window, before.restsUntil) + week
  const rests = quiet ? 0 : before.rests
  const length = Math.min(line.duration * 2 ** rests, line.longest)
  const next = {
    ...before,
    username: given.username ?? null,
    count,
    since,
    failures,
    rests: fills ? rests + 1 : rests,
    restsUntil: fills ? now + length : 0,
    addresses: withAddress(before.addresses, given.address),
  }
  const kept = { ...next, staleAt: staleAt(next, line) }
  return { kind: 'charged', kept, charge: { id: given.id, since, fills } }
}

/**
 * A bucket under the name it has now, when the root secret that named it was rotated: nothing begins
 * anew. Where something was charged under the new name already, both count.
 */
export function carried(older: Attempts, current: Attempts | undefined, id: string): Attempts {
  if (!current) return { ...older, id }
  const later = current.since < older.since ? older : current
  return {
    ...later,
    id,
    username: current.username ?? older.username,
    count: current.count + older.count,
    failures: current.failures + older.failures,
    rests: Math.max(current.rests, older.rests),
    restsUntil: Math.max(current.restsUntil, older.restsUntil),
    staleAt: Math.max(current.staleAt, older.staleAt),
  }
}

/** More distinct addresses than these are not told apart. */
const mostAddresses = 100

function withAddress(addresses: string, address: string | undefined): string {
  // Written only here.
  const known = JSON.parse(addresses) as string[]
  if (address === undefined || known.includes(address) || known.length >= mostAddresses)
    return addresses
  return JSON.stringify([...known, address])
}

/** From how many addresses the guesses came, at most 100. */
export const addressesIn = ({ addresses }: Attempts): number =>
  (JSON.parse(addresses) as string[]).length

/**
 * Takes one guess back: it proved right, or was never checked. A rest that began with it, or with one
 * beside it, ends when the bucket is not full any more.
 *
 * @returns The bucket as it is to be kept; nothing when its window has passed.
 */
export function takeBack(
  kept: Attempts | undefined,
  { since }: Charge,
  line: Line,
): Attempts | undefined {
  if (!kept || kept.since !== since || kept.count === 0) return undefined
  const count = kept.count - 1
  const failures = Math.max(kept.failures - 1, 0)
  const lifts = kept.restsUntil > 0 && count < line.threshold && failures < line.consecutive
  const rest = lifts ? { rests: Math.max(kept.rests - 1, 0), restsUntil: 0 } : {}
  const next = { ...kept, count, failures, ...rest }
  return { ...next, staleAt: staleAt(next, line) }
}
