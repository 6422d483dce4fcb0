import { describe, expect, test } from 'vitest'
import { builtIn } from './access.ts'
import type { User } from './facts.ts'
import { accessFrom } from './own-roles.ts'
import { day, hour } from './time.ts'
import {
  canSignIn,
  changed,
  deleted,
  keepsAnOwner,
  knowsRoles,
  mayChange,
  newUser,
  temporaryFor,
  type UserChange,
  withPassword,
  withTemporary,
} from './user.ts'

const noon = 1_800_000_000_000
const ada: User = {
  id: 'ada',
  username: 'ada',
  displayName: null,
  role: 'member',
  scopes: '[]',
  passwordHash: 'kid$argon2id$…',
  mustChangePassword: 0,
  version: 3,
  endings: null,
  proofsVoidUntil: 0,
  createdAt: 1,
  lastLoginAt: null,
  disabledAt: null,
  temporaryUntil: null,
  deletedAt: null,
}
const one = (role: string, more: Partial<User> = {}): User => ({ ...ada, id: role, role, ...more })

describe('who may sign in', () => {
  test.each<[string, Partial<User>, boolean]>([
    ['a person', {}, true],
    ['who was disabled', { disabledAt: noon - 1 }, false],
    ['who was deleted', { deletedAt: noon - 1 }, false],
    ['with a temporary password, for its last millisecond', { temporaryUntil: noon + 1 }, true],
    ['with one that is over', { temporaryUntil: noon }, false],
  ])('%s', (_, more, can) => {
    expect(canSignIn({ ...ada, ...more }, noon)).toBe(can)
  })
})

test('a new person has a password for a day, and must change it', () => {
  const who = { id: 'eve', username: 'eve', displayName: 'Eve', role: 'viewer', passwordHash: 'h' }
  expect(temporaryFor).toBe(day)
  expect(newUser(who, noon)).toEqual({
    ...who,
    scopes: '[]',
    mustChangePassword: 1,
    version: 1,
    endings: null,
    proofsVoidUntil: 0,
    createdAt: noon,
    lastLoginAt: null,
    disabledAt: null,
    temporaryUntil: noon + 24 * hour,
    deletedAt: null,
  })
})

describe('what moves the version, and why sessions are then over', () => {
  const ended = (reason: string) => `[[4,${noon},"${reason}"]]`
  const temporary = { ...ada, mustChangePassword: 1, temporaryUntil: noon } as const
  test.each<[string, User, Partial<User>]>([
    [
      'an own password',
      withPassword(temporary, 'new', noon),
      { passwordHash: 'new', version: 4, endings: ended('password_changed') },
    ],
    [
      'a temporary one',
      withTemporary(ada, 'new', noon),
      {
        passwordHash: 'new',
        mustChangePassword: 1,
        temporaryUntil: noon + day,
        version: 4,
        endings: ended('password_changed'),
      },
    ],
    [
      'disabling',
      changed(ada, { disabled: true }, noon),
      { disabledAt: noon, version: 4, endings: ended('user_disabled') },
    ],
    [
      'deleting, which frees the name and keeps no hash',
      deleted(ada, noon),
      {
        username: 'deleted:ada',
        passwordHash: null,
        disabledAt: noon,
        deletedAt: noon,
        version: 4,
        endings: ended('user_disabled'),
      },
    ],
  ])('%s', (_, after, expected) => {
    expect(after).toEqual({ ...ada, ...expected })
  })

  const off = { ...ada, disabledAt: 7 }
  const scopes = [{ role: 'admin', scope: 'b' }]
  const text = JSON.stringify(scopes)
  test.each<[string, User, UserChange, Partial<User>]>([
    ['nothing said', ada, {}, {}],
    ['the same said', ada, { role: 'member', displayName: null, disabled: false, scopes: [] }, {}],
    ['disabling who is disabled', off, { disabled: true }, {}],
    ['enabling', off, { disabled: false }, { disabledAt: null }],
    ['a name', ada, { displayName: 'Ada' }, { displayName: 'Ada' }],
    ['a role: proofs are void', ada, { role: 'admin' }, { role: 'admin', proofsVoidUntil: noon }],
    ['scopes: proofs are void', ada, { scopes }, { scopes: text, proofsVoidUntil: noon }],
    ['the same scopes twice', { ...ada, scopes: text }, { scopes: [...scopes, ...scopes] }, {}],
  ])('not %s', (_, before, change, expected) => {
    expect(changed(before, change, noon)).toEqual({ ...before, ...expected })
  })

  test('scopes in another order are the same scopes', () => {
    const [a, b] = [
      { role: 'viewer', scope: 'a' },
      { role: 'viewer', scope: 'b' },
    ]
    const forth = changed(ada, { scopes: [a, b] }, noon)
    expect(changed(forth, { scopes: [b, a] }, noon + 1)).toEqual(forth)
  })
})

