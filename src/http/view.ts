/**
 * Views: facts as they go out. Only what is named here leaves; a new column does not.
 *
 * @module
 */
import type { Tally } from '../figure-ports.ts'
import type { AnyCaller, Caller, KeyCaller } from '../flows/authenticate.ts'
import type { Overview } from '../flows/overview.ts'
import type { Verified } from '../flows/verify-audit.ts'
import type { World } from '../ports.ts'
import { type Access, permissionsOf, scopesOf } from '../rules/access.ts'
import { keyPermissions, keyScopes, prefixOf } from '../rules/api-key.ts'
import type { AuditRow } from '../rules/audit.ts'
import { faultKinds } from '../rules/audit-walk.ts'
import type * as facts from '../rules/facts.ts'
import { addressesIn } from '../rules/lockout.ts'
import { type Instant, second } from '../rules/time.ts'
import type * as wire from '../wire.ts'
import { deviceView } from './device-view.ts'

export const iso = (at: Instant): string => new Date(at).toISOString()

export function userView(user: facts.User): wire.User {
  return {
    id: user.id,
    username: user.username,
    displayName: user.displayName,
    role: user.role,
    scopes: scopesOf(user),
    disabled: user.disabledAt !== null,
    mustChangePassword: user.mustChangePassword === 1,
    createdAt: iso(user.createdAt),
    lastLoginAt: user.lastLoginAt === null ? null : iso(user.lastLoginAt),
  }
}

export const rolesView = (access: Access): readonly wire.Role[] =>
  access.roles.map((role) => ({ role, permissions: permissionsOf(access, { role }) }))

/** A session of `owner`, as a list shows it; `current` is the one it is shown in, if it is in one. */
export function sessionView(
  session: facts.StandingSession,
  owner: facts.User,
  current: facts.StandingSession | undefined,
): wire.Session {
  return {
    id: session.id,
    userId: session.userId,
    username: owner.username,
    current: session.id === current?.id,
    device: deviceView(session.userAgent),
    address: session.address,
    createdAt: iso(session.createdAt),
    lastActiveAt: iso(session.lastActiveAt),
    idleUntil: iso(session.idleUntil),
    expiresAt: iso(session.expiresAt),
    remembered: session.remembered === 1,
  }
}

/**
 * An event as the person it is about is shown it. Of what somebody else did while signed in, neither
 * that one's session nor address is told.
 */
export function activityView(row: AuditRow, { id }: Pick<facts.User, 'id'>): wire.Activity {
  const { chain: _, seq: __, ...seen } = auditView(row)
  const foreign = row.actor.startsWith('user:') && row.actor !== `user:${id}`
  if (!foreign) return seen
  const session = row.type.startsWith('session.') ? row.session : null
  return { ...seen, session, address: null, device: null }
}

/** An event as those are shown it who may read all of them. */
export function auditView(row: AuditRow): wire.AuditEvent {
  return {
    id: row.id,
    chain: row.chain,
    seq: row.seq,
    at: iso(row.at),
    type: row.type,
    actor: row.actor,
    subject: row.subject,
    session: row.session,
    address: row.address,
    device: row.device,
    outcome: row.outcome,
    reason: row.reason,
    details: detailsOf(row),
  }
}

/** An event as it is carried away, with what seals it. */
export const exportView = (row: AuditRow): wire.ExportedEvent => ({
  ...auditView(row),
  mac: row.mac,
})

/** We write a flat object; whoever altered the row may have written anything. */
function detailsOf({ details }: AuditRow): wire.Activity['details'] {
  if (details === null) return null
  try {
    const value: unknown = JSON.parse(details)
    if (typeof value === 'object' && !Array.isArray(value)) return value as wire.Activity['details']
  } catch {
    // Told as it stands.
  }
  return { unreadable: details }
}

/** What became of a verification. */
export const verificationView = (verified: Verified): wire.AuditVerification => ({
  ...verified,
  at: iso(verified.at),
  knownUntil: verified.knownUntil === null ? null : iso(verified.knownUntil),
  faults: verified.faults.map((fault) => ({
    ...fault,
    at: fault.at === null ? null : iso(fault.at),
    detail: faultKinds[fault.what],
  })),
})

