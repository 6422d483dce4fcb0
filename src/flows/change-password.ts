/**
 * Change password: the current one shown, a new one taken, and everything that was given out under
 * the old one is over, but for the browser it was done in: that goes on in a new session.
 *
 * @see OWASP ASVS 5.0 V6.2.2, V6.2.3, V7.4.3
 * @module
 */
import { devicesOf, type World } from '../ports.ts'
import { authority } from '../rules/authority.ts'
import { forgetDevices, trust } from '../rules/device.ts'
import type { Device, Session, User } from '../rules/facts.ts'
import { isSamePassword } from '../rules/password.ts'
import { type FieldRefusal, type Refusal, refuse } from '../rules/refusal.ts'
import { open, replace } from '../rules/session.ts'
import { keep, type Step } from '../rules/step.ts'
import { withPassword } from '../rules/user.ts'
import { acting, deed } from './acting.ts'
import type { Caller } from './authenticate.ts'
import { type Granted, grant, newId, newRefresh } from './grant.ts'
import type { From } from './log-in.ts'
import { faultOf, hashed } from './password.ts'
import { proveAgain } from './prove.ts'

type Changed = {
  readonly ok: true
  readonly session: Session
  readonly user: User
  readonly device: Device
}

/**
 * Gives the caller a password of the own choice.
 *
 * @returns A new session with its tokens; `wrong_password`; `validation_failed` with fields; `busy`.
 */
export async function changePassword(
  world: World,
  caller: Caller,
  asked: { currentPassword: string; newPassword: string },
  from: From,
): Promise<Granted | Refusal> {
  const proof = await proveAgain(world, caller, asked.currentPassword, from)
  if (!proof.ok) return proof
  const fault = await faultOfNew(world, caller, asked)
  if (fault) return refuse('validation_failed', { fields: [fault] })
  const hash = await hashed(world, asked.newPassword, { bucket: from.bucket, known: true })
  if (!hash.ok) return hash

  const [id, deviceId] = [newId(world), newId(world)]
  const refresh = newRefresh(world, id)
  const asking = { ...acting(caller), devices: devicesOf(caller.user.id) }
  const verdict = await world.store.step(asking, (shown, now): Step<Changed | Refusal> => {
    // Of another version the session would not stand: the password is still the one that was shown.
    const who = authority(shown, {}, now)
    if (!who.ok || !shown.here) return { verdict: who.ok ? refuse('unavailable') : who }
    const user = withPassword(who.me, hash.value, now)
    const remember = who.mine.remembered === 1
    const opened = open(
      // No other session counts: with the version that has moved all of them are over.
      { instance: shown.here, user, live: [], came: undefined },
      { id, ...from, remember, digest: refresh?.digest ?? null },
      now,
      world.policy.session,
    )
    if (!opened.ok) return { verdict: opened }
    const { session } = opened
    const replaced = { replaced: who.mine.id }
    // No browser stays trusted but the one it was done in, and that by another cookie.
    const given = { came: undefined, id: deviceId, userId: user.id, userAgent: from.userAgent }
    const trusted = trust([], given, now)
    return {
      verdict: { ok: true, session, user, device: trusted.device },
      keep: [
        keep('users', user),
        replace(who.mine, 'password_changed', now),
        ...opened.changes,
        ...forgetDevices(shown.devices),
        ...trusted.changes,
      ],
      record: [deed('password.changed', { ...caller, session }, user.id, from.address, replaced)],
    }
  })
  return verdict.ok ? grant(world, verdict, refresh) : verdict
}

async function faultOfNew(
  world: World,
  { user: { username } }: Caller,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
): Promise<FieldRefusal | undefined> {
  const name = 'newPassword'
  // The current one has just been shown, so it can be compared as it was typed.
  if (isSamePassword(currentPassword, newPassword))
    return {
      name,
      code: 'same_as_current',
      detail: 'Choose another password than the current one.',
    }
  return faultOf(world, { password: newPassword, username, field: name })
}
