/**
 * Who may call what, generated from the route table: every route with every kind of caller. What a cell
 * expects follows from the route's guard alone, so a new route is in here from the start; what each guard
 * has to be is written down by hand in `route-policy.test.ts`.
 *
 * @module
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Guard, type Route, routeTable } from '../src/http/route.ts'
import { builtIn, permissionsOf } from '../src/rules/access.ts'
import { minute } from '../src/rules/time.ts'
import { databases, openTestGate, origin, type TestGate } from './gate/gate.ts'
import { issue } from './gate/keys.ts'
import { addPerson } from './gate/people.ts'
import { expectRefused } from './gate/refusal.ts'
import { type Sending, type Visitor, visitor } from './gate/visitor.ts'

const folder = join(import.meta.dirname, '../src/http/routes')
const modules = await Promise.all(
  readdirSync(folder)
    .filter((name) => !name.includes('.test.'))
    .map((name): Promise<Record<string, unknown>> => import(join(folder, name))),
)
const routes = modules.flatMap((one) => Object.values(one).filter(Array.isArray)).flat() as Route[]

/** What a cell expects: let in, or this status and code. */
type Expected = 'in' | readonly [status: number, code: string]

interface Kind {
  /** What the gate is opened with. */
  readonly options?: Parameters<typeof openTestGate>[1]
  /** Signs in, or not. */
  readonly become: (open: TestGate, who: Visitor) => Promise<unknown>
  readonly headers?: (open: TestGate) => Promise<Sending['headers']>
  /** Makes an API key, which is all that is sent then. */
  readonly key?: (open: TestGate, who: Visitor) => Promise<string>
  readonly expected: (guard: Guard, unsafe: boolean) => Expected
  /** What is recorded where nobody is let in, beyond what every such refusal is recorded as. */
  readonly records?: string
}

const astray = [403, 'csrf_rejected'] as const
const nobody = [401, 'not_authenticated'] as const
const refreshing = { refresh: { enabled: true } }
/** The refusals that are recorded. */
const recordedAs: Readonly<Record<string, string>> = {
  csrf_rejected: 'csrf.rejected',
  forbidden: 'access.refused',
}
const allPermissions = permissionsOf(builtIn, { role: 'owner' })
/** A key of the owner, with these scopes; used once, so that its use is written already. */
const keyWith =
  (scopes: readonly string[]) =>
  async (open: TestGate, who: Visitor): Promise<string> => {
    await who.logIn('ada')
    const { secret } = await issue(open, who, { scopes })
    await open.gate.callerOf(
      new Request(origin, { headers: { Authorization: `Bearer ${secret}` } }),
    )
    return secret
  }
/** Where no key is let in, one is told so; it is never asked for a password. */
const byKey =
  (scopes: readonly string[]) =>
  ({ caller, keys, permission, sameOrigin }: Guard): Expected => {
    if (caller === 'anyone') return sameOrigin ? nobody : 'in'
    return keys && (permission === undefined || scopes.includes(permission))
      ? 'in'
      : [403, 'forbidden']
  }

const logIn = (_: TestGate, who: Visitor) => who.logIn('ada')
// Of the open routes, one looks for a session by itself: it also takes one that has to be renewed.
const needsCaller = ({ caller, sameOrigin }: Guard) => caller === 'signed-in' || sameOrigin
/** What a role without permissions is refused. */
const needsPermission = ({ permission }: Guard): Expected =>
  permission ? [403, 'forbidden'] : 'in'
const signInAs = (role: 'admin' | 'member' | 'viewer') => async (open: TestGate, who: Visitor) => {
  await addPerson(open, role, { role })
  await who.logIn(role)
}
const needsToken = ({ caller }: Guard, unsafe: boolean) =>
  unsafe && caller === 'signed-in' ? astray : ('in' as const)

