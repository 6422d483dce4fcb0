/**
 * The mocks against what they stand for: the same routes with the same guards, and for the same
 * requests answers of the same shape. Through MSW, and through the client.
 *
 * @module
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { http } from 'msw'
import { setupServer } from 'msw/node'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createClient } from '../src/client/client.ts'
import type { Route } from '../src/http/route.ts'
import { mockRoutes } from '../src/mocks/mock-routes.ts'
import { type MockOptions, mockSallyport } from '../src/mocks/mocks.ts'
import { createTestSallyport } from '../src/testing/testing.ts'

const folder = join(import.meta.dirname, '../src/http/routes')
const modules = await Promise.all(
  readdirSync(folder).map((name): Promise<Record<string, unknown>> => import(join(folder, name))),
)
const routes = modules.flatMap((one) => Object.values(one).filter(Array.isArray)).flat() as Route[]
const named = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]))

const people = { ada: 'owner', bob: 'member' } as const
const base = 'https://app.example.test/api/v1'

test('every route a person’s page calls has one', () => {
  const pages =
    /^\w+ \/(?:auth|users|roles|lockouts|audit|overview|instance)(?!\/(?:verify|ws-ticket))/
  expect([...named.keys()].filter((name) => pages.test(name) && !(name in mockRoutes))).toEqual([])
})

test.each(Object.entries(mockRoutes))(
  '%s has the guard of the route it stands for',
  (name, mock) => {
    const route = named.get(name)
    expect({
      caller: mock.caller,
      restricted: mock.restricted ?? false,
      permission: mock.permission,
      stepUp: mock.stepUp,
    }).toEqual({
      caller: route?.guard.caller,
      restricted: route?.guard.restricted,
      permission: route?.guard.permission,
      stepUp: route?.guard.stepUp,
    })
  },
)

/** Names and kinds, without the values; what may be null is only there. */
function shapeOf(value: unknown): unknown {
  if (value === null) return 'null or not'
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf)
  if (typeof value !== 'object') return typeof value
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(fields.map(([name, field]) => [name, shapeOf(field)]))
}

/** One shape with what is null in the other left open in both. */
function agreed(one: unknown, other: unknown): unknown {
  if (one === 'null or not' || other === 'null or not') return 'null or not'
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return one
  if (Array.isArray(one)) return one.map((each, at) => agreed(each, (other as unknown[])[at]))
  return Object.fromEntries(
    Object.entries(one).map(([name, field]) => [
      name,
      name in other ? agreed(field, (other as Record<string, unknown>)[name]) : field,
    ]),
  )
}

type Ask = readonly [method: string, path: string, body?: unknown]
const { password } = mockSallyport()
const nobody = 'x'.repeat(22)
const expiresAt = new Date(Date.now() + 86_400_000).toISOString()
const newKey = { name: 'a key', scopes: ['users:read'], expiresAt }
const newPassword = 'seven stones above the river'

