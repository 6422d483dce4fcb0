import { expect, test } from 'vitest'
import { builtIn } from './access.ts'
import { type Acting, authority, type Needs } from './authority.ts'
import type { Instance, Session, User } from './facts.ts'
import { minute } from './time.ts'

const noon = 1_800_000_000_000
const here = { id: 'instance', instanceId: 'i', epoch: 1, claimedAt: 1, keyId: 'k' } as Instance
const me = {
  id: 'ada',
  role: 'admin',
  scopes: '[]',
  version: 1,
  endings: null,
  proofsVoidUntil: 0,
  disabledAt: null,
  deletedAt: null,
} as User
const mine = {
  id: 's',
  userId: 'ada',
  userVersion: 1,
  epoch: 1,
  idleUntil: noon + 1,
  expiresAt: noon + 1,
  endedAt: null,
  endReason: null,
  provenAt: noon - 10 * minute + 1,
} as Session
const all: Needs = { permission: 'users:write', access: builtIn, fresh: { window: 10 * minute } }

test.each<[string, Partial<Acting>, Needs, string | undefined]>([
  ['who may, may', {}, all, undefined],
  ['an ended session', { mine: { ...mine, endedAt: 1, endReason: 'evicted' } }, all, 'evicted'],
  ['a session that idled out', { mine: { ...mine, idleUntil: noon } }, {}, 'session_expired'],
  ['a session whose row is gone', { mine: undefined }, {}, 'session_expired'],
  ['a disabled person', { me: { ...me, disabledAt: 1 } }, {}, 'user_disabled'],
  ['another version', { me: { ...me, version: 2 } }, {}, 'password_changed'],
  [
    'another version, because he was disabled',
    { me: { ...me, version: 2, endings: '[[2,7,"user_disabled"]]' } },
    {},
    'user_disabled',
  ],
  ['another epoch', { here: { ...here, epoch: 2 } }, {}, 'restored'],
  ['a role that may not', { me: { ...me, role: 'member' } }, all, 'forbidden'],
  ['a role that need not', { me: { ...me, role: 'member' } }, {}, undefined],
  ['an old proof', { mine: { ...mine, provenAt: noon - 10 * minute } }, all, 'step_up_required'],
  ['an old proof that is not asked for', { mine: { ...mine, provenAt: 0 } }, {}, undefined],
  [
    'a proof of the role before',
    { me: { ...me, proofsVoidUntil: mine.provenAt } },
    all,
    'step_up_required',
  ],
  ['a proof of this role', { me: { ...me, proofsVoidUntil: mine.provenAt - 1 } }, all, undefined],
])('%s', (_, shown, needs, no) => {
  const by = authority({ here, me, mine, ...shown }, needs, noon)
  expect(by.ok ? undefined : (by.reason ?? by.code)).toBe(no)
})

test('without the instance there is nobody, and that is a fault', () => {
  expect(() => authority({ here: undefined, me, mine }, {}, noon)).toThrow(/instance/)
})
