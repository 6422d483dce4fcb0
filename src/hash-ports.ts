/**
 * The port to password hashing.
 *
 * @module
 */
import type { Refusal } from './rules/refusal.ts'

/** What a hash job says: done, or refused because the queue is full or the wait too long. */
export type Hashed<T> = { readonly ok: true; readonly value: T } | Refusal

/**
 * Hashes off the main thread. `by` is whose place in the queue it takes (an address), `known` whether that is
 * for somebody signed in or on a trusted device: strangers wait longer.
 */
export interface PasswordHasher {
  /** @returns A PHC string over `secret`. */
  hash(secret: Buffer, by: string, known?: boolean): Promise<Hashed<string>>
  /** Whether `phc` can be verified at all; one that cannot was altered, or is of a kind unknown here. */
  reads(phc: string): boolean
  /** Whether `secret` is behind `phc`. A hash that cannot be read throws. */
  verify(phc: string, secret: Buffer, by: string, known?: boolean): Promise<Hashed<boolean>>
  /**
   * Lets somebody in at the door, before what has to be done for a hash: no more than there are places for.
   *
   * @returns What is called when he leaves; `busy`.
   */
  admit(known: boolean): Hashed<() => void>
  /** A well-formed hash nobody knows the secret of, of the parameters in use: verifying costs the same. */
  readonly decoy: string
  /** Whether `phc` was made with weaker parameters than those in use. */
  isOld(phc: string): boolean
  /** How it stands with the threads: hashes evaluated since the start, and those that wait. */
  state(): { readonly evaluated: number; readonly waiting: number }
  close(): Promise<void>
}
