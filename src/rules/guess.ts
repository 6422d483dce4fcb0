/**
 * Guesses: what a password given at sign-in is charged to, and what becomes of that. A stranger's goes
 * to the name and to the address; one on a trusted device to that device alone.
 *
 * @module
 */
import { event } from './audit.ts'
import { isTrusted } from './device.ts'
import type { Attempts, Device } from './facts.ts'
import {
  type Charge,
  carried,
  charge,
  emptyBucket,
  type Line,
  type LockoutPolicy,
  linesOf,
  staleAt,
  takeBack,
  waitOf,
} from './lockout.ts'
import { count } from './rate.ts'
import { type Refusal, refuse } from './refusal.ts'
import { type Change, forget, keep, type Step } from './step.ts'
import type { Instant } from './time.ts'

/** Who is guessed, and from where. */
export interface Guess {
  /** The bucket of the name, known or not. */
  readonly name: string
  /** The name, when it is somebody's. */
  readonly username: string | null
  /** Whom the record is about: `user:<id>`, or a keyed pseudonym. */
  readonly subject: string
  /** The address, for the record. */
  readonly address: string
  /** What of the address is counted: IPv4, or the /64 of IPv6. */
  readonly bucket: string
}

export const nameBucket = (pseudonym: string): string => `name:${pseudonym}`
/** Moves what was charged to a name under an older root secret to the bucket it has now. */
export function carryOver(
  shown: { older: Attempts | undefined; current: Attempts | undefined },
  id: string,
): Step<void> {
  const { older, current } = shown
  if (!older) return { verdict: undefined }
  const keeping = keep('attempts', carried(older, current, id))
  return { verdict: undefined, keep: [forget('attempts', older.id), keeping] }
}

export const addressBucket = (bucket: string): string => `address:${bucket}`
export const deviceBucket = (id: string): string => `device:${id}`

/** A guess that may be checked, by what it was charged to. */
export type Charged =
  | { readonly ok: true; readonly by: 'stranger'; readonly name: Charge; readonly address: Charge }
  | { readonly ok: true; readonly by: 'device'; readonly id: string; readonly device: Charge }

/** Buckets as they were shown. */
export interface StrangersBuckets {
  readonly name: Attempts | undefined
  readonly address: Attempts | undefined
}

/**
 * Charges a stranger's guess to name and address, before it is checked.
 *
 * @param policy.login Sign-ins a minute of one address; 0 for no limit.
 * @returns `rate_limited` while the address rests or asks too often; `account_locked` while the name
 *   rests. Both with what remains.
 */
export function chargeStranger(
  shown: StrangersBuckets,
  guess: Guess,
  policy: { lockout: LockoutPolicy; login: number },
  now: Instant,
): Step<Charged | Refusal> {
  const lines = linesOf(policy.lockout)
  const { bucket, username, name: id } = guess
  const addressId = addressBucket(bucket)
  const counted = count(policy.login === 0 ? undefined : shown.address, policy.login, now)
  if (!counted.ok) return { verdict: refuse('rate_limited', { retryAfter: counted.wait }) }
  const address = charge(shown.address, { id: addressId }, lines.address, now)
  if (address.kind === 'resting')
    return { verdict: refuse('rate_limited', { retryAfter: address.wait }) }

  const counting = (kept: Attempts): Change => {
    const next = { ...kept, ...(policy.login > 0 && counted.counter) }
    return keep('attempts', { ...next, staleAt: staleAt(next, lines.address) })
  }
  const name = charge(shown.name, { id, username, address: bucket }, lines.name, now)
  if (name.kind === 'resting') {
    const said = { subject: guess.subject, address: guess.address, reason: 'account_locked' }
    return {
      verdict: refuse('account_locked', { retryAfter: name.wait }),
      // The guess costs nothing, but asking counts.
      keep: policy.login > 0 ? [counting(shown.address ?? emptyBucket(addressId))] : [],
      record: [event('auth.refused', 'refused', said)],
    }
  }
  return {
    verdict: { ok: true, by: 'stranger', name: name.charge, address: address.charge },
    keep: [keep('attempts', name.kept), counting(address.kept)],
  }
}

/**
 * Charges a guess to the trusted device it comes from.
 *
 * @returns `stranger` when the device is no trusted one (any more): then it is to be charged as such.
 */
