/**
 * Ports: the interfaces to the world, each fitting a screen. Everything that is not a decision is
 * behind one of them; a test sets the clock and knows the chance, but the store is always a real one.
 *
 * @module
 */

import type { Records } from './audit-ports.ts'
import type { Figures } from './figure-ports.ts'
import type { PasswordHasher } from './hash-ports.ts'
import type { Access } from './rules/access.ts'
import type { AuditRow } from './rules/audit.ts'
import type { auditSettings } from './rules/audit-seal.ts'
import type { Place } from './rules/cursor.ts'
import type { Facts, Kind, Remembered } from './rules/facts.ts'
import type { Keys } from './rules/keys.ts'
import type { LockoutPolicy } from './rules/lockout.ts'
import type { passwordSettings } from './rules/password.ts'
import type { LimitPolicy } from './rules/rate.ts'
import type { KeyUses } from './rules/retirement.ts'
import type { refreshSettings } from './rules/rotation.ts'
import type { SessionPolicy } from './rules/session.ts'
import type { PolicyOf } from './rules/settings.ts'
import type { SocketPolicy } from './rules/socket.ts'
import type { Step } from './rules/step.ts'
import type { StepUpPolicy } from './rules/step-up.ts'
import type { SweptKind } from './rules/sweep.ts'
import type { TicketPolicy } from './rules/ticket.ts'
import type { Instant, Millis } from './rules/time.ts'
import type { Subject } from './rules/trust.ts'

/** Asks for one record. */
export interface One<K extends Kind = Kind> {
  readonly one: K
  readonly by: string
  readonly is: string
  /** Only if it is this person's. */
  readonly of?: string
  /** Of the session `is`, its person. */
  readonly through?: 'sessions'
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
  /** The id of the owner's record, where that is not `is`. */
  readonly ownedBy?: string
  readonly live: Live
}

/** What makes a member live: this column null, if there is one, and these instants still to come. */
export interface Live {
  readonly open?: string
  readonly until: readonly string[]
  /** Of sessions: whether it is of its user's version and of the instance's epoch. */
  readonly standing?: true
}

/** What can be listed: every kind of record, and the audit. */
export type Listable = Facts & { readonly audit: AuditRow }

/**
 * Asks for everything of a kind, newest first, then by id, a page at a time. It decides nothing, so
 * nothing guards it.
 */
export interface Listing<K extends keyof Listable = keyof Listable> {
  readonly list: K
  /** The instant that orders it. */
  readonly since: 'createdAt' | 'at'
  readonly live?: Live
  /** Only with one of these values there. */
  readonly among?: { readonly column: string; readonly values: readonly string[] }
  /** Only with this text in one of these columns, whatever its case and width. */
  readonly containing?: { readonly columns: readonly string[]; readonly text: string }
}

/** What a page holds. */
export type Member<R> =
  R extends Many<infer K> ? Facts[K] : R extends Listing<infer K> ? Listable[K] : never

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
export const apiKey = (id: string): One<'keys'> => ({ one: 'keys', by: 'id', is: id })
/** What a node has written of a person's connections to it. */
export const presenceOn = (node: string, userId: string): One<'presence'> => ({
  one: 'presence',
  by: 'id',
  is: `${node}:${userId}`,
})
export const ticket = (id: string): One<'tickets'> => ({ one: 'tickets', by: 'id', is: id })
export const session = (id: string): One<'sessions'> => ({ one: 'sessions', by: 'id', is: id })
export const ownerOf = (sid: string): One<'users'> => ({ ...user(sid), through: 'sessions' })
/** A session, if it is of that person: another's takes no longer to ask for than nobody's. */
export const sessionOf = (userId: string, id: string): One<'sessions'> => ({
  ...session(id),
  of: userId,
})

const standingSessions: Live = {
  open: 'endedAt',
  until: ['idleUntil', 'expiresAt'],
  standing: true,
}