/** A trusted device, as its owner's list shows it; `current` is the one the request came from. */
export function trustedView(device: facts.Device, current: string | undefined): wire.Device {
  const { browser, os, kind } = deviceView(device.userAgent)
  return {
    id: device.id,
    browser,
    os,
    kind,
    createdAt: iso(device.createdAt),
    lastUsedAt: iso(device.lastUsedAt),
    current: device.id === current,
  }
}

/** An API key as its owner is shown it, at `now`. */
export function keyView(key: facts.ApiKey, now: Instant): wire.ApiKey {
  const rotates = key.rotatesAt !== null && now < key.rotatesAt ? key.rotatesAt : null
  return {
    id: key.id,
    name: key.name,
    prefix: prefixOf(key.id),
    lastFour: key.lastFour,
    scopes: keyScopes(key),
    createdAt: iso(key.createdAt),
    expiresAt: iso(key.expiresAt),
    lastUsedAt: key.lastUsedAt === null ? null : iso(key.lastUsedAt),
    rotatesAt: rotates === null ? null : iso(rotates),
  }
}

/** A name at rest; without an end after `consecutive` failures in a row. */
export function lockoutView(bucket: facts.Attempts, consecutive: number): wire.Lockout {
  return {
    username: bucket.username ?? '',
    until: bucket.failures >= consecutive ? null : iso(bucket.restsUntil),
    count: bucket.failures,
    addresses: addressesIn(bucket),
  }
}

/** How things stand, as `node` sees it. */
export function overviewView(seen: Overview, { standing }: Pick<World, 'standing'>): wire.Overview {
  const { sessions, people, resting, hours, nodes } = seen
  return {
    sessions: tallyView(sessions),
    people: tallyView(people),
    resting: tallyView(resting),
    hours: hours.map((hour) => ({ ...hour, from: iso(hour.from) })),
    nodes: nodes.map(({ id, lease, behind }) => ({
      id,
      current: id === standing.node,
      lease: lease / second,
      behind,
    })),
  }
}

const tallyView = ({ count, more }: Tally): wire.Tally => ({ count, more })

/** Who is signed in, and by which session. */
export function signedView(access: Access, { user, session }: Omit<Caller, 'ok'>): wire.Signed {
  return {
    user: userView(user),
    session: sessionView(session, user, session),
    permissions: permissionsOf(access, user),
    mustChangePassword: user.mustChangePassword === 1,
  }
}

/** {@link signedView} as JSON, made once for a session and its person as they stand. */
export function signedTexts(access: Access): (caller: Caller) => string {
  const known = new WeakMap<
    facts.StandingSession,
    { readonly user: facts.User; readonly text: string }
  >()
  return (caller) => {
    const { session, user } = caller
    const kept = known.get(session)
    if (kept?.user === user) return kept.text
    const text = JSON.stringify(signedView(access, caller))
    known.set(session, { user, text })
    return text
  }
}

/**
 * {@link callerView}, made once for a session as it stands. What all who ask are handed cannot be changed.
 */
export function callerViews({ clock, access }: Pick<World, 'clock' | 'access'>) {
  const known = new WeakMap<
    facts.StandingSession,
    { readonly user: facts.User; readonly view: Signed }
  >()
  return (caller: AnyCaller) => {
    const { session, user } = caller
    if (!session)
      return frozen({ ok: true as const, ...keyCallerView(access, caller, clock.now()) })
    const kept = known.get(session)
    if (kept?.user === user) return kept.view
    const view = frozen({ ok: true as const, ...signedView(access, caller) })
    known.set(session, { user, view })
    return view
  }
}

type Signed = { readonly ok: true } & wire.Signed

/** A value of which nothing can be changed, however deep. */
function frozen<T extends object>(value: T): T {
  for (const one of Object.values(value)) if (typeof one === 'object' && one !== null) frozen(one)
  return Object.freeze(value)
}

/** Who calls a host's own route, by which session or key. */
export function callerView({ clock, access }: Pick<World, 'clock' | 'access'>, caller: AnyCaller) {
  return caller.key ? keyCallerView(access, caller, clock.now()) : signedView(access, caller)
}

function keyCallerView(access: Access, { user, key }: KeyCaller, now: Instant) {
  return {
    user: userView(user),
    key: keyView(key, now),
    permissions: keyPermissions(access, key, user),
    mustChangePassword: user.mustChangePassword === 1,
  }
}