describe('for the same requests answers of the same shape', () => {
  const cases: readonly (readonly [who: string, ...asks: Ask[]])[] = [
    ['nobody', ['GET', '/auth/setup'], ['GET', '/auth/me'], ['GET', '/auth/csrf']],
    ['nobody', ['POST', '/auth/login', { username: 'bob', password: 'wrong' }]],
    ['nobody', ['POST', '/auth/logout'], ['POST', '/auth/refresh']],
    ['nobody', ['POST', '/auth/setup', { setupToken: 'x', username: 'eve', password }]],
    ['bob', ['GET', '/auth/me'], ['GET', '/auth/csrf'], ['GET', '/auth/sessions']],
    ['bob', ['POST', '/auth/refresh'], ['POST', '/auth/step-up', { password }]],
    ['bob', ['POST', '/auth/step-up', { password: 'wrong' }], ['GET', '/users']],
    ['bob', ['GET', '/auth/sessions?scope=all'], ['POST', '/auth/sessions/revoke-others']],
    ['bob', ['POST', '/auth/change-password', { currentPassword: 'no', newPassword }]],
    ['bob', ['POST', '/auth/change-password', { currentPassword: password, newPassword: 'short' }]],
    ['bob', ['POST', '/auth/change-password', { currentPassword: password, newPassword }]],
    ['bob', ['DELETE', '/auth/sessions/xxxxxxxxxxxxxxxxxxxxxx'], ['GET', '/auth/me']],
    ['bob', ['DELETE', '/auth/sessions/{mine}'], ['GET', '/auth/me']],
    ['bob', ['GET', '/auth/devices'], ['GET', '/auth/activity']],
    ['bob', ['DELETE', '/auth/devices/xxxxxxxxxxxxxxxxxxxxxx']],
    ['bob', ['POST', '/auth/logout'], ['GET', '/auth/me']],
    [
      'ada',
      ['GET', '/auth/api-keys'],
      ['POST', '/auth/api-keys', newKey],
      ['GET', '/auth/api-keys'],
    ],
    ['ada', ['POST', `/auth/api-keys/${nobody}/rotate`], ['DELETE', `/auth/api-keys/${nobody}`]],
    ['ada', ['GET', '/users'], ['GET', '/users?query=bo'], ['GET', '/users/{bob}']],
    ['ada', ['GET', '/users/xxxxxxxxxxxxxxxxxxxxxx'], ['GET', '/lockouts']],
    ['ada', ['GET', '/auth/sessions?scope=all&limit=1']],
    ['ada', ['GET', '/audit?type=auth.signed_in&limit=1'], ['GET', '/audit/verify']],
    ['ada', ['GET', '/roles']],
    ['bob', ['GET', '/roles']],
    ['ada', ['GET', '/overview']],
    ['ada', ['GET', '/instance/health']],
    ['ada', ['GET', '/audit?user=nobody'], ['GET', '/audit/export?type=auth.signed_in']],
    ['bob', ['GET', '/audit'], ['GET', '/audit/export'], ['GET', '/audit/verify']],
    ['ada', ['POST', '/users', { username: 'carol', role: 'member' }]],
    ['ada', ['POST', '/users', { username: 'carol', role: 'member', password }]],
    ['ada', ['POST', '/users', { username: 'bob', role: 'member' }]],
    ['ada', ['PATCH', '/users/{bob}', { displayName: 'Bob' }]],
    ['ada', ['PATCH', '/users/{bob}', { disabled: true }], ['DELETE', '/users/{bob}']],
    ['ada', ['POST', '/users/{bob}/reset-password'], ['POST', '/users/{bob}/revoke-sessions']],
    ['ada', ['POST', '/users/{ada}/reset-password'], ['POST', '/users/{bob}/unlock']],
  ]

  test.each(cases.map(([who, ...asks]) => ({ who, asks, says: JSON.stringify(asks) })))(
    '$who: $says',
    async ({ who, asks }) => {
      const kit = await createTestSallyport({ users: people })
      onTestFinished(kit.close)
      const real = who === 'nobody' ? kit.browser() : await kit.as(who)
      const mock = mockSallyport({ people, ...(who === 'nobody' ? {} : { signedIn: who }) })

      const told = async (
        fetch: (url: string, init: RequestInit) => Promise<Response>,
        ids: Ids,
      ) => {
        const found = []
        for (const [method, path, body] of asks) {
          const url = base + path.replace(/{(\w+)}/, (_, name) => ids[name] ?? '')
          const headers = body === undefined ? {} : { 'Content-Type': 'application/json' }
          const answer = await fetch(url, {
            method,
            headers,
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          })
          const text = await answer.text()
          // Of lines, one shows what all are like.
          const json = text === '' ? {} : JSON.parse(text.split('\n')[0] ?? '')
          found.push({ status: answer.status, code: json.code, shape: shapeOf(json) })
        }
        return found
      }
      const me = async (fetch: typeof real.fetch) =>
        (await (await fetch(`${base}/auth/me`)).json()).session?.id
      const idsOfReal = Object.fromEntries([...kit.users].map(([name, { id }]) => [name, id]))
      const mocked: typeof real.fetch = (url, init) =>
        mock.fetch(url, {
          ...init,
          headers: { ...init?.headers, 'X-CSRF-Token': 'mock-csrf-token' },
        })
      const idsOfMock = Object.fromEntries(
        Object.keys(people).map((name) => [name, mock.user(name)?.id]),
      )
      const [theirs, ours] = [
        await told(real.fetch, { ...idsOfReal, mine: await me(real.fetch) }),
        await told(mocked, { ...idsOfMock, mine: await me(mocked) }),
      ]
      expect(ours.map((one, at) => agreed(one, theirs[at]))).toEqual(
        theirs.map((one, at) => agreed(one, ours[at])),
      )
    },
  )
})

test('roles and permissions of a host’s own are the same in both', async () => {
  const access = {
    permissions: ['orders:read'],
    roles: { clerk: { below: 'admin', holds: ['orders:read', 'users:read'] } },
  }
  const own = { ada: 'owner', cleo: 'clerk' }
  const kit = await createTestSallyport({ users: own, settings: { access } })
  onTestFinished(kit.close)
  const mock = mockSallyport({ people: own, signedIn: 'cleo', access })
  const told = async (fetch: (url: string) => Promise<Response>) => {
    const { user, permissions } = await (await fetch(`${base}/auth/me`)).json()
    return [user.role, permissions, (await fetch(`${base}/users`)).status]
  }
  const cleo = await kit.as('cleo')
  expect(await told(cleo.fetch)).toEqual(['clerk', ['orders:read', 'users:read'], 200])
  expect(await told(mock.fetch)).toEqual(['clerk', ['orders:read', 'users:read'], 200])
  expect(() => mockSallyport({ access: { roles: { a: { below: 'owner' } } } })).toThrow(
    'above admin',
  )
  mock.signIn('ada')
  const body = JSON.stringify({ username: 'x', role: 'janitor' })
  const headers = { 'X-CSRF-Token': 'mock-csrf-token' }
  expect((await mock.fetch(`${base}/users`, { method: 'POST', body, headers })).status).toBe(422)
})