/** The live sessions of a user: not ended, not void, neither idle nor absolute limit reached; at most 1,000. */
export const sessionsOf = (userId: string): Many<'sessions'> => ({
  many: 'sessions',
  by: 'userId',
  is: userId,
  owner: 'users',
  live: standingSessions,
})

/** The owners who are not disabled. Whoever adds one or takes one away moves the instance. */
export const owners = (): Many<'users'> => ({
  many: 'users',
  by: 'role',
  is: 'owner',
  owner: 'instance',
  ownedBy: 'instance',
  live: { open: 'disabledAt', until: [] },
})

/** The live sessions of everybody. */
export const everySession = (): Listing<'sessions'> => ({
  list: 'sessions',
  since: 'createdAt',
  live: standingSessions,
})

/** Everybody who was not deleted, or those whose name or display name contains `text`. */
export const people = (text?: string): Listing<'users'> => ({
  list: 'users',
  since: 'createdAt',
  live: { open: 'deletedAt', until: [] },
  ...(text && { containing: { columns: ['username', 'displayName'], text } }),
})

/** The people with these ids, deleted or not. */
export const peopleOf = (ids: readonly string[]): Listing<'users'> => ({
  list: 'users',
  since: 'createdAt',
  among: { column: 'id', values: ids },
})

/** What was recorded about somebody or something. */
export const auditOf = (subject: string): Listing<'audit'> => ({
  list: 'audit',
  since: 'at',
  among: { column: 'subject', values: [subject] },
})

/** The devices of a user, also those whose time is over: at most a handful more than may be trusted. */
export const devicesOf = (userId: string): Many<'devices'> => ({
  many: 'devices',
  by: 'userId',
  is: userId,
  owner: 'users',
  live: { until: [] },
})

/** The API keys of a user, also those that have expired: at most a handful more than may live. */
export const keysOf = (userId: string): Many<'keys'> => ({
  many: 'keys',
  by: 'userId',
  is: userId,
  owner: 'users',
  live: { until: [] },
})

/** The tickets of a user, also those that have run out: a handful. */
export const ticketsOf = (userId: string): Many<'tickets'> => ({
  many: 'tickets',
  by: 'userId',
  is: userId,
  owner: 'users',
  live: { until: [] },
})

export interface Store {
  readonly records: Records
  readonly figures: Figures

  /** Reads one ref. */
  find<R extends Ref>(ref: R): Promise<Shown<R>>

  /** Reads what comes after `after` in a list, at most `limit`, newest first, then by id. */
  page<R extends Many | Listing>(
    ref: R,
    from: { after?: Place | undefined; limit: number },
  ): Promise<readonly Member<R>[]>

  /**
   * The one way to change anything: shows a rule what was asked and commits all it answers in one
   * transaction, if nothing it was shown has changed; else shows it anew. When that ends anybody's
   * trust (`rules/trust.ts`), it answers only once no node rests on it any more.
   *
   * @param rule Pure: it may run more than once. `now` is the clock that all nodes share.
   * @throws {Unavailable} When the database cannot be reached or stays busy.
   */
  step<A extends Record<string, Ref>, V>(
    asked: A,
    rule: (shown: ShownAll<A>, now: Instant) => Step<V>,
  ): Promise<V>

  /** Records the refusals that were only counted because too many came. @returns How many records. */
  recordFloods(): Promise<number>

  /** The buckets of names that rest or are full for good, newest window first, then by id. */
  resting(from: {
    after?: Place | undefined
    limit: number
    /** Failures in a row with which a name is full for good. */
    consecutive: number
  }): Promise<readonly Facts['attempts'][]>

  /**
   * Removes rows that nobody will ask for any more, at most a slice of one kind, and lets others
   * take a turn.
   *
   * @param by.toldFor How long a session's row outlives its absolute limit.
   * @returns How many; fewer than a slice when there are no more.
   */
  sweep(kind: SweptKind, by: { readonly toldFor: Millis; readonly slice: number }): Promise<number>

  /** Root secrets that were in use before and were not retired, as the records have it. */
  formerRoots(): Promise<readonly string[]>

