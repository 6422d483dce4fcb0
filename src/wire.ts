/**
 * Wire: the shape of every body in and out. Requests are schemas, strict: nothing unknown, nothing
 * coerced. Answers are types; the browser client imports only those.
 *
 * @module
 */
import { z } from 'zod'

/** What a value is held against. */
export type Schema<T = unknown> = z.ZodType<T>

/** Text of at most 1,024 bytes of UTF-8; longer is refused before anything looks at it. */
const text = z.string().refine((value) => new TextEncoder().encode(value).length <= 1024, {
  params: { code: 'too_long' },
})

export const LogIn = z.strictObject({
  username: text,
  password: text,
  remember: z.boolean().optional(),
})

export const SetUp = z.strictObject({
  setupToken: text,
  username: text,
  password: text,
  displayName: text.optional(),
})

export const ChangePassword = z.strictObject({ currentPassword: text, newPassword: text })

export const StepUp = z.strictObject({ password: text })

const limit = z
  .string()
  .regex(/^\d{1,3}$/)
  .transform(Number)
  .pipe(z.number().min(1).max(200))

/** The query of `GET /auth/sessions`; `user` narrows `all` to one person. `limit` 1–200, default 50. */
export const SessionList = z.strictObject({
  scope: z.enum(['own', 'all']).default('own'),
  user: z.string().max(64).optional(),
  cursor: z.string().max(512).optional(),
  limit: limit.default(50),
})

/** The query of a list that knows nothing else. `limit` 1–200, default 50. */
export const PageQuery = z.strictObject({
  cursor: z.string().max(512).optional(),
  limit: limit.default(50),
})

/** The query of `GET /users`: `query` is looked for in names and display names. */
export const UserList = z.strictObject({
  query: z.string().max(128).optional(),
  cursor: z.string().max(512).optional(),
  limit: limit.default(50),
})

const aboutRecords = {
  type: z.string().max(64).optional(),
  user: z.string().max(64).optional(),
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional(),
}

/**
 * The query of `GET /audit`: `type` is an event or the word before its dot, `user` the id of whom it is
 * about or who did it; not earlier than `from` and earlier than `to`, ISO 8601 UTC.
 */
export const AuditList = z.strictObject({
  ...aboutRecords,
  cursor: z.string().max(512).optional(),
  limit: limit.default(50),
})

/** The query of `GET /audit/export`: as {@link AuditList}, all of it. */
export const AuditExport = z.strictObject(aboutRecords)

const scopedRoles = z
  .array(
    z.strictObject({
      role: text,
      scope: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9:._/-]{0,127}$/),
    }),
  )
  .max(64)

export const CreateUser = z.strictObject({
  username: text,
  role: text,
  displayName: text.optional(),
  password: text.optional(),
})

export const ChangeUser = z.strictObject({
  role: text.optional(),
  displayName: text.nullable().optional(),
  disabled: z.boolean().optional(),
  scopes: scopedRoles.optional(),
})

/** A new API key; `expiresAt` is ISO 8601 UTC, within 365 days. */
export const IssueKey = z.strictObject({
  name: text,
  scopes: z.array(text).max(64),
  expiresAt: z.iso.datetime(),
})

/** `overlap`: how many seconds the earlier secret lives on, default a day. */
export const RotateKey = z.strictObject({
  overlap: z.int().min(0).max(604_800).default(86_400),
})

/** `origin`: that of the page which will use the ticket, where it is another than the request's. */
export const AskTicket = z.strictObject({ origin: z.string().max(256).optional() })

/** The query of `GET /auth/verify`: what the caller must be or be allowed to do, everywhere or in `scope`. */
export const Verify = z.strictObject({
  role: z.string().max(64).optional(),
  permission: z.string().max(128).optional(),
  scope: z.string().max(128).optional(),
  redirect: z.enum(['0', '1']).optional(),
  passive: z.enum(['0', '1']).optional(),
})

export type LogIn = z.infer<typeof LogIn>
export type SetUp = z.infer<typeof SetUp>
export type CreateUser = z.infer<typeof CreateUser>
export type ChangeUser = z.infer<typeof ChangeUser>
export type IssueKey = z.infer<typeof IssueKey>
export type AuditExport = z.infer<typeof AuditExport>

/** Instants are ISO 8601 UTC with milliseconds. */
export interface User {
  readonly id: string
  readonly username: string
  readonly displayName: string | null
  readonly role: string
  readonly scopes: readonly { readonly role: string; readonly scope: string }[]
  readonly disabled: boolean
  readonly mustChangePassword: boolean
  readonly createdAt: string
  readonly lastLoginAt: string | null
}

export interface Session {
  readonly id: string
  readonly userId: string
  readonly username: string
  readonly current: boolean
  readonly device: {
    readonly browser: string | null
    readonly os: string | null
    readonly kind: 'desktop' | 'mobile' | 'tablet' | 'other'
    readonly userAgent: string
  }
  readonly address: string
  readonly createdAt: string
  readonly lastActiveAt: string
  readonly idleUntil: string
  readonly expiresAt: string
  readonly remembered: boolean
}

/** A browser in which strangers cannot lock its person out. */
export interface Device {
  readonly id: string
  readonly browser: string | null
  readonly os: string | null
  readonly kind: 'desktop' | 'mobile' | 'tablet' | 'other'
  readonly createdAt: string
  readonly lastUsedAt: string
  readonly current: boolean
}

/** An API key as its owner sees it; the secret is told once, by the answer that made it. */
export interface ApiKey {
  readonly id: string
  readonly name: string
  /** How the key begins. */
  readonly prefix: string
  /** How it ends. */
  readonly lastFour: string
  /** Permissions; it has those of them that its owner has. */
  readonly scopes: readonly string[]
  readonly createdAt: string
  readonly expiresAt: string
  /** To the minute; null when never. */
  readonly lastUsedAt: string | null
  /** Until when the secret before the last rotation lives; null when it does not. */
  readonly rotatesAt: string | null
}

