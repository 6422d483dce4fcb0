/**
 * People, as administrators see and change them. Whether somebody may is decided in the step that
 * writes, on the role he has then and on the role of whom it is done to.
 *
 * @module
 */
import {
  attempts,
  devicesOf,
  owners,
  people,
  sessionsOf,
  user as userRef,
  type World,
} from '../ports.ts'
import { isPrivileged } from '../rules/access.ts'
import type { AuditType } from '../rules/audit.ts'
import type { Actor } from '../rules/authority.ts'
import type { Place } from '../rules/cursor.ts'
import { forgetDevices } from '../rules/device.ts'
import type { User } from '../rules/facts.ts'
import { displayNameFault, showableName } from '../rules/identifier.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { curbed } from '../rules/session.ts'
import { forget, keep, type Step } from '../rules/step.ts'
import type { Instant } from '../rules/time.ts'
import {
  changed,
  deleted,
  keepsAnOwner,
  knowsRoles,
  mayChange,
  type UserChange,
  unknownRole,
} from '../rules/user.ts'
import { acting, authorityOf, type Doer, type DoneFrom, deed, refused } from './acting.ts'
import { nameBucketOf } from './charge.ts'

type Done = { readonly ok: true; readonly user: User }

/** What every change of a person needs. */
const needs = ({ policy, access }: World) =>
  ({ permission: 'users:write', access, fresh: policy.stepUp }) as const

/** A page of the people there are, newest first, and where the next begins. */
export async function listUsers(
  world: World,
  query: string | undefined,
  from: { after: Place | undefined; limit: number },
): Promise<{ items: readonly User[]; next: Place | undefined }> {
  const rows = await world.store.page(people(query), { ...from, limit: from.limit + 1 })
  const items = rows.slice(0, from.limit)
  return { items, next: rows.length > from.limit ? items.at(-1) : undefined }
}

/** @returns `not_found` for who is unknown or was deleted. */
export async function findUser(world: World, id: string): Promise<Done | Refusal> {
  const user = await world.store.find(userRef(id))
  return user && user.deletedAt === null ? { ok: true, user } : refuse('not_found')
}

/**
 * Changes somebody's role, name, scopes, or whether he may sign in.
 *
 * @returns `validation_failed` with fields; `not_found`; `forbidden` for a role above the own, held or
 *   given; `last_owner`.
 */
export async function updateUser(
  world: World,
  caller: Doer,
  id: string,
  asked: UserChange,
  { address }: Pick<DoneFrom, 'address'>,
): Promise<Done | Refusal> {
  const { displayName } = asked
  const name = typeof displayName === 'string' ? showableName(displayName) : displayName
  const change: UserChange = { ...asked, displayName: name }
  const fields = [
    ...(typeof displayName === 'string' && name === undefined ? [displayNameFault] : []),
    ...(knowsRoles(world.access, { role: asked.role }) ? [] : [unknownRole('role')]),
    ...(knowsRoles(world.access, { scopes: asked.scopes }) ? [] : [unknownRole('scopes')]),
  ]
  if (fields.length > 0) return refuse('validation_failed', { fields })

  return upon(world, caller, id, { address }, (whom, me, now) => {
    const refusal = mayChange(world.access, me, whom, change)
    if (refusal) return refusal
    const user = changed(whom, change, now)
    return { user, record: eventsOf(whom, user) }
  })
}

/** Deletes somebody: gone for good, his name free. @returns As {@link updateUser}. */
export async function deleteUser(
  world: World,
  caller: Doer,
  id: string,
  { address }: Pick<DoneFrom, 'address'>,
): Promise<Done | Refusal> {
  const name = (await world.store.find(userRef(id)))?.username ?? ''
  // What was guessed at him says nothing of who has the name next.
  const guessed = await nameBucketOf(world, name)
  return upon(world, caller, id, { address, guessed }, (whom, me, now) => {
    const refusal = mayChange(world.access, me, whom)
    if (refusal) return refusal
    const { username, role } = whom
    return {
      user: deleted(whom, now),
      record: [{ type: 'user.deleted', said: { username, role } }],
    }
  })
}

interface Said {
  readonly type: AuditType
  readonly said?: Readonly<Record<string, string | null>>
}

/**
 * One step over one person, as long as the caller may and an owner is left.
 *
 * @param from.guessed A bucket that is forgotten with what is decided.
 */
function upon(
  world: World,
  caller: Doer,
  id: string,
  { address, guessed = '' }: { readonly address: string | null; readonly guessed?: string },
  decide: (whom: User, me: Actor, now: Instant) => { user: User; record: Said[] } | Refusal,
): Promise<Done | Refusal> {
  const asked = {
    ...acting(caller),
    whom: userRef(id),
    owners: owners(),
    devices: devicesOf(id),
    live: sessionsOf(id),
    bucket: attempts(guessed),
  }
  return world.store.step(asked, (shown, now): Step<Done | Refusal> => {
    const by = authorityOf(caller, shown, needs(world), now)
    if (!by.ok) return { verdict: by }
    const { whom } = shown
    if (!whom || whom.deletedAt !== null) return { verdict: refuse('not_found') }
    const decided = decide(whom, by.me, now)
    if ('ok' in decided)
      return { verdict: decided, record: [refused(caller, id, decided, address)] }
    const { user, record } = decided
    // Who is trusted with more is remembered for less long, where he is signed in already too.
    const promoted = isPrivileged(user) && !isPrivileged(whom)
    const curbs = (promoted ? shown.live : []).flatMap((session) => {
      const next = curbed(session, user, now, world.policy.session)
      return next ? [keep('sessions', next)] : []
    })
    const last = keepsAnOwner(shown.owners, user, now)
    if (last) return { verdict: last, record: [refused(caller, id, last, address)] }
    return {
      verdict: { ok: true, user },
      keep:
        record.length === 0
          ? []
          : // What ends trust in sessions ends it in browsers too.
            [
              keep('users', user),
              ...curbs,
              ...(user.version === whom.version ? [] : forgetDevices(shown.devices)),
              ...(shown.bucket ? [forget('attempts', shown.bucket.id)] : []),
            ],
      record: record.map(({ type, said }) => deed(type, caller, id, address, said)),
    }
  })
}

/** What is recorded of a change: nothing when nothing has. */
function eventsOf(before: User, after: User): Said[] {
  const names = (['role', 'displayName', 'scopes'] as const).filter(
    (name) => before[name] !== after[name],
  )
  const said = names.flatMap((name) => [
    [name, after[name]],
    [`${name}Before`, before[name]],
  ])
  const turned = (before.disabledAt === null) !== (after.disabledAt === null)
  const type = after.disabledAt === null ? 'user.enabled' : 'user.disabled'
  return [
    ...(names.length > 0
      ? [{ type: 'user.updated' as const, said: Object.fromEntries(said) }]
      : []),
    ...(turned ? [{ type } as const] : []),
  ]
}