  /**
   * What still rests on the root secret `keyId`.
   *
   * @param underWay How long after it went out of use something may still have been made under it.
   */
  uses(keyId: string, underWay: Millis): Promise<KeyUses>

  /** How many sessions of everybody stand, as {@link everySession} has it. */
  countLiveSessions(): Promise<number>

  /** Who is connected to any node that is among the others, at most 10,000 people. */
  online(): Promise<readonly { readonly userId: string; readonly connections: number }[]>

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

/** What whoever watches is told: it is not what it was; or nothing can be promised any more. */
export type Heard = 'changed' | 'lost'

/** One record that is remembered, by its id. */
export type Recall = <K extends Kind>(kind: K, id: string) => Remembered<K> | undefined

/**
 * What this node remembers of who stands. A record here is as good as its row: whatever ends trust is
 * dropped by every node before it is answered. Columns that nobody is let in or kept out by
 * (`rules/trust.ts`) may be older.
 */
export interface Standing {
  /** This process among the others, as long as it runs. */
  readonly node: string
  /**
   * Asks for what is remembered, at this moment; nothing is, while the lease is not held. What is not
   * remembered, or does not let in, is to be read: memory refuses nobody.
   */
  recall(): Recall | undefined
  /** Reads a record by its id, and remembers it unless it changed meanwhile. */
  find<K extends Kind>(kind: K, id: string): Promise<Facts[K] | undefined>
  /** Forgets a record here, so that it is read again. */
  forget(kind: Kind, id: string): void
  /**
   * Tells when one of these has changed or may have; and, once, when the lease has been gone for so
   * long that whoever is let in should come again.
   *
   * @param told Must not throw.
   * @returns Stops it.
   */
  watch(subjects: readonly Subject[], told: (heard: Heard) => void): () => void
  /** Counts a check that was answered from memory, or by reading. */
  count(how: 'remembered' | 'read'): void
  /** How it stands with this node, for those who look after it. */
  state(): StandingState
}

export interface StandingState {
  /** Whether it answers from memory. */
  readonly fresh: boolean
  /** Since the last good look at the feed was sent; infinite before the first. */
  readonly leaseAge: Millis
  /** Entries of the feed it has seen and not applied. */
  readonly feedLag: number
  /** Checks answered from memory, and by reading, since the start. */
  readonly remembered: number
  readonly read: number
  /** Records in memory. */
  readonly size: number
  /** How often a deed here waited for the other nodes, and how long altogether and at most. */
  readonly barriers: Barriers
}

export interface Barriers {
  readonly count: number
  readonly total: Millis
  readonly longest: Millis
  /** How many took up to each bound, and longer than the one before; the rest took longer than all. */
  readonly upTo: readonly { readonly bound: Millis; readonly count: number }[]
}

/** All a flow is handed: the ports, the keys and the policy. */
export interface World {
  readonly store: Store
  readonly standing: Standing
  readonly clock: Clock
  readonly random: Random
  readonly hasher: PasswordHasher
  /** Of the ring as it is now: a rotation changes them while the node runs. */
  readonly keys: Keys
  /** The roles and permissions there are. */
  readonly access: Access
  readonly policy: {
    readonly session: SessionPolicy
    readonly password: PolicyOf<typeof passwordSettings>
    readonly refresh: PolicyOf<typeof refreshSettings>
    readonly stepUp: StepUpPolicy
    readonly ticket: TicketPolicy
    readonly socket: SocketPolicy
    readonly lockout: LockoutPolicy
    readonly limits: LimitPolicy
    readonly audit: PolicyOf<typeof auditSettings>
  }
  readonly instanceId: string
  readonly publicOrigin: string
  /** What claims the instance while it has no owner; the first is the one to print. */
  readonly setupTokens: readonly string[]
  /** Lower-cased common passwords; loaded when first asked for. */
  readonly commonPasswords: () => Promise<ReadonlySet<string>>
  /** Whether a password is in the operator's own breach file, where there is one. */
  readonly isBreached: (password: string) => Promise<boolean>
}