describe('nobody acts above the own role', () => {
  const held = JSON.stringify([{ role: 'owner', scope: 'a' }])
  test.each<[string, string, User, UserChange, boolean]>([
    ['an owner, an owner', 'owner', one('owner'), { role: 'viewer' }, true],
    ['an admin, an admin', 'admin', one('admin'), { disabled: true }, true],
    ['an admin, a member', 'admin', one('member'), { role: 'admin' }, true],
    ['an admin, an owner', 'admin', one('owner'), {}, false],
    ['an admin gives owner', 'admin', one('member'), { role: 'owner' }, false],
    ['an admin makes himself owner', 'admin', one('admin'), { role: 'owner' }, false],
    [
      'an admin gives owner in a scope',
      'admin',
      one('member'),
      { scopes: [{ role: 'owner', scope: 'a' }] },
      false,
    ],
    [
      'an admin takes owner in a scope',
      'admin',
      one('member', { scopes: held }),
      { scopes: [] },
      false,
    ],
    [
      'an admin leaves owner in a scope',
      'admin',
      one('member', { scopes: held }),
      { scopes: [{ role: 'owner', scope: 'a' }], displayName: 'x' },
      true,
    ],
    ['a viewer, somebody of an unknown role', 'viewer', one('janitor'), {}, true],
    ['somebody of an unknown role, a viewer', 'janitor', one('viewer'), {}, false],
  ])('%s', (_, role, whom, change, may) => {
    expect(mayChange(builtIn, one(role), whom, change)?.code).toBe(may ? undefined : 'forbidden')
  })

  test.each<[string, string, User, UserChange, boolean]>([
    ['one below himself', 'desk', one('clerk'), {}, true],
    ['gives what is below', 'desk', one('viewer'), { role: 'clerk' }, true],
    ['somebody above', 'desk', one('manager'), {}, false],
    ['gives what is above', 'desk', one('clerk'), { role: 'manager' }, false],
    [
      'gives what is below, and may do what he may not',
      'desk',
      one('clerk'),
      { role: 'auditor' },
      false,
    ],
    ['takes over who may do what he may not', 'desk', one('auditor'), {}, false],
    [
      'gives that in a scope',
      'desk',
      one('clerk'),
      { scopes: [{ role: 'auditor', scope: 'a' }] },
      false,
    ],
    [
      'takes over who may do in a scope what he may not',
      'desk',
      one('clerk', { scopes: '[{"role":"auditor","scope":"a"}]' }),
      {},
      false,
    ],
    [
      'himself, whatever he holds in scopes',
      'desk',
      one('desk', { id: 'me', scopes: '[{"role":"auditor","scope":"a"}]' }),
      {},
      true,
    ],
    ['an administrator, all of them', 'admin', one('manager'), { role: 'auditor' }, true],
    ['who is of no role any more', 'desk', one('janitor'), { role: 'clerk' }, true],
  ])('of roles of a host: %s', (_, role, whom, change, may) => {
    const { access } = accessFrom({
      permissions: ['orders:read'],
      roles: {
        manager: { below: 'admin', holds: ['users:write', 'orders:read'] },
        desk: { below: 'manager', holds: ['users:read', 'users:write'] },
        auditor: { below: 'desk', holds: ['audit:read'] },
        clerk: { below: 'member', holds: ['users:read'] },
      },
    })
    const refusal = mayChange(access, one(role, { id: 'me' }), whom, change)
    expect(refusal?.code).toBe(may ? undefined : 'forbidden')
  })

  test('a role that there is not is known to be none', () => {
    expect(knowsRoles(builtIn, { role: 'owner', scopes: [{ role: 'viewer', scope: 'a' }] })).toBe(
      true,
    )
    expect(knowsRoles(builtIn, {})).toBe(true)
    for (const role of ['', 'Owner', 'janitor', 'toString', '__proto__']) {
      expect(knowsRoles(builtIn, { role })).toBe(false)
      expect(knowsRoles(builtIn, { scopes: [{ role, scope: 'a' }] })).toBe(false)
    }
  })
})

describe('an owner is left', () => {
  const [a, b] = [one('owner', { id: 'a' }), one('owner', { id: 'b' })]
  test.each<[string, User[], User, boolean]>([
    ['when one of two goes', [a, b], changed(a, { role: 'member' }, noon), true],
    ['not when the last is demoted', [a], changed(a, { role: 'admin' }, noon), false],
    ['not when the last is disabled', [a], changed(a, { disabled: true }, noon), false],
    ['not when the last is deleted', [a], deleted(a, noon), false],
    ['when the last is renamed', [a], changed(a, { displayName: 'x' }, noon), true],
    ['when a disabled one is deleted', [a], deleted({ ...b, disabledAt: 1 }, noon), true],
    ['when a member goes', [a], deleted(one('member'), noon), true],
    [
      'when another can still use what was given',
      [a, { ...b, temporaryUntil: noon + 1 }],
      deleted(a, noon),
      true,
    ],
    ['not when another can no more', [a, { ...b, temporaryUntil: noon }], deleted(a, noon), false],
  ])('%s', (_, owners, next, left) => {
    expect(keepsAnOwner(owners, next, noon)?.code).toBe(left ? undefined : 'last_owner')
  })
})