const kinds: Readonly<Record<string, Kind>> = {
  'an API key of all scopes': {
    become: async () => {},
    key: keyWith(allPermissions),
    expected: byKey(allPermissions),
  },
  'an API key without scopes': {
    become: async () => {},
    key: keyWith([]),
    expected: byKey([]),
  },
  'an API key of one scope': {
    become: async () => {},
    key: keyWith(['lockouts:read']),
    expected: byKey(['lockouts:read']),
  },
  'an expired API key': {
    become: async () => {},
    key: async (open, who) => {
      const secret = await keyWith(allPermissions)(open, who)
      await open.query('update keys set "expiresAt" = 1')
      return secret
    },
    expected: (guard) => (needsCaller(guard) ? nobody : 'in'),
    records: 'key.refused',
  },
  'an API key of somebody who lost his role': {
    become: async () => {},
    key: async (open, who) => {
      const secret = await keyWith(allPermissions)(open, who)
      await open.query(`update users set role = 'viewer'`)
      return secret
    },
    expected: byKey([]),
  },
  anonymous: {
    become: async () => {},
    expected: (guard) => (needsCaller(guard) ? nobody : 'in'),
  },
  'a full session': { become: logIn, expected: () => 'in' },
  'an administrator': { become: signInAs('admin'), expected: () => 'in' },
  'a member': { become: signInAs('member'), expected: needsPermission },
  'a viewer': { become: signInAs('viewer'), expected: needsPermission },
  'a proof that has grown old': {
    become: async (open, who) => {
      await who.logIn('ada')
      open.pass(10 * minute)
      await who.send('GET', '/auth/me')
    },
    expected: ({ stepUp }) => (stepUp ? [403, 'step_up_required'] : 'in'),
  },
  'a proof of the role before': {
    become: async (open, who) => {
      await who.logIn('ada')
      await open.query('update users set "proofsVoidUntil" = "createdAt"')
    },
    expected: ({ stepUp }) => (stepUp ? [403, 'step_up_required'] : 'in'),
  },
  'a restricted session': {
    become: (_, who) => who.logIn('eve'),
    expected: ({ caller, restricted }) =>
      caller === 'anyone' || restricted ? 'in' : [403, 'password_change_required'],
  },
  'an ended session': {
    become: async (open, who) => {
      const { id } = (await who.logIn('ada')).json.session
      await open.query(`update sessions set "endedAt" = 1, "endReason" = 'revoked'
        where id = '${id}'`)
    },
    expected: (guard) => (needsCaller(guard) ? [401, 'session_revoked'] : 'in'),
  },
  'a session that idled out': {
    become: async (open, who) => {
      const { id } = (await who.logIn('ada')).json.session
      await open.query(`update sessions set "idleUntil" = 1 where id = '${id}'`)
    },
    expected: (guard) => (needsCaller(guard) ? [401, 'session_expired'] : 'in'),
  },
  'a foreign token': {
    become: async (open, who) => {
      await who.logIn('ada')
      const token = who.jar.get('__Host-session') ?? ''
      who.jar.set(
        '__Host-session',
        token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      )
      await open.recorded()
    },
    expected: (guard) => (needsCaller(guard) ? nobody : 'in'),
  },
  'a session that has to be renewed': {
    options: refreshing,
    become: async (_, who) => {
      await who.logIn('ada')
      who.jar.delete('__Host-session')
    },
    expected: ({ caller }) => (caller === 'signed-in' ? [401, 'session_expired'] : 'in'),
  },
  'a session of which only the refresh cookie is genuine': {
    options: refreshing,
    become: async (_, who) => {
      await who.logIn('ada')
      who.jar.set('__Host-session', 'planted')
    },
    expected: ({ caller }) => (caller === 'signed-in' ? [401, 'session_expired'] : 'in'),
  },
  'the refresh cookie of an ended session': {
    options: refreshing,
    become: async (open, who) => {
      await who.logIn('ada')
      who.jar.delete('__Host-session')
      await open.query(`update sessions set "endedAt" = 1, "endReason" = 'revoked'`)
    },
    expected: (guard) => (needsCaller(guard) ? [401, 'session_revoked'] : 'in'),
  },
  'both credentials': {
    become: logIn,
    headers: async () => ({ Authorization: 'Bearer sp_key' }),
    expected: () => [400, 'malformed_request'],
  },
  'a wrong origin': {
    become: logIn,
    headers: async () => ({ Origin: 'https://evil.test' }),
    expected: (guard, unsafe) => (unsafe || guard.sameOrigin ? astray : 'in'),
  },
  'another site’s page': {
    become: logIn,
    headers: async () => ({ Origin: null, 'Sec-Fetch-Site': 'cross-site' }),
    expected: (guard, unsafe) => (unsafe || guard.sameOrigin ? astray : 'in'),
  },
  'no CSRF token': {
    become: logIn,
    headers: async () => ({ 'X-CSRF-Token': null }),
    expected: needsToken,
  },
  'the token of another session': {
    become: async ({ gate }, who) => {
      const other = visitor(gate)
      await other.logIn('ada')
      await who.logIn('ada')
      who.jar.set('__Host-csrf', other.jar.get('__Host-csrf') ?? '')
    },
    expected: needsToken,
  },
}

