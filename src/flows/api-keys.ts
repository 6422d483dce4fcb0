/**
 * API keys: a person makes them, sees them, gives one another secret and ends it. Nothing of this can
 * be done by a key.
 *
 * @module
 */
import { apiKey, keysOf, user as userRef, type World } from '../ports.ts'
import { isPermission, may } from '../rules/access.ts'
import { expiryFault, keyText, mostKeys, newKey, rotatedKey } from '../rules/api-key.ts'
import { type AuditType, event } from '../rules/audit.ts'
import { authority } from '../rules/authority.ts'
import type { Place } from '../rules/cursor.ts'
import type { ApiKey, User } from '../rules/facts.ts'
import { showableName } from '../rules/identifier.ts'
import { type FieldRefusal, type Refusal, refuse } from '../rules/refusal.ts'
import { forget, keep, type Step } from '../rules/step.ts'
import type { Instant, Millis } from '../rules/time.ts'
import { acting, authorityOf, type Doer, doneBy, refused } from './acting.ts'
import type { Caller } from './authenticate.ts'
import { newId } from './grant.ts'

/** A key, and its secret for the one time it is told. */
export interface Issued {
  readonly ok: true
  readonly key: ApiKey
  readonly secret: string
}

/** A page of somebody's keys, newest first, and where the next begins. */
export async function listKeys(
  world: World,
  { id }: Pick<User, 'id'>,
  from: { after: Place | undefined; limit: number },
): Promise<{ items: readonly ApiKey[]; next: Place | undefined }> {
  const rows = await world.store.page(keysOf(id), { ...from, limit: from.limit + 1 })
  const items = rows.slice(0, from.limit)
  return { items, next: rows.length > from.limit ? items.at(-1) : undefined }
}

/**
 * Makes a key for its owner: for oneself, or for whom the operator names.
 *
 * @returns `validation_failed` with fields; `forbidden` for a scope that the owner does not have;
 *   `conflict` when there are 50; `step_up_required`; `not_found` for an owner who was deleted.
 */
export function issueKey(
  world: World,
  caller: Doer,
  asked: {
    readonly name: string
    readonly scopes: readonly string[]
    readonly expiresAt: Instant
    /** Of the operator alone: everybody else makes keys for himself. */
    readonly userId?: string
  },
  address: string | null,
): Promise<Issued | Refusal> {
  const name = showableName(asked.name)
  const { scopes, expiresAt } = asked
  const id = newId(world)
  const secret = keyText(id, world.random.bytes(32))
  const userId = caller.user?.id ?? asked.userId ?? ''
  return world.store.step(
    { ...acting(caller), owner: userRef(userId), keys: keysOf(userId) },
    (shown, now): Step<Issued | Refusal> => {
      const by = authorityOf(caller, shown, { fresh: world.policy.stepUp }, now)
      if (!by.ok) return { verdict: by }
      const { owner } = shown
      if (!owner || owner.deletedAt !== null) return { verdict: refuse('not_found') }
      const late = expiryFault(expiresAt, now)
      const fields = [
        ...(name === undefined ? [nameFault] : []),
        ...(scopes.every((scope) => isPermission(world.access, scope)) ? [] : [scopeFault]),
        ...(late ? [late] : []),
      ]
      if (fields.length > 0 || name === undefined)
        return { verdict: refuse('validation_failed', { fields }) }
      const missing = scopes.find((scope) => !may(world.access, owner, scope))
      if (missing !== undefined) {
        const refusal = refuse('forbidden', { why: missing })
        return { verdict: refusal, record: [refused(caller, userId, refusal, address)] }
      }
      const living = shown.keys.filter((other) => now < other.expiresAt)
      if (living.length >= mostKeys) return { verdict: refuse('conflict', { detail: tooMany }) }
      const key = newKey(world.keys, { id, userId, name, scopes, expiresAt, text: secret }, now)
      // What has expired is kept to be seen, but not without end.
      const forgotten = shown.keys.filter((other) => now >= other.expiresAt).slice(mostKeys - 1)
      return {
        verdict: { ok: true, key, secret },
        keep: [keep('keys', key), ...forgotten.map((other) => forget('keys', other.id))],
        record: [
          told('key.issued', caller, key, address, {
            scopes: key.scopes,
            expiresAt: key.expiresAt,
          }),
        ],
      }
    },
  )
}

/**
 * Gives a key another secret; the one it had lives for `overlap`.
 *
 * @returns `not_found` for one that is unknown or somebody else's; `conflict` for an expired one.
 */
export function rotateKey(
  world: World,
  caller: Caller,
  id: string,
  overlap: Millis,
  address: string,
): Promise<Issued | Refusal> {
  const secret = keyText(id, world.random.bytes(32))
  const asked = { ...acting(caller), key: apiKey(id) }
  return world.store.step(asked, (shown, now): Step<Issued | Refusal> => {
    const by = authority(shown, { fresh: world.policy.stepUp }, now)
    if (!by.ok) return { verdict: by }
    if (shown.key?.userId !== by.me.id) return { verdict: refuse('not_found') }
    if (now >= shown.key.expiresAt)
      return { verdict: refuse('conflict', { detail: 'This key has expired. Make another one.' }) }
    const key = rotatedKey(world.keys, shown.key, secret, overlap, now)
    return {
      verdict: { ok: true, key, secret },
      keep: [keep('keys', key)],
      record: [told('key.rotated', caller, key, address, { rotatesAt: key.rotatesAt })],
    }
  })
}

/** Ends a key. @returns `not_found` for one that is unknown or somebody else's. */
export function revokeKey(
  world: World,
  caller: Doer,
  id: string,
  address: string | null,
): Promise<Refusal | undefined> {
  const asked = { ...acting(caller), key: apiKey(id) }
  return world.store.step(asked, (shown, now): Step<Refusal | undefined> => {
    const by = authorityOf(caller, shown, {}, now)
    if (!by.ok) return { verdict: by }
    const { key } = shown
    if (!key || (caller.user && key.userId !== by.me.id)) return { verdict: refuse('not_found') }
    return {
      verdict: undefined,
      keep: [forget('keys', key.id)],
      record: [told('key.revoked', caller, key, address)],
    }
  })
}

const tooMany = `There are ${mostKeys} keys. Revoke one first.`
const nameFault: FieldRefusal = {
  name: 'name',
  code: 'not_allowed',
  detail: 'Use 1 to 128 characters, no control characters.',
}
const scopeFault: FieldRefusal = {
  name: 'scopes',
  code: 'not_allowed',
  detail: 'There is no such permission.',
}

function told(
  type: AuditType,
  doer: Doer,
  { id, name, userId }: ApiKey,
  address: string | null,
  more: Readonly<Record<string, string | number | null>> = {},
) {
  const details = JSON.stringify({ key: id, name, ...more })
  return event(type, 'success', { ...doneBy(doer), subject: `user:${userId}`, address, details })
}
