/**
 * Answers of a server that is not there: enough people, sessions and events for every part to have
 * something to show. Everything is made up, and dated from now.
 */

import type { Activity } from 'sallyport/account'
import { createClient, type Session, type Signed, type User } from 'sallyport/client'

const minute = 60_000
const ago = (minutes: number) => new Date(Date.now() - minutes * minute).toISOString()

const ada: User = {
  id: 'ada',
  username: 'ada',
  displayName: 'Ada Lovelace',
  role: 'owner',
  scopes: [{ role: 'admin', scope: 'department:sales' }],
  disabled: false,
  mustChangePassword: false,
  createdAt: ago(90_000),
  lastLoginAt: ago(3),
}

export const here: Session = {
  id: 'here',
  userId: 'ada',
  username: 'ada',
  current: true,
  device: { browser: 'Firefox', os: 'Linux', kind: 'desktop', userAgent: 'Firefox' },
  address: '192.0.2.7',
  createdAt: ago(180),
  lastActiveAt: ago(0),
  idleUntil: ago(-30),
  expiresAt: ago(-600),
  remembered: false,
}

export const elsewhere: readonly Session[] = [
  {
    ...here,
    id: 'phone',
    current: false,
    remembered: true,
    device: { browser: 'Safari', os: 'iOS', kind: 'mobile', userAgent: 'Safari' },
    address: '2001:db8:85a3::8a2e:370:7334',
    lastActiveAt: ago(2_000),
  },
  {
    ...here,
    id: 'program',
    current: false,
    device: {
      browser: null,
      os: null,
      kind: 'other',
      userAgent: 'curl/8.5.0 <img src=x onerror=alert(1)> and so on and on',
    },
  },
]

const event: Activity = {
  id: '1',
  at: ago(3),
  type: 'auth.signed_in',
  actor: 'user:ada',
  subject: 'user:ada',
  session: 'here',
  address: '192.0.2.7',
  device: null,
  outcome: 'success',
  reason: null,
  details: null,
}

export const events: readonly Activity[] = [
  event,
  {
    ...event,
    id: '2',
    type: 'auth.refused',
    outcome: 'refused',
    reason: 'wrong_password',
    actor: 'anonymous',
  },
  { ...event, id: '3', type: 'user.updated', actor: 'user:eve', address: null },
  { ...event, id: '4', type: 'refresh.replayed', at: ago(3_000) },
]

const signed: Signed = {
  user: ada,
  session: here,
  permissions: ['sessions:read', 'users:read', 'users:write', 'lockouts:read'],
  mustChangePassword: false,
}

/** Refused, always, with this code. */
export const problem = (code: string, more: object = {}) => ({
  type: '',
  title: code,
  status: 422,
  detail: '',
  instance: 'nJ0x4yV2Q0aS',
  code,
  category: 'validation',
  retryable: false,
  ...more,
})

/** A client whose server knows only who is signed in; a proof of the password is wrong unless `right`. */
export const canned = createClient({
  fetch: async (input, init) => {
    const path = String(input)
    const answer = (status: number, body: unknown) => Response.json(body, { status })
    if (path.endsWith('/auth/me')) return answer(200, signed)
    if (path.endsWith('/auth/step-up'))
      return String(init?.body).includes('right')
        ? answer(200, { until: ago(-10) })
        : answer(422, problem('wrong_password'))
    return answer(404, problem('not_found', { status: 404 }))
  },
})
