/** Every pair of what is known and where somebody wants to go, and what he may see then. */

import type { SessionState, SetupStatus, Signed } from 'sallyport/client'
import { describe, expect, test } from 'vitest'
import { type Instance, type Wish, wayTo } from './gate.ts'
import { isOurs } from './places.ts'

type Place = Wish['place']

const passwordPolicy = { minLength: 15, maxLength: 128, maxBytes: 1024 }
const status = (needsOwner: boolean): SetupStatus => ({ needsOwner, passwordPolicy })
// Only that there is one is looked at, and of the signed-in only the status.
const error = new Error('no answer') as NonNullable<SessionState['error']>

const sessions = {
  unknown: { status: 'unknown' },
  away: { status: 'unknown', error, retryAt: 7 },
  in: { status: 'authenticated', permissions: ['users:read'] } as unknown as SessionState & Signed,
  inAway: { status: 'authenticated', permissions: [], error } as unknown as SessionState & Signed,
  restricted: { status: 'authenticated', mustChangePassword: true } as SessionState & Signed,
  out: { status: 'unauthenticated', reason: 'expired' },
} satisfies Record<string, SessionState>

const instances = {
  unknown: { kind: 'unknown' },
  away: { kind: 'unknown', error },
  empty: { kind: 'known', status: status(true) },
  owned: { kind: 'known', status: status(false) },
} satisfies Record<string, Instance>

function way(
  place: Place,
  session: keyof typeof sessions,
  instance: keyof typeof instances,
  more: Partial<Wish> = {},
) {
  const href = place === 'elsewhere' ? '/nowhere' : place
  const wish = { place, href, ...more }
  const found = wayTo(wish, sessions[session], instances[instance])
  return found.kind === 'go' ? `${found.to}${found.claimed ? ' (claimed)' : ''}` : found.kind
}

test.each<[Place, keyof typeof sessions, keyof typeof instances, string]>([
  ['/', 'unknown', 'unknown', 'wait'],
  ['/sign-in', 'unknown', 'owned', 'wait'],
  ['/setup', 'unknown', 'empty', 'wait'],
  ['/', 'away', 'unknown', 'trouble'],
  ['/sign-in', 'away', 'owned', 'trouble'],
  ['/', 'in', 'unknown', 'show'],
  ['/', 'inAway', 'unknown', 'show'],
  ['/sign-in', 'in', 'unknown', '/'],
  ['/setup', 'in', 'unknown', '/'],
  ['/setup', 'in', 'empty', '/'],
  ['/', 'out', 'unknown', 'wait'],
  ['/sign-in', 'out', 'unknown', 'wait'],
  ['/setup', 'out', 'unknown', 'wait'],
  ['/', 'out', 'away', 'trouble'],
  ['/', 'out', 'empty', '/setup'],
  ['/sign-in', 'out', 'empty', '/setup'],
  ['/setup', 'out', 'empty', 'show'],
  ['/', 'out', 'owned', '/sign-in'],
  ['/sign-in', 'out', 'owned', 'show'],
  ['/setup', 'out', 'owned', '/sign-in (claimed)'],
  ['/account/sessions', 'unknown', 'unknown', 'wait'],
  ['/account/sessions', 'out', 'empty', '/setup'],
  ['/account/sessions', 'out', 'owned', '/sign-in?return=%2Faccount%2Fsessions'],
  ['/account/sessions', 'in', 'unknown', 'show'],
  ['/users', 'in', 'unknown', 'show'],
  ['/users', 'inAway', 'unknown', 'forbidden'],
  ['/change-password', 'unknown', 'unknown', 'wait'],
  ['/change-password', 'out', 'owned', '/sign-in'],
  ['/change-password', 'in', 'unknown', '/'],
  ['/change-password', 'restricted', 'unknown', 'show'],
  ['/', 'restricted', 'unknown', '/change-password'],
  ['/sign-in', 'restricted', 'unknown', '/change-password'],
  ['/users', 'restricted', 'unknown', '/change-password?return=%2Fusers'],
  ['elsewhere', 'restricted', 'unknown', 'show'],
  ['elsewhere', 'unknown', 'unknown', 'show'],
  ['elsewhere', 'out', 'empty', 'show'],
])('%s while session %s, instance %s: %s (R1.14)', (place, session, instance, expected) => {
  expect(way(place, session, instance)).toBe(expected)
})

describe('the way back', () => {
  test('is remembered when it is more than the start', () => {
    expect(way('/', 'out', 'owned', { href: '/?tab=2' })).toBe('/sign-in?return=%2F%3Ftab%3D2')
  })

  test('goes along from the door to a password of one’s own, and on from there', () => {
    const back = '/users/abc?x=1'
    const on = '/change-password?return=%2Fusers%2Fabc%3Fx%3D1'
    expect(way('/sign-in', 'restricted', 'owned', { back })).toBe(on)
    expect(way('/change-password', 'in', 'owned', { back })).toBe(back)
  })

  test.each([
    ['/reports?x=1', '/reports?x=1'],
    ['/sign-in-help', '/sign-in-help'],
    ['/sign-in', '/'],
    ['/sign-in?return=/', '/'],
    ['/setup#token=x', '/'],
    ['/change-password', '/'],
    [undefined, '/'],
  ])('%s leads to %s', (back, to) => {
    expect(way('/sign-in', 'in', 'owned', { back })).toBe(to)
  })
})

test.each([
  ['/', true],
  ['/users', true],
  ['/users/abc', true],
  ['/users/', false],
  ['/users/abc/more', false],
  ['/nowhere', false],
  ['/$id', false],
  ['', false],
])('%s is a page of ours: %s', (path, expected) => {
  expect(isOurs(path)).toBe(expected)
})
