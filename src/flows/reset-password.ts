/**
 * Reset password: an administrator gives somebody a password to be read out once. Everything that was
 * given out under the old one is over, and it signs in for a day, for nothing but choosing another.
 *
 * @see OWASP ASVS 5.0 V6.4.1, V6.4.4
 * @module
 */
import { devicesOf, user as userRef, type World } from '../ports.ts'
import { forgetDevices } from '../rules/device.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { keep, type Step } from '../rules/step.ts'
import { mayChange, withTemporary } from '../rules/user.ts'
import { acting, authorityOf, type Doer, type DoneFrom, deed, refused } from './acting.ts'
import { generated, hashed } from './password.ts'

/**
 * Gives somebody else a temporary password.
 *
 * @returns `not_found`; `conflict` for oneself; `forbidden` for who has a higher role; `busy`.
 */
export async function resetPassword(
  world: World,
  caller: Doer,
  id: string,
  { address, bucket }: DoneFrom,
): Promise<{ ok: true; temporaryPassword: string } | Refusal> {
  const temporaryPassword = generated(world)
  const hash = await hashed(world, temporaryPassword, { bucket, known: true })
  if (!hash.ok) return hash
  return world.store.step(
    { ...acting(caller), whom: userRef(id), devices: devicesOf(id) },
    (shown, now): Step<{ ok: true; temporaryPassword: string } | Refusal> => {
      const { access, policy } = world
      const needs = { permission: 'users:write', access, fresh: policy.stepUp } as const
      const by = authorityOf(caller, shown, needs, now)
      if (!by.ok) return { verdict: by }
      const { whom } = shown
      if (!whom || whom.deletedAt !== null) return { verdict: refuse('not_found') }
      if (whom.id === by.me.id) return { verdict: refuse('conflict', { why: 'oneself' }) }
      const refusal = mayChange(access, by.me, whom)
      if (refusal) return { verdict: refusal, record: [refused(caller, id, refusal, address)] }
      return {
        verdict: { ok: true, temporaryPassword },
        keep: [
          keep('users', withTemporary(whom, hash.value, now)),
          ...forgetDevices(shown.devices),
        ],
        record: [deed('password.reset', caller, id, address)],
      }
    },
  )
}
