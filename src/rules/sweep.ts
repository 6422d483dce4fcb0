/**
 * Sweeping: what may go. A row goes when nothing it could tell is asked any more, not when it is over:
 * why a session ended is told for a day after it could have lasted.
 *
 * @module
 */
import type { Kind } from './facts.ts'
import { day, type Millis } from './time.ts'

/** How long the row of a session, or of a key, outlives its absolute limit. */
export const toldFor: Millis = day

/** How many rows one statement removes at most. */
export const slice = 500

/** What is swept, in order: a person goes after all that was the person's. */
export const sweptKinds = [
  'sessions',
  'attempts',
  'devices',
  'keys',
  'tickets',
  'presence',
  'users',
] as const satisfies Kind[]

export type SweptKind = (typeof sweptKinds)[number]

/** How many rows of each kind were removed. */
export type Swept = Readonly<Record<SweptKind, number>>
