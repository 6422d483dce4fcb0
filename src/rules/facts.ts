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
  readonly createdAt: Instant
  readonly lastLoginAt: Instant | null
  readonly disabledAt: Instant | null
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