export function chargeDevice(
  shown: { device: Device | undefined; bucket: Attempts | undefined },
  given: { id: string; userId: string },
  policy: LockoutPolicy,
  now: Instant,
): Step<Charged | 'stranger'> {
  if (!isTrusted(shown.device, given.userId, now)) return { verdict: 'stranger' }
  const asked = { id: deviceBucket(given.id) }
  const charged = charge(shown.bucket, asked, linesOf(policy).device, now)
  if (charged.kind === 'resting') return { verdict: 'stranger', keep: untrusted(shown) }
  return {
    verdict: { ok: true, by: 'device', id: given.id, device: charged.charge },
    keep: [keep('attempts', charged.kept)],
  }
}

const untrusted = ({ device, bucket }: Settling): Change[] => [
  ...(bucket ? [forget('attempts', bucket.id)] : []),
  ...(device ? [forget('devices', device.id)] : []),
]

/** The buckets, and the device, that a charge is about, as they are now. */
export interface Settling extends Partial<StrangersBuckets> {
  readonly bucket?: Attempts | undefined
  readonly device?: Device | undefined
}

/**
 * What a right password changes: it clears the bucket it was charged to and takes its own charge back
 * from the address. On a trusted device it ends the count in a row, but not the strangers' rest.
 */
export function forgiven(shown: Settling, charged: Charged, policy: LockoutPolicy): Change[] {
  if (charged.by === 'stranger') {
    const address = takeBack(shown.address, charged.address, linesOf(policy).address)
    return [
      ...(shown.name ? [forget('attempts', shown.name.id)] : []),
      ...(address ? [keep('attempts', address)] : []),
    ]
  }
  const { name, bucket } = shown
  const cleared = name && { ...name, failures: 0 }
  return [
    ...(bucket ? [forget('attempts', bucket.id)] : []),
    ...(cleared
      ? [keep('attempts', { ...cleared, staleAt: staleAt(cleared, linesOf(policy).name) })]
      : []),
  ]
}

/** What changes when a guess was not checked after all. */
export function unchecked(shown: Settling, charged: Charged, policy: LockoutPolicy): Change[] {
  const lines = linesOf(policy)
  const back = (kept: Attempts | undefined, made: Charge, line: Line): Change[] => {
    const next = takeBack(kept, made, line)
    return next ? [keep('attempts', next)] : []
  }
  return charged.by === 'device'
    ? back(shown.bucket, charged.device, lines.device)
    : [
        ...back(shown.name, charged.name, lines.name),
        ...back(shown.address, charged.address, lines.address),
      ]
}

/** Whether a charge filled something, so that what is kept must be asked when it proves wrong. */
export const fills = (charged: Charged): boolean =>
  charged.by === 'device' ? charged.device.fills : charged.name.fills || charged.address.fills

/**
 * Decides a wrong password: the one that filled a bucket is told so, every other is just wrong.
 *
 * @param why For the record: what was wrong.
 */
export function wrongGuess(
  shown: Settling,
  charged: Charged,
  given: { guess: Guess; why: string },
  policy: LockoutPolicy,
  now: Instant,
): Step<Refusal> {
  const lines = linesOf(policy)
  const { guess, why } = given
  const { subject, address } = guess
  const said = {
    subject,
    address,
    reason: why,
    ...(charged.by === 'device' && { device: charged.id }),
  }
  const locked = (bucket: string, more: object, about = subject) =>
    event('auth.locked', 'refused', {
      ...said,
      subject: about,
      details: JSON.stringify({ bucket, ...more }),
    })

  if (charged.by === 'device') {
    // Not when a right one, side by side with this one, has emptied it meanwhile.
    if (charged.device.fills && waitOf(shown.bucket, lines.device, now) > 0)
      return {
        // A stranger now: what he waits for is the strangers' rest, if there is one.
        verdict: refuse('account_locked', { why, retryAfter: waitOf(shown.name, lines.name, now) }),
        keep: untrusted(shown),
        record: [locked('device', {})],
      }
    return wrong(why, said)
  }
  const name = charged.name.fills ? waitOf(shown.name, lines.name, now) : 0
  const from = charged.address.fills ? waitOf(shown.address, lines.address, now) : 0
  if (name === 0 && from === 0) return wrong(why, said)
  return {
    verdict:
      name > 0
        ? refuse('account_locked', { why, retryAfter: name })
        : refuse('rate_limited', { why, retryAfter: from }),
    record: [
      ...(name > 0 ? [locked('name', { until: shown.name?.restsUntil })] : []),
      ...(from > 0
        ? [locked('address', { until: shown.address?.restsUntil }, charged.address.id)]
        : []),
    ],
  }
}

const wrong = (why: string, said: Parameters<typeof event>[2]): Step<Refusal> => ({
  verdict: refuse('invalid_credentials', { why }),
  record: [event('auth.refused', 'refused', said)],
})
