/**
 * Revocation: how long a node may answer from what it remembers, and how long whoever ends trust
 * waits for the others. No clock is compared with another machine's.
 *
 * @see Gray and Cheriton, Leases, SOSP 1989
 * @module
 */
import type { Settings } from './settings.ts'
import { type Instant, type Millis, second } from './time.ts'

export const revocationSettings = {
  lease: {
    is: 'duration',
    default: second,
    min: second / 4,
    max: 5 * second,
    doc: 'How long a node that no longer hears from the others answers from memory; it then reads.',
  },
} as const satisfies Settings

/** A moment, on both clocks of one machine. */
export interface Moment {
  readonly elapsed: Millis
  readonly wall: Instant
}

/** What a lease rests on. */
export interface Held {
  /** When the last good look at the feed was sent. */
  readonly looked: Moment
  /** When the last beat that was acknowledged was sent, by {@link Moment.elapsed}. */
  readonly beaten: Millis
}

/** In leases: a beat is sent after two, its node has no lease after five, and is forgotten after ten. */
export const beatAfter = 2
const beatHolds = 5
export const forgottenAfter = 10
/** Whoever has watched one be silent for so long knows that it has no lease: 10 % for clock rate. */
export const endedAfter = beatHolds * 1.1

/** The longest lease any node may have. */
export const longestLease: Millis = revocationSettings.lease.max

/**
 * Whether the lease is held at this moment. A slow answer shortens it, since it counts from the
 * sending; a machine that was put to sleep betrays itself by its two clocks.
 */
export function holds({ looked, beaten }: Held, { elapsed, wall }: Moment, lease: Millis): boolean {
  const age = elapsed - looked.elapsed
  const drift = Math.abs(wall - looked.wall - age)
  return age >= 0 && age < lease && drift <= lease / 4 && elapsed - beaten < beatHolds * lease
}

/** How long a barrier waits at most, for nodes of which the longest lease is this: 10 % for clock rate. */
export const waitsFor = (lease: Millis): Millis => lease * 1.1
