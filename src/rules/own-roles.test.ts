/** Own roles: what a host may add, and what is said of all that it may not. */
import { expect, test } from 'vitest'
import { builtIn, isAtLeast, may, permissions, permissionsOf } from './access.ts'
import { accessFrom } from './own-roles.ts'

const shop = {
  permissions: ['orders:read', 'orders:write'],
  roles: {
    clerk: { below: 'manager', holds: ['orders:read'] },
    manager: { below: 'admin', holds: ['orders:read', 'orders:write', 'users:read'] },
    buyer: { below: 'admin' },
    guest: { below: 'viewer' },
    viewer: { holds: ['orders:read'] },
  },
}

test('nothing added is what is built in', () => {
  for (const added of [undefined, {}, { permissions: [], roles: {} }])
    expect(accessFrom(added)).toEqual({ access: builtIn, complaints: [] })
})

test('roles rank below the one they name, the first one first; holding says what they may', () => {
  const { access, complaints } = accessFrom(shop)
  expect(complaints).toEqual([])
  expect(access.roles).toEqual([
    ...['owner', 'admin', 'manager', 'clerk', 'buyer', 'member', 'viewer', 'guest'],
  ])
  const held = access.roles.map((role) => [role, permissionsOf(access, { role })])
  const all = [...permissions, 'orders:read', 'orders:write']
  expect(Object.fromEntries(held)).toEqual({
    owner: all,
    admin: all,
    manager: ['orders:read', 'orders:write', 'users:read'],
    clerk: ['orders:read'],
    buyer: [],
    member: [],
    viewer: ['orders:read'],
    guest: [],
  })
  expect(isAtLeast(access, 'manager', 'clerk')).toBe(true)
  expect(isAtLeast(access, 'member', 'clerk')).toBe(false)
  expect(isAtLeast(access, 'guest', 'janitor')).toBe(true)
  expect(isAtLeast(access, 'janitor', 'guest')).toBe(false)
  const sales = { role: 'viewer', scopes: '[{"role":"manager","scope":"department:sales"}]' }
  const asked = (scope?: string) => may(access, sales, 'orders:write', scope)
  expect([asked(), asked('department:sales'), asked('department:hr')]).toEqual([false, true, false])
})

test.each<[string, unknown, string]>([
  ['no object', [], 'access: write {'],
  ['text', 'manager', 'access: write {'],
  ['something else', { role: {} }, 'access.role: there is no such setting'],
  ['permissions that are no list', { permissions: 'orders:read' }, 'write a list of texts'],
  ['a permission of no form', { permissions: ['orders'] }, '"orders" is not of the form'],
  ['a built-in one', { permissions: ['users:read'] }, '"users:read" is there already'],
  ['one twice', { permissions: ['a:b', 'a:b'] }, '"a:b" is there already'],
  ['a role of no form', { roles: { 'Big Boss': { below: 'admin' } } }, 'write a name of a-z'],
  ['a role that is none', { roles: { boss: 'admin' } }, 'access.roles.boss: write {'],
  ['owner', { roles: { owner: { holds: [] } } }, 'holds everything, and stays as it is'],
  ['admin', { roles: { admin: { below: 'owner' } } }, 'holds everything, and stays as it is'],
  ['member moved', { roles: { member: { below: 'viewer' } } }, 'ranks where it is'],
  ['viewer with more', { roles: { viewer: { holds: ['users:read'] } } }, 'of your own only'],
  ['above admin', { roles: { boss: { below: 'owner' } } }, 'no role of your own ranks above admin'],
  ['no rank', { roles: { boss: {} } }, 'say the role it ranks below'],
  ['below nothing', { roles: { boss: { below: 'king' } } }, 'nothing leads to below "king"'],
  ['a ring', { roles: { a: { below: 'b' }, b: { below: 'a' } } }, 'nothing leads to below "b"'],
  ['below itself', { roles: { a: { below: 'a' } } }, 'nothing leads to below "a"'],
  ['an unknown one', { roles: { a: { below: 'admin', holds: ['x:y'] } } }, 'no permission "x:y"'],
  ['a slip', { roles: { a: { below: 'admin', hold: [] } } }, 'roles.a.hold: there is no such'],
  ['a prototype', JSON.parse('{"roles":{"__proto__":{"below":"admin"}}}'), 'write a name of a-z'],
])('refused: %s', (_, added, said) => {
  const { access, complaints } = accessFrom(added)
  expect(complaints.join('\n')).toContain(said)
  expect(access).toBe(builtIn)
})
