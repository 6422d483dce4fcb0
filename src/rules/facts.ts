/**
 * Facts: every kind of record that is kept, by the name of its table. A fact is flat, of strings,
 * numbers and nulls, so that a row *is* a fact and nothing is mapped.
 *
 * @module
 */
import type { Instant, Millis } from './time.ts'

/** What a table may hold of one record. `id` is the primary key. */
export interface Facts {
  readonly instance: Instance
  readonly users: User
  readonly sessions: Session
  readonly devices: Device
  readonly attempts: Attempts
  readonly keys: ApiKey
  readonly tickets: Ticket
  readonly presence: Presence
}

export type Kind = keyof Facts

/** The one installation behind this database. Its row is made with the schema and never goes. */
export interface Instance {
  readonly id: 'instance'
  /** 128 random bits, base64url. The salt of every derived key and the audience of every token. */
  readonly instanceId: string
  /** Moved by restore and emergency rotation; what an earlier epoch issued is void. */
  readonly epoch: number
  /** When the first owner was made; null until then, never null again. */
  readonly claimedAt: Instant | null
  /** The key id of the root secret in use; null before the first start. */
  readonly keyId: string | null
}

/** A person who may sign in. */
export interface User {
  readonly id: string
  /** The canonical name (`identifier.ts`); unique. */
  readonly username: string
  readonly displayName: string | null
  readonly role: string
  /** Roles held in a scope, as JSON: `[{ "role": …, "scope": … }]`. */
  readonly scopes: string
  /** PHC string with the pepper's key id before it; null when no password can sign in. */
  readonly passwordHash: string | null
  readonly mustChangePassword: 0 | 1
  /** Moves when trust in old sessions ends: password, reset, disable, delete. */
  readonly version: number
  /** When and why it moved, as JSON (`ending.ts`); null when it never has. */
  readonly endings: string | null
  /** Proofs of the password up to then are void: the role or a scope has changed. 0 when never. */
  readonly proofsVoidUntil: Instant
  readonly createdAt: Instant
  readonly lastLoginAt: Instant | null
  readonly disabledAt: Instant | null
  /** The password was given by somebody else and signs in until then; null for an own one. */
  readonly temporaryUntil: Instant | null
  /** Gone for good: nothing signs in, the name is free again. The row goes when its sessions have. */
  readonly deletedAt: Instant | null
}

/** One sign-in in one browser. Kept until its absolute limit plus a day, so that its end can be told. */
export interface Session {
  readonly id: string
  readonly userId: string
  /** The user's version when it was opened; another one there means it is over. */
  readonly userVersion: number
  /** The instance's epoch when it was opened. */
  readonly epoch: number
  readonly kind: 'full' | 'restricted'
  readonly createdAt: Instant
  readonly lastActiveAt: Instant
  /** Without activity it is over from this instant on. */
  readonly idleUntil: Instant
  /** How far activity moves `idleUntil`. */
  readonly idleFor: Millis
  /** Over from this instant on, whatever happens. */
  readonly expiresAt: Instant
  readonly remembered: 0 | 1
  readonly address: string
  /** As sent, cut at 512 characters. */
  readonly userAgent: string
  readonly endedAt: Instant | null
  readonly endReason: EndReason | null
  /** Ended by a sign-in or a password change of the same browser, which has new cookies by now. */
  readonly replacedAt: Instant | null
  /** When the password was last shown in this session. */
  readonly provenAt: Instant
  /** How many refresh tokens it has had before the current one. */
  readonly generation: number
  /** Of the current refresh token; null where there are none. */
  readonly digest: string | null
  /** Of the one before it. */
  readonly previousDigest: string | null
  /** What the current one was derived with: 16 bytes, base64url, and a key id. */
  readonly rotationSalt: string | null
  readonly rotationKey: string | null
  readonly rotatedAt: Instant | null
}

/**
 * A session as it stands: without what moves each time it is renewed. Nobody is let in or kept out by
 * that, so no node remembers it.
 */
export type StandingSession = Omit<
  Session,
  'generation' | 'digest' | 'previousDigest' | 'rotationSalt' | 'rotationKey' | 'rotatedAt'
>

/** What a node remembers of a record. */
export type Remembered<K extends Kind> = K extends 'sessions' ? StandingSession : Facts[K]

/** A browser a person has signed in with; strangers' guesses do not keep its owner out. */
export interface Device {
  readonly id: string
  readonly userId: string
  readonly userAgent: string
  readonly createdAt: Instant
  readonly lastUsedAt: Instant
  readonly expiresAt: Instant
}

/** Guesses charged to one bucket: a name, a device, an address or a session. */
export interface Attempts {
  /** `name:…`, `device:…`, `address:…`, `session:…`; names as keyed pseudonyms. */
  readonly id: string
  /** The name, when it is somebody's; for whoever may see who is resting. */
  readonly username: string | null
  /** Guesses in the window that began at `since`. */
  readonly count: number
  readonly since: Instant
  /** Rests so far without a success between; each is twice as long. */
  readonly rests: number
  /** Resting until then; 0 when never. */
  readonly restsUntil: Instant
  /** Failures without a success between, over all windows. */
  readonly failures: number
  /** Distinct addresses of the failures, as JSON, at most 100. */
  readonly addresses: string
  /** Requests in the minute that began at `minuteSince`. */
  readonly requests: number
  readonly minuteSince: Instant
  /** When nothing of it can matter any more. */
  readonly staleAt: Instant
}

/** What a program signs in with for its owner. A revoked one is forgotten. */
export interface ApiKey {
  readonly id: string
  readonly userId: string
  readonly name: string
  /** The permissions it is limited to, as JSON: `["users:read"]`. */
  readonly scopes: string
  readonly createdAt: Instant
  /** Good for nothing from this instant on. */
  readonly expiresAt: Instant
  /** To the minute; null when never. */
  readonly lastUsedAt: Instant | null
  /** Keyed, with the key id before it (`api-key.ts`). */
  readonly digest: string
  /** The end of the key, for its owner to tell it by. */
  readonly lastFour: string
  /** Of the secret before the last rotation, until `rotatesAt`; null when there is none. */
  readonly previousDigest: string | null
  readonly rotatesAt: Instant | null
}

/** What opens one connection, once, within seconds. A used one is forgotten. */
export interface Ticket {
  /** The keyed digest of the ticket. */
  readonly id: string
  readonly userId: string
  /** The session it was asked for in, and ends with. */
  readonly sessionId: string
  /** The origin of the page that may use it. */
  readonly origin: string
  readonly purpose: 'socket'
  readonly createdAt: Instant
  readonly expiresAt: Instant
}

/** The connections of one person to one node; forgotten with the last of them, or with the node. */
export interface Presence {
  /** `<node>:<user>` */
  readonly id: string
  readonly node: string
  readonly userId: string
  readonly connections: number
  readonly createdAt: Instant
}

/** Why a session was ended by somebody, as the person it belonged to is told (`api.md`). */
export type EndReason =
  | 'logout'
  | 'revoked'
  | 'evicted'
  | 'password_changed'
  | 'user_disabled'
  | 'replay'
  | 'restored'
