/**
 * Answers: the shape of every body out, for the description of the routes. The types are in `wire.ts`; here
 * they can be held against what was really sent.
 *
 * @module
 */
import { z } from 'zod'
import type * as wire from './wire.ts'

const named = z.registry<{ id: string }>()

/** A shape that is described once, under its name. */
function shape<T>(id: string, schema: z.ZodType<T>): z.ZodType<T> {
  named.add(schema, { id })
  return schema
}

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
const instant = z.iso.datetime({ precision: 3 })
const maybe = z.string().nullable()
const count = z.int().min(0)
const kind = z.enum(['desktop', 'mobile', 'tablet', 'other'])

export const User = shape<wire.User>(
  'User',
  z.strictObject({
    id,
    username: z.string(),
    displayName: maybe,
    role: z.string(),
    scopes: z.array(z.strictObject({ role: z.string(), scope: z.string() })),
    disabled: z.boolean(),
    mustChangePassword: z.boolean(),
    createdAt: instant,
    lastLoginAt: instant.nullable(),
  }),
)

export const Session = shape<wire.Session>(
  'Session',
  z.strictObject({
    id,
    userId: id,
    username: z.string(),
    current: z.boolean(),
    device: z.strictObject({ browser: maybe, os: maybe, kind, userAgent: z.string() }),
    address: z.string(),
    createdAt: instant,
    lastActiveAt: instant,
    idleUntil: instant,
    expiresAt: instant,
    remembered: z.boolean(),
  }),
)

export const Signed = shape<wire.Signed>(
  'Signed',
  z.strictObject({
    user: User,
    session: Session,
    permissions: z.array(z.string()),
    mustChangePassword: z.boolean(),
  }),
)

export const Role = shape<wire.Role>(
  'Role',
  z.strictObject({ role: z.string(), permissions: z.array(z.string()) }),
)

export const SteppedUp = shape<wire.SteppedUp>('SteppedUp', z.strictObject({ until: instant }))

export const SetupStatus = shape<wire.SetupStatus>(
  'SetupStatus',
  z.strictObject({
    needsOwner: z.boolean(),
    passwordPolicy: z.strictObject({ minLength: count, maxLength: count, maxBytes: count }),
  }),
)

export const Device = shape<wire.Device>(
  'Device',
  z.strictObject({
    id,
    browser: maybe,
    os: maybe,
    kind,
    createdAt: instant,
    lastUsedAt: instant,
    current: z.boolean(),
  }),
)

export const ApiKey = shape<wire.ApiKey>(
  'ApiKey',
  z.strictObject({
    id,
    name: z.string(),
    prefix: z.string(),
    lastFour: z.string(),
    scopes: z.array(z.string()),
    createdAt: instant,
    expiresAt: instant,
    lastUsedAt: instant.nullable(),
    rotatesAt: instant.nullable(),
  }),
)

export const IssuedKey = shape<wire.IssuedKey>(
  'IssuedKey',
  z.strictObject({ key: ApiKey, secret: z.string() }),
)

export const Ticket = shape<wire.Ticket>(
  'Ticket',
  z.strictObject({ ticket: z.string(), expiresIn: count }),
)

const activity = {
  id,
  at: instant,
  type: z.string(),
  actor: z.string(),
  subject: maybe,
  session: maybe,
  address: maybe,
  device: maybe,
  outcome: z.enum(['success', 'refused']),
  reason: maybe,
  details: z.record(z.string(), z.unknown()).nullable(),
}

export const Activity = shape<wire.Activity>('Activity', z.strictObject(activity))

export const AuditEvent = shape<wire.AuditEvent>(
  'AuditEvent',
  z.strictObject({ ...activity, chain: z.string(), seq: count }),
)

