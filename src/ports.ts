/**
 * Ports: the interfaces to the world, each fitting a screen. Everything that is not a decision is
 * behind one of them; a test sets the clock and knows the chance, but the store is always a real one.
 *
 * @module
 */
import type { Place } from './rules/cursor.ts'
import type { Facts, Kind } from './rules/facts.ts'
import type { Keys } from './rules/keys.ts'
import type { passwordSettings } from './rules/password.ts'
import type { Refusal } from './rules/refusal.ts'
import type { KeyUses } from './rules/retirement.ts'
import type { refreshSettings } from './rules/rotation.ts'
import type { SessionPolicy } from './rules/session.ts'
import type { PolicyOf } from './rules/settings.ts'
import type { Step } from './rules/step.ts'
import type { StepUpPolicy } from './rules/step-up.ts'
import type { SweptKind } from './rules/sweep.ts'
import type { Instant, Millis } from './rules/time.ts'

/** Asks for one record. */
export interface One<K extends Kind = Kind> {
  readonly one: K
  readonly by: string
  readonly is: string
}

/**
 * Asks for the members of a list, newest first. A list is guarded by its owner's record: a step that
 * adds to it or takes from it collides with any other step over the same list.
 */
export interface Many<K extends Kind = Kind> {
  readonly many: K
  readonly by: string
  readonly is: string
  readonly owner: Kind
  /** What makes a member live: this column null, and these instants still to come. */
  readonly live: { readonly open: string; readonly until: readonly string[] }
}

export type Ref = One | Many

/** What a ref shows. */
export type Shown<R> =
  R extends One<infer K>
    ? Facts[K] | undefined
    : R extends Many<infer K>
      ? readonly Facts[K][]
      : never

export type ShownAll<A> = { readonly [N in keyof A]: Shown<A[N]> }

export const instance = (): One<'instance'> => ({ one: 'instance', by: 'id', is: 'instance' })
export const user = (id: string): One<'users'> => ({ one: 'users', by: 'id', is: id })
export const userNamed = (username: string): One<'users'> => ({
  one: 'users',
  by: 'username',
  is: username,
})
export const device = (id: string): One<'devices'> => ({ one: 'devices', by: 'id', is: id })
export const attempts = (id: string): One<'attempts'> => ({ one: 'attempts', by: 'id', is: id })
export const session = (id: string): One<'sessions'> => ({ one: 'sessions', by: 'id', is: id })

/** The live sessions of a user: not ended, neither idle nor absolute limit reached; at most 1,000. */
export const sessionsOf = (userId: string): Many<'sessions'> => ({
  many: 'sessions',
  by: 'userId',
  is: userId,
  owner: 'users',
  live: { open: 'endedAt', until: ['idleUntil', 'expiresAt'] },
})

export interface Store {
  /** Reads one ref. */
  find<R extends Ref>(ref: R): Promise<Shown<R>>

  /** Reads the live members of a list after `after`, at most `limit`, newest first, then by id. */
  page<K extends Kind>(
    ref: Many<K>,
    from: { after?: Place | undefined; limit: number },
  ): Promise<readonly Facts[K][]>

  /**
   * The one way to change anything: shows a rule what was asked and commits all it answers in one
   * transaction, if nothing it was shown has changed; else shows it anew.
   *
   * @param rule Pure: it may run more than once. `now` is the clock that all nodes share.
   * @throws {Unavailable} When the database cannot be reached or stays busy.
   */
  step<A extends Record<string, Ref>, V>(
    asked: A,
    rule: (shown: ShownAll<A>, now: Instant) => Step<V>,
  ): Promise<V>

  /**
   * Removes rows that nobody will ask for any more, at most a slice of one kind, and lets others
   * take a turn.
   *
   * @param by.toldFor How long a session's row outlives its absolute limit.
   * @returns How many; fewer than a slice when there are no more.
   */
  sweep(kind: SweptKind, by: { readonly toldFor: Millis; readonly slice: number }): Promise<number>

  /**
   * What still rests on the root secret `keyId`.
   *
   * @param underWay How long after it went out of use something may still have been made under it.
   */
  uses(keyId: string, underWay: Millis): Promise<KeyUses>

  /** Throws {@link Unavailable} unless the database answers. */
  ping(): Promise<void>

  close(): Promise<void>
}

/** The world is away: told as 503 and never as access. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}

export interface Clock {
  /** Wall time. */
  now(): Instant
  /** Monotonic time, for ages; unrelated to {@link now}. */
  elapsed(): Millis
}

export interface Random {
  /** `length` unguessable bytes. */
  bytes(length: number): Buffer
}

/** What a hash job says: done, or refused because the queue is full or the wait too long. */
export type Hashed<T> = { readonly ok: true; readonly value: T } | Refusal

/** Hashes off the main thread. `by` is whose place in the queue it takes (an address). */
export interface PasswordHasher {
  /** @returns A PHC string over `secret`. */
  hash(secret: Buffer, by: string): Promise<Hashed<string>>
  /** Whether `phc` can be verified at all; one that cannot was altered, or is of a kind unknown here. */
  reads(phc: string): boolean
  /** Whether `secret` is behind `phc`. A hash that cannot be read throws. */
  verify(phc: string, secret: Buffer, by: string): Promise<Hashed<boolean>>
  /** A well-formed hash nobody knows the secret of, of the parameters in use: verifying costs the same. */
  readonly decoy: string
  /** Whether `phc` was made with weaker parameters than those in use. */
  isOld(phc: string): boolean
  close(): Promise<void>
}

/** All a flow is handed: the ports, the keys and the policy. */
export interface World {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly hasher: PasswordHasher
  /** Of the ring as it is now: a rotation changes them while the node runs. */
  readonly keys: Keys
  readonly policy: {
    readonly session: SessionPolicy
    readonly password: PolicyOf<typeof passwordSettings>
    readonly refresh: PolicyOf<typeof refreshSettings>
    readonly stepUp: StepUpPolicy
  }
  readonly instanceId: string
  readonly publicOrigin: string
  /** What claims the instance while it has no owner; the first is the one to print. */
  readonly setupTokens: readonly string[]
  /** Lower-cased common passwords; loaded when first asked for. */
  readonly commonPasswords: () => Promise<ReadonlySet<string>>
}