/** The answer that makes a key or rotates it. */
export interface IssuedKey {
  readonly key: ApiKey
  /** All of the key, this once. */
  readonly secret: string
}

/** The answer to `POST /auth/ws-ticket`; `expiresIn` in seconds. */
export interface Ticket {
  readonly ticket: string
  readonly expiresIn: number
}

/** What a socket tells of a channel. */
export interface Event {
  readonly event_type: string
  readonly channel: string
  readonly timestamp: string
  readonly payload: Readonly<Record<string, unknown>>
}

/** What was recorded, for those who may read all of it. */
export interface AuditEvent extends Activity {
  readonly chain: string
  readonly seq: number
}

/** A line of `GET /audit/export`. */
export interface ExportedEvent extends AuditEvent {
  /** HMAC-SHA-256 over the one before it in its chain and this record, base64url. */
  readonly mac: string
}

/** The answer of `GET /audit/verify`. */
export interface AuditVerification {
  readonly intact: boolean
  /** When it began: what was recorded later was not looked at. */
  readonly at: string
  /** How many records were held against what seals them, in how many chains. */
  readonly rows: number
  readonly chains: number
  /** How many checkpoints, kept with the records or brought from outside, they were held against. */
  readonly checkpoints: number
  /**
   * A cut at the end of a chain together with an end that was put back is found only up to the last
   * checkpoint that was brought from outside: when that was made; null when none was brought.
   */
  readonly knownUntil: string | null
  /** The first thing wrong with each chain that is not intact, at most 100, the earliest first. */
  readonly faults: readonly AuditFault[]
}

export interface AuditFault {
  readonly what:
    | 'changed'
    | 'missing'
    | 'added'
    | 'end'
    | 'cut'
    | 'rewritten'
    | 'checkpoint'
    | 'boundary'
  readonly chain: string
  /** The number of the record in its chain, the first that is wrong. */
  readonly seq: number
  /** Of the record, where there is one. */
  readonly id: string | null
  readonly at: string | null
  readonly detail: string
}

/** A name at rest. */
export interface Lockout {
  readonly username: string
  /** Null when only an unlock ends it, or a sign-in from a trusted device. */
  readonly until: string | null
  /** Wrong passwords since the last right one. */
  readonly count: number
  /** From how many addresses they came; beyond 100 not told apart. */
  readonly addresses: number
}

/** How many there are; with `more` at least so many. */
export interface Tally {
  readonly count: number
  readonly more: boolean
}

/** The answer of `GET /overview`. */
export interface Overview {
  /** Live ones. */
  readonly sessions: Tally
  readonly people: Tally
  /** Names at rest. */
  readonly resting: Tally
  /** The last 24 hours, the present one last. */
  readonly hours: readonly {
    readonly from: string
    readonly signedIn: number
    readonly refused: number
    /** More was recorded in that hour than was looked at: there are at least so many. */
    readonly more: boolean
  }[]
  /** The servers of this instance. */
  readonly nodes: readonly {
    readonly id: string
    /** Whether it is the one that answers. */
    readonly current: boolean
    /** Seconds for which it may answer from memory. */
    readonly lease: number
    /** Revocations that it has not heard of. */
    readonly behind: number
  }[]
}

/** The answer of sign-in, set-up and `GET /auth/me`. */
export interface Signed {
  readonly user: User
  readonly session: Session
  readonly permissions: readonly string[]
  readonly mustChangePassword: boolean
}

/** The answer of step-up: until when the proof is fresh. */
export interface SteppedUp {
  readonly until: string
}

export interface SetupStatus {
  readonly needsOwner: boolean
  readonly passwordPolicy: {
    /** Code points. */
    readonly minLength: number
    /** Code points. */
    readonly maxLength: number
    /** Bytes of UTF-8. */
    readonly maxBytes: number
  }
}

/** An event about oneself. `details` is what is recorded with it; what others did is told without from where. */
export interface Activity {
  readonly id: string
  readonly at: string
  readonly type: string
  readonly actor: string
  readonly subject: string | null
  readonly session: string | null
  readonly address: string | null
  readonly device: string | null
  readonly outcome: 'success' | 'refused'
  readonly reason: string | null
  readonly details: Readonly<Record<string, unknown>> | null
}

/** The answer of `POST /users`; the password only where it was made by the server, and never again. */
export interface Created {
  readonly user: User
  readonly temporaryPassword?: string
}

export type Reset = Readonly<{ temporaryPassword: string }>

/** Every list. `nextCursor` is null at the end. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

/** A refusal (RFC 9457). */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  /** The request id, as in `X-Request-Id`. */
  readonly instance: string
  readonly code: string
  readonly category: string
  readonly retryable: boolean
  /** Whole seconds, as in `Retry-After`. */
  readonly retryAfter?: number
  readonly fields?: readonly {
    readonly name: string
    readonly code: string
    readonly detail: string
  }[]
  /** With `step_up_required`: how fresh the proof must be, in seconds. */
  readonly stepUp?: { readonly within: number }
  /** With `session_revoked`: why it ended. */
  readonly reason?: string
}

export type { GivenRole as Role } from './rules/access.ts'
export type { CheckUp, Finding } from './rules/doctor.ts'

/** `GET /health/ready`. */
export interface Ready {
  readonly status: 'ok' | 'unavailable'
  readonly checks: {
    readonly database: 'ok' | 'unavailable'
    /** `behind`: this node has not heard from the others for too long, and reads for every check. */
    readonly feed: 'fresh' | 'behind'
  }
}
