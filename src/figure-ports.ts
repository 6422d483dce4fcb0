/**
 * The port to figures: how many there are of something, for people to look at. Nothing is decided by
 * them, so nothing guards them, and none is counted further than others may be kept waiting.
 *
 * @module
 */
import type { Instant, Millis } from './rules/time.ts'

export interface Figures {
  /** The live sessions of everybody, among the newest 10,000 that nobody ended. */
  sessions(): Promise<Tally>

  /** Everybody who was not deleted, up to 10,000. */
  people(): Promise<Tally>

  /** The roles of the newest 10,000 people, everywhere and in scopes as they are kept. */
  roles(): Promise<readonly RolesHeld[]>

  /** What was recorded in a stretch of time, of the newest 1,000 records in it: how often, by type. */
  recorded(from: Instant, to: Instant): Promise<Recorded>

  /** The nodes there are, at most 1,000. */
  nodes(): Promise<readonly NodeSeen[]>
}

/** How many people hold the same roles. */
export interface RolesHeld {
  readonly role: string
  readonly scopes: string
  readonly count: number
}

/** How many there are; with `more` at least so many. */
export interface Tally {
  readonly count: number
  readonly more: boolean
}

/** How often things were recorded; with `more` only of so many records. */
export interface Recorded {
  readonly times: ReadonlyMap<string, number>
  readonly more: boolean
}

/** A node as the others see it. */
export interface NodeSeen {
  readonly id: string
  readonly lease: Millis
  /** Entries of the feed that it has not heard of. */
  readonly behind: number
}
