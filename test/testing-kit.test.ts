/**
 * The test kit of hosts, used as a host would: the real gate in memory, people, a clock, the audit.
 *
 * @module
 */
import { expect, onTestFinished, test } from 'vitest'
import { createTestSallyport, type TestOptions } from '../src/testing/testing.ts'

async function kit(options?: TestOptions) {
  const opened = await createTestSallyport(options)
  onTestFinished(opened.close)
  return opened
}

const users = {
  ada: 'owner',
  grace: { role: 'admin', displayName: 'Grace Hopper' },
  bob: { role: 'member', scopes: [{ role: 'admin', scope: 'department:sales' }] },
  eve: { role: 'viewer', mustChangePassword: true },
  mallory: { role: 'member', disabled: true },
} as const satisfies TestOptions['users']

/** A host with one page for members that counts. */
function counting(): NonNullable<TestOptions['app']> {
  let count = 0
  return async (request, gate) => {
    const caller = await gate.callerOf(request)
    if (!caller.ok) return caller.response
    if (request.method === 'POST') count++
    return Response.json({ who: caller.user.username, count })
  }
}

test('a host tries its own routes as whoever it likes', async () => {
  const { as, browser } = await kit({ users, app: counting() })
  expect((await browser().fetch('/count')).status).toBe(401)
  const bob = await as('bob')
  expect(await (await bob.fetch('/count', { method: 'POST' })).json()).toEqual({
    who: 'bob',
    count: 1,
  })
  const forged = await bob.fetch('/count', {
    method: 'POST',
    headers: { Origin: 'https://evil.test', 'Sec-Fetch-Site': 'cross-site' },
  })
  expect([forged.status, (await forged.json()).code]).toEqual([403, 'csrf_rejected'])
  const other = await as('bob')
  expect(other.cookies).not.toEqual(bob.cookies)
})

test('everybody is as they were asked for, and none of the making is left to be seen', async () => {
  const { users: made, as, recorded } = await kit({ users })
  expect(await recorded()).toEqual([])
  expect([...made.keys()].sort()).toEqual(['ada', 'bob', 'eve', 'grace', 'mallory'])
  expect(made.get('grace')).toMatchObject({ role: 'admin', displayName: 'Grace Hopper' })
  expect(made.get('bob')).toMatchObject({
    role: 'member',
    mustChangePassword: false,
    scopes: [{ role: 'admin', scope: 'department:sales' }],
  })
  await expect(as('mallory')).rejects.toThrow('invalid_credentials')
  const eve = await as('eve')
  const refused = await eve.fetch('/api/v1/auth/sessions')
  expect((await refused.json()).code).toBe('password_change_required')
  const sessions = await (await (await as('ada')).fetch('/api/v1/auth/sessions')).json()
  expect(sessions.items).toHaveLength(1)
})

test('without people there is an owner', async () => {
  const { as } = await kit()
  const signed = await (await (await as('owner')).fetch('/api/v1/auth/me')).json()
  expect(signed.user.role).toBe('owner')
})

test('the clock moves when it is told to, and sessions with it', async () => {
  const { as, advance, now } = await kit({ users, now: Date.UTC(2026, 5, 1) })
  const bob = await as('bob')
  advance('4m')
  expect(now()).toBe(Date.UTC(2026, 5, 1, 0, 4))
  expect((await bob.fetch('/api/v1/auth/me')).status).toBe(200)
  advance('2m')
  const late = await bob.fetch('/api/v1/auth/me')
  expect([late.status, (await late.json()).code]).toEqual([401, 'session_expired'])
  const client = bob.client()
  onTestFinished(client.close)
  await client.check()
  expect(client.session.get().status).toBe('authenticated')
  advance('90d')
  await client.check()
  expect(client.session.get().status).toBe('unauthenticated')
  expect(() => advance('soon')).toThrow('not a length of time')
  expect(() => advance(-1)).toThrow('not a length of time')
})

test('what is recorded is held against what is expected, all of it', async () => {
  const { as, expectAudit, users: made } = await kit({ users })
  const [ada, bob] = [await as('ada'), await as('bob')]
  await expectAudit([])
  await bob.fetch('/api/v1/users')
  const path = `/api/v1/users/${made.get('bob')?.id}`
  const headers = { 'Content-Type': 'application/json' }
  await ada.fetch(path, { method: 'PATCH', headers, body: '{"displayName":"Bob"}' })
  await expectAudit(['access.refused', { type: 'user.updated', by: 'ada', about: 'bob' }])
  await expectAudit([])

  await bob.fetch('/api/v1/users')
  await expect(expectAudit([])).rejects.toThrow('access.refused')
  await bob.fetch('/api/v1/users')
  await expect(expectAudit([{ type: 'access.refused', by: 'ada' }])).rejects.toThrow('bob')
  await bob.fetch('/api/v1/users')
  await expect(expectAudit(['access.refused', 'user.deleted'])).rejects.toThrow('user.deleted')
})

test('two at once are strangers', async () => {
  const [one, two] = await Promise.all([kit({ users }), kit({ users })])
  const bob = await one.as('bob')
  const cookie = [...bob.cookies].map((pair) => pair.join('=')).join('; ')
  const foreign = await two.browser().fetch('/api/v1/auth/me', { headers: { cookie } })
  expect(foreign.status).toBe(401)
})
