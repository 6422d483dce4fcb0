import { expect, test } from 'vitest'
import type { Facts, Kind } from './facts.ts'
import { mustBeHeard, restsOnEnded } from './trust.ts'

const session = { id: 's', endedAt: null, expiresAt: 100, idleUntil: 50, provenAt: 1, digest: 'a' }
const user = {
  id: 'u',
  role: 'member',
  version: 1,
  lastLoginAt: 1,
  passwordHash: 'a',
  deletedAt: null,
}

test.each<[string, Kind, object | undefined, object | undefined, boolean]>([
  ['a new record is remembered by nobody', 'sessions', undefined, session, false],
  ['the same again', 'sessions', session, { ...session }, false],
  ['a session ends', 'sessions', session, { ...session, endedAt: 9 }, true],
  ['a password was shown in it', 'sessions', session, { ...session, provenAt: 9 }, true],
  ['it was used', 'sessions', session, { ...session, idleUntil: 60, lastActiveAt: 9 }, false],
  ['its refresh token rotates', 'sessions', session, { ...session, digest: 'b' }, false],
  ['it rotates and ends', 'sessions', session, { ...session, digest: 'b', endedAt: 9 }, true],
  ['a column nobody has thought of', 'sessions', session, { ...session, colour: 'red' }, true],
  ['a session that lives is forgotten', 'sessions', session, undefined, true],
  ['one that ended is swept', 'sessions', { ...session, endedAt: 5 }, undefined, false],
  ['one that ran out is swept', 'sessions', { ...session, expiresAt: 9 }, undefined, false],
  ['a person signs in', 'users', user, { ...user, lastLoginAt: 9 }, false],
  ['the same password is hashed anew', 'users', user, { ...user, passwordHash: 'b' }, false],
  [
    'a person gets another password',
    'users',
    user,
    { ...user, passwordHash: 'b', version: 2 },
    true,
  ],
  ['a person gets another role', 'users', user, { ...user, role: 'viewer' }, true],
  ['somebody is forgotten', 'users', user, undefined, true],
  ['somebody deleted long ago is swept', 'users', { ...user, deletedAt: 5 }, undefined, false],
  ['the epoch moves', 'instance', { epoch: 1 }, { epoch: 2 }, true],
  ['a guess is charged', 'attempts', { count: 1 }, { count: 2 }, false],
  ['a device is forgotten', 'devices', { id: 'd' }, undefined, false],
])('%s', (_, kind, before, after, heard) => {
  type Some = Partial<Facts[Kind]> & Record<string, unknown>
  expect(mustBeHeard(kind, before as Some | undefined, after as Some | undefined, 9)).toBe(heard)
})

test.each<[string, Kind, Record<string, unknown>, boolean, boolean]>([
  ['a session that was ended', 'sessions', { endedAt: 5 }, true, true],
  ['somebody who was disabled', 'users', { disabledAt: 5, deletedAt: null }, true, true],
  ['a deed that goes on with who stands', 'sessions', { endedAt: null }, true, false],
  ['a deed that found nothing left to do', 'users', { disabledAt: null }, false, true],
  ['a guess, of which nobody hears', 'attempts', {}, false, false],
])('rests on trust that is ended: %s', (_, kind, shown, kept, rests) => {
  expect(restsOnEnded(kind, shown, kept)).toBe(rests)
})