type Ids = Readonly<Record<string, string | undefined>>

describe('through MSW', () => {
  afterEach(() => vi.restoreAllMocks())

  function served(options: MockOptions) {
    const mock = mockSallyport(options)
    const server = setupServer(...mock.handlers(http))
    server.listen()
    onTestFinished(() => server.close())
    const client = createClient({ baseUrl: base })
    onTestFinished(client.close)
    return { mock, client }
  }

  test('a front end signs in, is renewed, and is told why a session ended', async () => {
    const { mock, client } = served({ people })
    await client.check()
    expect(client.session.get()).toEqual({ status: 'unauthenticated' })
    await expect(client.signIn({ username: 'bob', password: 'no' })).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    await client.signIn({ username: 'bob', password: mock.password })
    mock.expire()
    expect((await client.sessions()).items).toHaveLength(1)
    mock.elsewhere('bob')
    expect(await client.endOtherSessions()).toEqual({ revoked: 1 })
    mock.end('user_disabled')
    await client.check()
    expect(client.session.get()).toEqual({ status: 'unauthenticated', reason: 'user_disabled' })
  })

  test('away, at rest, refused once, and a proof that has grown old', async () => {
    const { mock, client } = served({ people, signedIn: 'ada' })
    await client.check()
    mock.away()
    await client.check()
    expect(client.session.get()).toMatchObject({
      status: 'authenticated',
      error: { kind: 'network' },
    })
    mock.back()
    mock.grownOld()
    const body = { username: 'carol', role: 'member' }
    const add = () => client.call<{ user: object }>('POST', '/users', { body })
    await expect(add()).rejects.toMatchObject({ code: 'step_up_required' })
    await client.stepUp(mock.password)
    mock.refuse('POST /users', 'unavailable', 3_000)
    await expect(add()).rejects.toMatchObject({ code: 'unavailable', retryAfter: 3 })
    await expect(add()).resolves.toMatchObject({ user: { username: 'carol' } })
    mock.lockOut('bob', 90_000)
    await expect(client.signIn({ username: 'bob', password: mock.password })).rejects.toMatchObject(
      { code: 'account_locked', retryAfter: 90 },
    )
  })

  test('an instance that needs its owner', async () => {
    const { mock, client } = served({})
    expect((await client.setupStatus()).needsOwner).toBe(true)
    const owner = { username: 'ada', password: mock.password }
    await expect(client.setUp({ ...owner, setupToken: 'x' })).rejects.toMatchObject({
      code: 'forbidden',
    })
    await client.setUp({ ...owner, setupToken: mock.setupToken })
    expect(mock.signedIn()?.user.role).toBe('owner')
    expect((await client.setupStatus()).needsOwner).toBe(false)
  })
})

test('in a page it sets the CSRF cookie as the server does, so that calls pass at once (R1.13)', async () => {
  vi.stubGlobal('document', { cookie: '' })
  onTestFinished(() => void vi.unstubAllGlobals())
  const mock = mockSallyport({ people })
  const asked: string[] = []
  const client = createClient({
    baseUrl: base,
    fetch: (url, init) => {
      asked.push(`${init?.method} ${String(url).slice(base.length)}`)
      return mock.fetch(url, init)
    },
  })
  onTestFinished(client.close)
  await client.signIn({ username: 'bob', password: mock.password })
  await client.stepUp(mock.password)
  expect(asked).toEqual(['POST /auth/login', 'POST /auth/step-up'])
})

test('what is not mocked, an event stream say, signs nobody out (R4.17)', async () => {
  const mock = mockSallyport({ people, signedIn: 'bob' })
  const client = createClient({ baseUrl: base, fetch: mock.fetch })
  onTestFinished(client.close)
  await client.check()
  onTestFinished(client.events(() => {}))
  await vi.waitFor(() => expect(client.eventsState.get().status).toBe('waiting'))
  await expect(Array.fromAsync(client.stream(`${base}/nothing`))).rejects.toMatchObject({
    code: 'not_found',
  })
  expect(client.session.get()).toMatchObject({ status: 'authenticated' })
  expect(client.session.get().error).toBeUndefined()
})