export const AuditVerification = shape<wire.AuditVerification>(
  'AuditVerification',
  z.strictObject({
    intact: z.boolean(),
    at: instant,
    rows: count,
    chains: count,
    checkpoints: count,
    knownUntil: instant.nullable(),
    faults: z.array(
      z.strictObject({
        what: z.enum([
          'changed',
          'missing',
          'added',
          'end',
          'cut',
          'rewritten',
          'checkpoint',
          'boundary',
        ]),
        chain: z.string(),
        seq: count,
        id: maybe,
        at: instant.nullable(),
        detail: z.string(),
      }),
    ),
  }),
)

export const Lockout = shape<wire.Lockout>(
  'Lockout',
  z.strictObject({
    username: z.string(),
    until: instant.nullable(),
    count,
    addresses: count,
  }),
)

const tally = z.strictObject({ count, more: z.boolean() })

export const Overview = shape<wire.Overview>(
  'Overview',
  z.strictObject({
    sessions: tally,
    people: tally,
    resting: tally,
    hours: z.array(
      z.strictObject({ from: instant, signedIn: count, refused: count, more: z.boolean() }),
    ),
    nodes: z.array(
      z.strictObject({ id: z.string(), current: z.boolean(), lease: z.number(), behind: count }),
    ),
  }),
)

export const Created = shape<wire.Created>(
  'Created',
  z.strictObject({ user: User, temporaryPassword: z.string().exactOptional() }),
)

export const Reset = shape<wire.Reset>('Reset', z.strictObject({ temporaryPassword: z.string() }))

export const Ready = shape<wire.Ready>(
  'Ready',
  z.strictObject({
    status: z.enum(['ok', 'unavailable']),
    checks: z.strictObject({
      database: z.enum(['ok', 'unavailable']),
      feed: z.enum(['fresh', 'behind']),
    }),
  }),
)

export const Problem = shape<wire.Problem>(
  'Problem',
  z.strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: id,
    code: z.string(),
    category: z.string(),
    retryable: z.boolean(),
    retryAfter: z.int().min(1).exactOptional(),
    fields: z
      .array(z.strictObject({ name: z.string(), code: z.string(), detail: z.string() }))
      .exactOptional(),
    stepUp: z.strictObject({ within: count }).exactOptional(),
    reason: z.string().exactOptional(),
  }),
)

export const CheckUp = shape<wire.CheckUp>(
  'CheckUp',
  z.strictObject({
    findings: z.array(
      z.strictObject({
        check: z.string(),
        is: z.enum(['good', 'warning', 'bad']),
        says: z.string(),
        mend: z.string().exactOptional(),
      }),
    ),
  }),
)

export const Live = z.strictObject({
  status: z.literal('ok'),
  /** For who shows that he has the secret: how the request came in. */
  seen: z
    .strictObject({ address: z.string(), forwardedFor: maybe, proxied: z.boolean() })
    .exactOptional(),
})
export const CsrfToken = z.strictObject({ token: z.string() })
export const Revoked = z.strictObject({ revoked: count })
export const Description = z.record(z.string(), z.unknown())

/** A page of a list. */
export const pageOf = <T>(item: z.ZodType<T>): z.ZodType<wire.Page<T>> =>
  z.strictObject({ items: z.array(item), nextCursor: maybe })

export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * A shape as JSON Schema 2020-12, with references to those that have a name.
 *
 * @param io What is sent, or what is answered: they differ where something may be left out.
 */
export function jsonSchemaOf(
  schema: z.ZodType,
  io: 'input' | 'output',
): { readonly schema: JsonSchema; readonly named: Readonly<Record<string, JsonSchema>> } {
  // Within something else, so that a named one becomes a reference too.
  const around = z.strictObject({ it: schema })
  // Made of an object of one field: that is how it comes out.
  const { properties, $defs = {} } = z.toJSONSchema(around, { io, metadata: named }) as unknown as {
    properties: { it: JsonSchema }
    $defs?: Record<string, JsonSchema>
  }
  const rewritten = <T>(value: T): T =>
    JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/'))
  return { schema: rewritten(properties.it), named: rewritten($defs) }
}
