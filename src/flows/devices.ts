/**
 * Trusted devices: a person sees them and stops trusting one. Its cookie is worth nothing from then on.
 *
 * @module
 */
import { attempts, device as deviceRef, devicesOf, type World } from '../ports.ts'
import { event } from '../rules/audit.ts'
import { authority } from '../rules/authority.ts'
import type { Place } from '../rules/cursor.ts'
import { forgetDevices } from '../rules/device.ts'
import type { Device } from '../rules/facts.ts'
import { deviceBucket } from '../rules/guess.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { forget, type Step } from '../rules/step.ts'
import { acting } from './acting.ts'
import type { Caller } from './authenticate.ts'

/** A page of the caller's devices, newest first, and where the next begins. */
export async function ownDevices(
  world: World,
  { user: { id } }: Caller,
  from: { after: Place | undefined; limit: number },
): Promise<{ items: readonly Device[]; next: Place | undefined }> {
  const rows = await world.store.page(devicesOf(id), { ...from, limit: from.limit + 1 })
  const items = rows.slice(0, from.limit)
  const last = items.at(-1)
  const now = world.clock.now()
  return {
    items: items.filter(({ expiresAt }) => now < expiresAt),
    next: rows.length > from.limit && last ? last : undefined,
  }
}

/**
 * Stops trusting one of the caller's devices.
 *
 * @returns `not_found` for one that is unknown or somebody else's; nothing when it is forgotten.
 */
export function forgetOwn(
  world: World,
  caller: Caller,
  id: string,
  address: string,
): Promise<Refusal | undefined> {
  const asked = {
    device: deviceRef(id),
    bucket: attempts(deviceBucket(id)),
    ...acting(caller),
  }
  return world.store.step(asked, (shown, now): Step<Refusal | undefined> => {
    const by = authority(shown, {}, now)
    if (!by.ok) return { verdict: by }
    const { device, bucket } = shown
    if (device?.userId !== caller.user.id) return { verdict: refuse('not_found') }
    const who = `user:${caller.user.id}`
    const said = { actor: who, subject: who, session: caller.session.id, address, device: id }
    return {
      verdict: undefined,
      keep: [...forgetDevices([device]), ...(bucket ? [forget('attempts', bucket.id)] : [])],
      record: [event('device.forgotten', 'success', said)],
    }
  })
}
