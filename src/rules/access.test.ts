/** Access: who may do what, everywhere and in a scope. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { builtIn, isPrivileged, may, permissionsOf, roles, scopesOf } from './access.ts'

const everything = [
  'sessions:read',
  'sessions:revoke',
  'users:read',
  'users:write',
  'lockouts:read',
  'audit:read',
  'metrics:read',
]

const who = (role: string, ...held: [role: string, scope: string][]) => ({
  role,
  scopes: JSON.stringify(held.map(([of, scope]) => ({ role: of, scope }))),
})

test('the roles, from the highest to the lowest', () => {
  expect(roles).toEqual(['owner', 'admin', 'member', 'viewer'])
})

test.each([
  ['owner', everything, true],
  ['admin', everything, true],
  ['member', [], false],
  ['viewer', [], false],
  ['', [], false],
  ['Owner', [], false],
  ['owner ', [], false],
  ['operator', [], false],
  ['__proto__', [], false],
  ['constructor', [], false],
  ['0', [], false],
])('a person whose role is %j', (role, held, privileged) => {
  expect(permissionsOf(builtIn, { role })).toEqual(held)
  expect(isPrivileged({ role })).toBe(privileged)
  expect(everything.filter((permission) => may(builtIn, who(role), permission))).toEqual(held)
  // A scope takes nothing away, and by itself gives nothing.
  expect(everything.filter((permission) => may(builtIn, who(role), permission, 'x'))).toEqual(held)
})

test.each([
  '',
  'users',
  'users:',
  'users:*',
  '*',
  'USERS:READ',
  'users:read ',
  'users:read,users:write',
  'users:delete',
  'length',
  'includes',
  '__proto__',
])('nobody may %j: there is no such permission', (permission) => {
  expect(may(builtIn, who('owner', ['owner', 'x']), permission)).toBe(false)
  expect(may(builtIn, who('owner', ['owner', 'x']), permission, 'x')).toBe(false)
})

const sales = 'department:sales'

test.each([
  ['an admin of sales, in sales', who('member', ['admin', sales]), sales, true],
  ['an admin of sales, everywhere', who('member', ['admin', sales]), undefined, false],
  ['an admin of sales, in support', who('member', ['admin', sales]), 'department:support', false],
  ['an admin of sales, in a part of it', who('member', ['admin', sales]), `${sales}:eu`, false],
  ['an admin of sales, above it', who('member', ['admin', sales]), 'department', false],
  ['an admin of sales, in SALES', who('member', ['admin', sales]), sales.toUpperCase(), false],
  ['an admin of sales, in no scope', who('member', ['admin', sales]), '', false],
  ['an owner of sales', who('viewer', ['owner', sales]), sales, true],
  ['a member of sales', who('member', ['member', sales]), sales, false],
  ['somebody of an unknown role there', who('member', ['boss', sales]), sales, false],
  ['an admin of one of two', who('viewer', ['viewer', sales], ['admin', 'b']), sales, false],
  ['an admin of the other of two', who('viewer', ['viewer', sales], ['admin', 'b']), 'b', true],
  ['two roles in one scope', who('viewer', ['viewer', sales], ['admin', sales]), sales, true],
  ['an admin, where he is a viewer', who('admin', ['viewer', sales]), sales, true],
])('whether %s may read users', (_, user, scope, allowed) => {
  expect(may(builtIn, user, 'users:read', scope)).toBe(allowed)
})

const role = fc.oneof(fc.constantFrom<string>(...roles), fc.string())
const held = fc.array(fc.tuple(role, fc.string()))

test('property: what is held in a scope is read back as it was kept', () => {
  fc.assert(
    fc.property(role, held, (of, scoped) => {
      const kept = scoped.map(([name, scope]) => ({ role: name, scope }))
      expect(scopesOf(who(of, ...scoped))).toEqual(kept)
    }),
  )
})

test('property: whoever may, holds a role that may: everywhere, or in that very scope', () => {
  fc.assert(
    fc.property(role, held, fc.option(fc.string(), { nil: undefined }), (of, scoped, scope) => {
      const high = ['owner', 'admin']
      const there = scoped.filter(([, where]) => where === scope).map(([name]) => name)
      const expected = [of, ...there].some((name) => high.includes(name))
      for (const permission of everything) {
        expect(may(builtIn, who(of, ...scoped), permission, scope)).toBe(expected)
      }
    }),
  )
})

test('property: what may be done everywhere may be done in every scope', () => {
  fc.assert(
    fc.property(role, fc.constantFrom(...everything), fc.string(), (of, permission, scope) => {
      expect(may(builtIn, who(of), permission, scope)).toBe(may(builtIn, who(of), permission))
    }),
  )
})
