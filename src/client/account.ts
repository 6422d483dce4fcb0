/**
 * The calls of a person about the own account, for who builds an account page. Each is a function of
 * its own over a client's `call`, so that a bundle carries only those it uses; each refuses as
 * `Call` does.
 */

import type { Activity, ApiKey, Device, IssuedKey, IssueKey, Page, Session } from '../wire.ts'
import type { Client } from './client.ts'
import { asked, type ListAsk } from './listing.ts'

export type { Activity, ApiKey, Device, IssuedKey, IssueKey } from '../wire.ts'
export type { ListAsk } from './listing.ts'

type Calls = Pick<Client, 'call'>

/** Where the person is signed in, newest first. */
export const listOwnSessions = ({ call }: Calls, ask: ListAsk = {}): Promise<Page<Session>> =>
  call('GET', ...asked('/auth/sessions', ask))

/** The browsers in which strangers cannot lock the person out, newest first. */
export const listDevices = ({ call }: Calls, ask: ListAsk = {}): Promise<Page<Device>> =>
  call('GET', ...asked('/auth/devices', ask))

export const forgetDevice = ({ call }: Calls, id: string): Promise<undefined> =>
  call('DELETE', `/auth/devices/${encodeURIComponent(id)}`)

/** What was recorded about the person, newest first. */
export const listActivity = ({ call }: Calls, ask: ListAsk = {}): Promise<Page<Activity>> =>
  call('GET', ...asked('/auth/activity', ask))

/** The own API keys, newest first. None tells its secret. */
export const listKeys = ({ call }: Calls, ask: ListAsk = {}): Promise<Page<ApiKey>> =>
  call('GET', ...asked('/auth/api-keys', ask))

/**
 * S. Makes an API key; its secret is in this answer and nowhere else. Refusals: `validation_failed`
 * with `fields`, `conflict` where there are as many as there may be.
 */
export const issueKey = ({ call }: Calls, body: IssueKey): Promise<IssuedKey> =>
  call('POST', '/auth/api-keys', { body })

/** S. Gives a key another secret; the earlier one lives on for `overlap` seconds, 0–604,800. */
export const rotateKey = ({ call }: Calls, id: string, overlap: number): Promise<IssuedKey> =>
  call('POST', `/auth/api-keys/${encodeURIComponent(id)}/rotate`, { body: { overlap } })

/** Ends a key at once. */
export const revokeKey = ({ call }: Calls, id: string): Promise<undefined> =>
  call('DELETE', `/auth/api-keys/${encodeURIComponent(id)}`)
