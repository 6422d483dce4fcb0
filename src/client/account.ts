/**
 * The calls of a person about the own account, for who builds an account page. Each is a function of
 * its own over a client's `call`, so that a bundle carries only those it uses; each refuses as
 * `Call` does.
 */

import type { Activity, Device, Page, Session, Signed, SteppedUp } from '../wire.ts'
import type { Client } from './client.ts'
import { asked, type ListAsk } from './listing.ts'

export type { Activity, Device, SteppedUp } from '../wire.ts'
export type { ListAsk } from './listing.ts'

type Calls = Pick<Client, 'call'>

/** Where the person is signed in, newest first. */
export const listOwnSessions = ({ call }: Calls, ask: ListAsk = {}): Promise<Page<Session>> =>
  call('GET', ...asked('/auth/sessions', ask))

/** Ends a session: one's own, or anybody's with `sessions:revoke`. The current one signs out. */
export const endSession = ({ call }: Calls, id: string): Promise<undefined> =>
  call('DELETE', `/auth/sessions/${encodeURIComponent(id)}`)

/** Ends all own sessions but this one, and says how many. */
export const endOtherSessions = ({ call }: Calls): Promise<{ readonly revoked: number }> =>
  call('POST', '/auth/sessions/revoke-others')

/** The browsers in which strangers cannot lock the person out, newest first. */
export const listDevices = ({ call }: Calls, ask: ListAsk = {}): Promise<Page<Device>> =>
  call('GET', ...asked('/auth/devices', ask))

export const forgetDevice = ({ call }: Calls, id: string): Promise<undefined> =>
  call('DELETE', `/auth/devices/${encodeURIComponent(id)}`)

/** What was recorded about the person, newest first. */
export const listActivity = ({ call }: Calls, ask: ListAsk = {}): Promise<Page<Activity>> =>
  call('GET', ...asked('/auth/activity', ask))

/**
 * Shows the password once more, for calls that were refused with `step_up_required`. Refusals:
 * `wrong_password`, `account_locked` with `retryAfter`.
 */
export const stepUp = ({ call }: Calls, password: string): Promise<SteppedUp> =>
  call('POST', '/auth/step-up', { body: { password } })

/**
 * Takes a new password; every other session ends, and this browser goes on in a new one, which the
 * client knows when this is done. Refusals: `wrong_password`, `validation_failed` with `fields`,
 * `account_locked` and `rate_limited` with `retryAfter`, `busy`.
 */
export async function changePassword(
  { call, check }: Pick<Client, 'call' | 'check'>,
  body: { readonly currentPassword: string; readonly newPassword: string },
): Promise<Signed> {
  const signed = await call<Signed>('POST', '/auth/change-password', { body })
  await check()
  return signed
}
