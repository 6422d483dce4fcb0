/**
 * Lockouts: an administrator sees which names rest, and lifts a rest.
 *
 * @module
 */
import { attempts, user as userRef, type World } from '../ports.ts'
import { isAtLeast } from '../rules/access.ts'
import { event } from '../rules/audit.ts'
import type { Place } from '../rules/cursor.ts'
import type { Attempts } from '../rules/facts.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { forget, type Step } from '../rules/step.ts'
import { actingBy, authorityOfAny, doneBy, type OperatorCaller, refused } from './acting.ts'
import type { AnyCaller } from './authenticate.ts'
import { nameBucketOf } from './charge.ts'

/** A page of the names at rest, newest window first, and where the next begins. */
export async function lockouts(
  world: World,
  from: { after: Place | undefined; limit: number },
): Promise<{ items: readonly Attempts[]; next: Place | undefined }> {
  const { consecutive } = world.policy.lockout
  const asked = { ...from, limit: from.limit + 1, consecutive }
  const rows = await world.store.resting(asked)
  const items = rows.slice(0, from.limit)
  const last = items.at(-1)
  const more = rows.length > from.limit && last
  return { items, next: more ? { createdAt: last.since, id: last.id } : undefined }
}

/**
 * Lifts the rest of a person's name, and the failures in a row.
 *
 * @returns `not_found`; `forbidden` for somebody of a higher role; nothing when it is lifted.
 */
export async function unlock(
  world: World,
  caller: AnyCaller | OperatorCaller,
  id: string,
  address: string | null,
): Promise<Refusal | undefined> {
  const { access } = world
  const username = (await world.store.find(userRef(id)))?.username ?? ''
  const asked = {
    target: userRef(id),
    bucket: attempts(await nameBucketOf(world, username)),
    ...actingBy(caller),
  }
  return world.store.step(asked, (shown, now): Step<Refusal | undefined> => {
    const by = authorityOfAny(caller, shown, { permission: 'users:write', access }, now)
    if (!by.ok) return { verdict: by }
    const { target, bucket } = shown
    const { me } = by
    if (target?.username !== username || target.deletedAt !== null)
      return { verdict: refuse('not_found') }
    if (!isAtLeast(access, me.role, target.role)) {
      const refusal = refuse('forbidden', { why: 'role' })
      return { verdict: refusal, record: [refused(caller, id, refusal, address)] }
    }
    if (!bucket) return { verdict: undefined }
    const said = { ...doneBy(caller), subject: `user:${id}`, address }
    return {
      verdict: undefined,
      keep: [forget('attempts', bucket.id)],
      record: [event('auth.unlocked', 'success', said)],
    }
  })
}