describe.each(databases)('on %s', (database) => {
  test.each(Object.entries(kinds))(
    'AUTHZ-05, CSRF-01, MUST-01: every route with %s: by its guard, and nothing is changed',
    async (_, kind) => {
      const open = await openTestGate(database, { ...kind.options, trustProxy: ['198.51.100.7'] })
      const { gate, dump, recorded } = open
      const adaId = (await visitor(gate).setUp()).json.user.id
      await addPerson(open, 'eve', { mustChange: true })
      const who = visitor(gate)
      await kind.become(open, who)
      const secret = await kind.key?.(open, who)
      if (secret !== undefined) who.jar.clear()
      const jar = [...who.jar]
      const more = {
        ...(await kind.headers?.(open)),
        ...(secret !== undefined && { Authorization: `Bearer ${secret}` }),
      }
      const before = await dump()
      await recorded()

      for (const { method, path, guard } of routes) {
        const name = `${method} ${path}`
        const unsafe = method !== 'GET'
        // Of the type that a foreign form can send: whoever is let in gets no further than 415.
        const body = unsafe ? { body: '{}' } : {}
        const headers = {
          'Sec-Fetch-Site': 'same-origin',
          ...(unsafe && { 'Content-Type': 'text/plain' }),
          ...(guard.forwarded && { 'X-Forwarded-Method': 'GET' }),
          ...more,
        }
        const id = method === 'GET' ? adaId : 'x'.repeat(22)
        const got = await who.send(method, path.replace('{id}', id), {
          ...body,
          headers,
        })
        const expected = kind.expected(guard, unsafe)
        // Who renews shows a cookie of his own, which is looked at before the body is.
        const shows = jar.some(([cookie]) => cookie === '__Host-refresh')
        if (expected !== 'in') expectRefused(got, ...expected, name)
        else if (path === '/auth/refresh' && !shows)
          expect([got.status, got.json.code]).toEqual([401, 'refresh_token_invalid'])
        else if (unsafe) expectRefused(got, 415, 'unsupported_media_type', name)
        else expect([name, got.status]).toEqual([name, 200])

        const events = (await recorded()).map(({ type }) => type)
        const asksKey = guard.caller === 'signed-in' && kind.records
        const recording = expected !== 'in' && (recordedAs[expected[1]] ?? asksKey)
        const carriedAway = expected === 'in' && path === '/audit/export' ? ['audit.exported'] : []
        expect([name, events]).toEqual([name, recording ? [recording] : carriedAway])
        expect(await dump()).toBe(before)
        who.jar.clear()
        for (const [cookie, value] of jar) who.jar.set(cookie, value)
      }
    },
  )
})

test('The table is not empty, and a route that does not say who may call it stops the start', () => {
  expect(routes.length).toBeGreaterThan(10)
  const [first] = routes
  if (!first) return
  const bad: unknown[] = [
    {},
    { caller: 'anyone' },
    { caller: 'everybody', restricted: true },
    undefined,
  ]
  for (const guard of bad)
    expect(() => routeTable([{ ...first, guard: guard as Guard }], '/api')).toThrow(/who may call/)
  expect(() => routeTable([first, first], '/api')).toThrow(/twice/)
})

test('A key opens what needs a permission and no recent password, and that alone', () => {
  for (const { method, path, guard } of routes) {
    const needs = guard.permission !== undefined && !guard.stepUp
    expect([method, path, guard.keys ?? false]).toEqual([
      method,
      path,
      needs || path === '/auth/verify',
    ])
  }
  const [first] = routes
  const guard: Guard = { caller: 'signed-in', restricted: false, keys: true, stepUp: true }
  if (first) expect(() => routeTable([{ ...first, guard }], '/api')).toThrow(/no key shows/)
})

test('What is no route is 404 to everybody, before anything else is looked at (AUTHZ-13)', async () => {
  const open = await openTestGate()
  const ada = visitor(open.gate)
  await ada.setUp()
  for (const path of [
    '/debug',
    '/.env',
    '/.git/config',
    '/admin',
    '/audit/',
    '/health',
    '/auth',
    '',
    '/',
  ])
    for (const who of [ada, visitor(open.gate)])
      for (const method of ['GET', 'POST'])
        expectRefused(await who.send(method, path), 404, 'not_found', `${method} ${path}`)
})
