/**
 * Forward-auth: what `GET /auth/verify` tells a reverse proxy about a request that it describes, and
 * what it believes of the description.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { openTestGate, origin } from './gate/gate.ts'
import { issue, program } from './gate/keys.ts'
import { addPerson } from './gate/people.ts'
import { expectRefused } from './gate/refusal.ts'
import { type Visitor, visitor } from './gate/visitor.ts'

const proxy = '198.51.100.7'
const minute = 60_000

async function claimed(options = {}) {
  const open = await openTestGate('sqlite', { trustProxy: [proxy], ...options })
  const ada = visitor(open.gate)
  const { user, session } = (await ada.setUp()).json
  await open.recorded()
  return { ...open, ada, user, session }
}

const get = { 'X-Forwarded-Method': 'GET' }
const verify = (
  who: Pick<Visitor, 'send'>,
  query = '',
  headers: Record<string, string | null> = get,
) => who.send('GET', `/auth/verify${query}`, { headers })

test('a session is told by headers, and nothing else is', async () => {
  const { ada, user, session } = await claimed()
  const got = await verify(ada)
  expect([got.status, got.text, got.set]).toEqual([200, '', []])
  const told = [...got.headers].filter(([name]) => name.startsWith('x-sallyport-'))
  expect(Object.fromEntries(told)).toEqual({
    'x-sallyport-user': user.id,
    'x-sallyport-username': 'ada',
    'x-sallyport-role': 'owner',
    'x-sallyport-session': session.id,
    'x-sallyport-key': '',
    'x-sallyport-scopes': '',
  })
  expect(got.headers.get('cache-control')).toBe('no-store')
})

test('a key is told by its owner and itself; it has permissions, and no role', async () => {
  const open = await claimed()
  const { gate, ada, user } = open
  const { key, secret } = await issue(open, ada)
  const use = program(gate, secret)
  const asked = (query: string, method = 'GET') =>
    use('GET', `/auth/verify${query}`, { headers: { 'X-Forwarded-Method': method } })
  const got = await asked('?permission=users:read')
  expect(got.status).toBe(200)
  expect(got.headers.get('x-sallyport-user')).toBe(user.id)
  expect(got.headers.get('x-sallyport-key')).toBe(key.id)
  expect(got.headers.get('x-sallyport-scopes')).toBe('users:read')
  // Not left out, or the proxy might leave there what the client said.
  expect(got.headers.get('x-sallyport-session')).toBe('')
  // Nobody else's page sends a key: the method does not matter.
  expect((await asked('', 'POST')).status).toBe(200)
  expectRefused(await asked('?permission=users:write'), 403, 'forbidden')
  expectRefused(await asked('?role=viewer'), 403, 'forbidden')
})

test.each([
  ['viewer', 'viewer', 200],
  ['viewer', 'member', 403],
  ['member', 'viewer', 200],
  ['admin', 'owner', 403],
  ['owner', 'admin', 200],
] as const)('a %s asked to be a %s: %d', async (role, asked, status) => {
  const open = await claimed()
  await addPerson(open, 'eve', { role })
  const eve = visitor(open.gate)
  await eve.logIn('eve')
  await open.recorded()
  expect((await verify(eve, `?role=${asked}`)).status).toBe(status)
  const types = (await open.recorded()).map(({ type }) => type)
  expect(types).toEqual(status === 403 ? ['access.refused'] : [])
})

test('a role that there is not is an error of whoever configured it', async () => {
  const { ada } = await claimed()
  expectRefused(await verify(ada, '?role=root'), 422, 'validation_failed')
  expectRefused(await verify(ada, '?permission=everything'), 403, 'forbidden')
  expectRefused(await verify(ada, '?user=ada'), 422, 'validation_failed')
})

describe('CSRF, by the method of the request that is asked about', () => {
  test.each([
    ['GET', 200],
    ['HEAD', 200],
    ['OPTIONS', 200],
    ['POST', 403],
    ['DELETE', 403],
    ['get', 403],
    ['PROPFIND', 403],
    ['', 403],
    [null, 403],
  ])('%s: %s without a token', async (method, status) => {
    const { ada } = await claimed()
    const got = await verify(ada, '', { 'X-Forwarded-Method': method })
    expect([got.status, status === 403 && got.json.code]).toEqual([
      status,
      status === 403 && 'csrf_rejected',
    ])
  })

  test('with origin and token an unsafe one is let through; with another origin it is not', async () => {
    const { ada } = await claimed()
    const token = ada.jar.get('__Host-csrf') ?? ''
    const asked = { 'X-Forwarded-Method': 'POST', 'X-CSRF-Token': token }
    expect((await verify(ada, '', { ...asked, Origin: origin })).status).toBe(200)
    const evil = { ...asked, Origin: 'https://evil.test' }
    expectRefused(await verify(ada, '', evil), 403, 'csrf_rejected')
    const bare = { 'X-Forwarded-Method': 'POST', Origin: origin }
    expectRefused(await verify(ada, '', bare), 403, 'csrf_rejected')
  })

  test('a socket that a page opens passes the origin gate: its method is GET, and CORS does not ask', async () => {
    const { ada } = await claimed({ allowedOrigins: ['https://docs.example.test'] })
    const key = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13' }
    const opens = async (headers: Record<string, string>) =>
      (await verify(ada, '', { ...get, ...key, Origin: null, 'Sec-Fetch-Site': null, ...headers }))
        .status
    // A page of a sibling is of the same site: the browser sends it the cookies, strict as they are.
    expect(await opens({ Origin: 'https://evil.example.test' })).toBe(403)
    expect(await opens({ Origin: 'null' })).toBe(403)
    const sibling = { Origin: 'https://docs.example.test', 'Sec-Fetch-Site': 'same-site' }
    expect(await opens({ 'Sec-Fetch-Site': 'same-site' })).toBe(403)
    expect(await opens(sibling)).toBe(200)
    expect(await opens({ Origin: origin, 'Sec-Fetch-Site': 'same-origin' })).toBe(200)
    // No browser.
    expect(await opens({})).toBe(200)
  })

  test('who is no trusted proxy says nothing about a method: it may be any', async () => {
    const open = await claimed()
    const other = visitor(open.gate, '203.0.113.66')
    for (const [name, value] of open.ada.jar) other.jar.set(name, value)
    for (const headers of [get, {}, { 'X-Forwarded-Method': 'POST' }]) {
      const got = await verify(other, '', headers)
      expectRefused(got, 403, 'csrf_rejected')
      expect(got.json.detail).toContain('trustProxy')
    }
  })
})

describe('nobody', () => {
  const page = { ...get, Accept: 'text/html', 'X-Forwarded-Host': 'app.example.test' }

  test.each([
    ['/reports?year=2026&a=b', '/reports?year=2026&a=b'],
    ['/', '/'],
    ['//evil.test/x', '/'],
    ['/\\evil.test', '/'],
    ['/x/../..//evil.test', '/'],
    ['https://evil.test/', '/'],
    [`/${'x'.repeat(3_000)}`, '/'],
  ])('on the way to %s is sent to sign in, and back to %s', async (uri, back) => {
    const { gate } = await claimed()
    const signIn = `${origin}/sign-in?return=${encodeURIComponent(back)}`
    const sent = { ...page, 'X-Forwarded-Uri': uri }
    const got = await verify(visitor(gate), '', sent)
    expectRefused(got, 401, 'not_authenticated')
    expect(got.headers.get('x-sallyport-sign-in')).toBe(signIn)
    const moved = await verify(visitor(gate), '?redirect=1', sent)
    expect([moved.status, moved.headers.get('location'), moved.text]).toEqual([302, signIn, ''])
  })

  test('is only sent there who was on the way to a page of this site', async () => {
    const { gate } = await claimed()
    const who = visitor(gate)
    const uri = { 'X-Forwarded-Uri': '/reports' }
    const post = { ...page, ...uri, 'X-Forwarded-Method': 'POST', Origin: origin }
    expectRefused(await verify(who, '?redirect=1', post), 401, 'not_authenticated')
    const fetched = { ...page, ...uri, 'Sec-Fetch-Mode': 'cors' }
    expectRefused(await verify(who, '?redirect=1', fetched), 401, 'not_authenticated')
    const elsewhere = { ...page, ...uri, 'X-Forwarded-Host': 'evil.test' }
    const moved = await verify(who, '?redirect=1', elsewhere)
    expect(moved.headers.get('location')).toBe(`${origin}/sign-in?return=%2F`)
  })

  test('a session that has to be renewed is told apart from none, and sent the same way', async () => {
    const { ada } = await claimed({ refresh: { enabled: true } })
    ada.jar.delete('__Host-session')
    const got = await verify(ada)
    expectRefused(got, 401, 'session_expired')
    expect(got.headers.get('x-sallyport-sign-in')).toBe(`${origin}/sign-in?return=%2F`)
  })
})

test('a restricted session is let through nowhere', async () => {
  const open = await claimed()
  await addPerson(open, 'eve', { mustChange: true })
  const eve = visitor(open.gate)
  await eve.logIn('eve')
  expectRefused(await verify(eve), 403, 'password_change_required')
})

test('a request keeps the session from idling out, unless it says that nobody made it', async () => {
  const { ada, pass, query } = await claimed()
  const idle = async () => (await query('select "idleUntil" from sessions'))[0]?.idleUntil
  const before = await idle()
  pass(5 * minute)
  expect((await verify(ada, '?passive=1')).status).toBe(200)
  expect(await idle()).toBe(before)
  expect((await verify(ada, '?passive=0')).status).toBe(200)
  expect(Number(await idle())).toBe(Number(before) + 5 * minute)
})
