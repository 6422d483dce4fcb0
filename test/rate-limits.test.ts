/**
 * Limits of requests, through the whole gate: each tier with its own people, in the order in which
 * refusals come, and off where it is set to 0.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { databases, noLimits, openTestGate, origin } from './gate/gate.ts'
import { expectResting } from './gate/guesses.ts'
import { addPerson } from './gate/people.ts'
import { expectRefused } from './gate/refusal.ts'
import { type Got, password, type Sending, type Visitor, visitor } from './gate/visitor.ts'

const second = 1_000
const minute = 60 * second

/** Sends the same `count` times. @returns How many were answered before the first 429. */
async function until429(
  who: Visitor,
  method: string,
  path: string,
  count: number,
  sending?: Sending,
) {
  const answers: Got[] = []
  for (let n = 0; n < count; n++) answers.push(await who.send(method, path, sending))
  const first = answers.findIndex(({ status }) => status === 429)
  for (const one of first === -1 ? [] : answers.slice(first))
    expect([one.status, one.json.code]).toEqual([429, 'rate_limited'])
  return { let: first === -1 ? count : first, last: answers.at(-1) as Got }
}

const limits = {
  ...noLimits,
  floor: 50,
  anonymous: 6,
  signedIn: 20,
  login: 5,
  setup: 4,
  changePassword: 3,
  refresh: 3,
}

describe('Each tier', () => {
  test('has its defaults where nothing is said', async () => {
    const { gate } = await openTestGate('sqlite', { limits: {} })
    const ada = visitor(gate)
    await ada.setUp()
    expect((await until429(visitor(gate), 'GET', '/auth/setup', 70)).let).toBe(60)
    const codes: string[] = []
    for (let n = 0; n < 32; n++)
      codes.push((await visitor(gate, '192.0.2.1').logIn(`name${n}`)).json.code)
    // The thirtieth wrong one fills the address, which is asked before its sign-ins are counted.
    expect(codes).toEqual([
      ...Array(29).fill('invalid_credentials'),
      ...Array(3).fill('rate_limited'),
    ])
  })

  test('anonymous: of one address, whatever it asks, until the minute is over', async () => {
    const open = await openTestGate('sqlite', { limits })
    const ada = visitor(open.gate)
    await ada.setUp()
    const stranger = visitor(open.gate)
    expect((await until429(stranger, 'GET', '/auth/setup', 4)).let).toBe(4)
    open.pass(20 * second)
    // A token that is none of ours is nobody's.
    stranger.jar.set('__Host-session', 'forged')
    const { let: more, last } = await until429(stranger, 'GET', '/auth/me', 4)
    expect(more).toBe(2)
    expectResting(last, 40, 'rate_limited')
    // Whoever is signed in, or comes from elsewhere, is not meant.
    expect((await ada.send('GET', '/auth/me')).status).toBe(200)
    expect((await ada.send('GET', '/auth/setup')).status).toBe(200)
    expect((await visitor(open.gate, '192.0.2.1').send('GET', '/auth/me')).status).toBe(401)
    open.pass(40 * second)
    expect((await stranger.send('GET', '/auth/me')).status).toBe(401)
    expect(await open.recorded()).toHaveLength(2)
  })

  test('signed in: of one person, over all their sessions and addresses (L5)', async () => {
    const open = await openTestGate('sqlite', { limits: { ...limits, floor: 0 } })
    const [one, two] = [visitor(open.gate), visitor(open.gate, '192.0.2.1')]
    await one.setUp()
    await two.logIn('ada')
    await addPerson(open, 'bob')
    const bob = visitor(open.gate)
    await bob.logIn('bob')
    expect((await until429(one, 'GET', '/auth/me', 12)).let).toBe(12)
    const { let: more, last } = await until429(two, 'POST', '/auth/sessions/revoke-others', 10, {
      headers: { 'X-CSRF-Token': 'wrong' },
    })
    // Refused before the token is looked at.
    expect([more, last.json.code]).toEqual([8, 'rate_limited'])
    expect((await bob.send('GET', '/auth/me')).status).toBe(200)
  })

  test('a session that is over uses up nobody’s share but its own', async () => {
    const open = await openTestGate('sqlite', { limits: { ...limits, floor: 0 } })
    const [ada, thief] = [visitor(open.gate), visitor(open.gate)]
    await ada.setUp()
    for (const [name, value] of ada.jar) thief.jar.set(name, value)
    await ada.logIn('ada')
    const { let: count, last } = await until429(thief, 'GET', '/auth/me', 25)
    expect([count, last.status]).toEqual([20, 429])
    expect((await ada.send('GET', '/auth/me')).status).toBe(200)
    // Neither is the address: its token was genuine once.
    expect((await visitor(open.gate).send('GET', '/auth/me')).status).toBe(401)
  })

  test('set-up: claims of one address', async () => {
    const { gate } = await openTestGate('sqlite', { limits })
    const stranger = visitor(gate)
    const wrong = { json: { setupToken: 'x' } }
    expect((await until429(stranger, 'POST', '/auth/setup', 6, wrong)).let).toBe(4)
    expectRefused(await stranger.setUp(), 429, 'rate_limited')
    expect((await visitor(gate, '192.0.2.1').setUp()).status).toBe(201)
  })

  test('changed passwords: of one address, and of nothing else that it asks', async () => {
    const open = await openTestGate('sqlite', { limits })
    const ada = visitor(open.gate)
    await ada.setUp()
    const unfit = { json: { currentPassword: password, newPassword: 'short' } }
    const { let: before, last } = await until429(ada, 'POST', '/auth/change-password', 5, unfit)
    expect(before).toBe(3)
    expectResting(last, 60, 'rate_limited')
    expect((await ada.send('POST', '/auth/step-up', { json: { password } })).status).toBe(200)
    expect((await visitor(open.gate).logIn('ada')).status).toBe(200)
    const elsewhere = visitor(open.gate, '192.0.2.1', { jar: ada.jar })
    expect((await elsewhere.send('POST', '/auth/change-password', unfit)).status).toBe(422)
    open.pass(minute)
    expect((await ada.send('POST', '/auth/change-password', unfit)).status).toBe(422)
  })

  test('refresh: of one session after its MAC was checked; foreign tokens of one address', async () => {
    const open = await openTestGate('sqlite', { limits, refresh: { enabled: true } })
    const [one, two] = [visitor(open.gate), visitor(open.gate)]
    await one.setUp()
    await two.logIn('ada')
    expect((await until429(one, 'POST', '/auth/refresh', 5)).let).toBe(3)
    expect(one.jar.has('__Host-refresh')).toBe(true)
    const forger = visitor(open.gate)
    forger.jar.set('__Host-refresh', `${two.jar.get('__Host-refresh')?.slice(0, -2)}AA`)
    expect((await until429(forger, 'POST', '/auth/refresh', 5)).let).toBeLessThanOrEqual(3)
    for (const cookie of ['__Host-refresh=x', null])
      expectRefused(
        await forger.send('POST', '/auth/refresh', { headers: { Cookie: cookie } }),
        429,
        'rate_limited',
      )
    expect((await two.send('POST', '/auth/refresh')).status).toBe(200)
    open.pass(minute)
    expect((await one.send('POST', '/auth/refresh')).status).toBe(200)
  })

  test('the floor: everything of one address, probes and pages too', async () => {
    const { gate, pass } = await openTestGate('sqlite', { limits: { ...noLimits, floor: 20 } })
    const stranger = visitor(gate)
    expect((await until429(stranger, 'GET', '/health/live', 10)).let).toBe(10)
    for (let n = 0; n < 4; n++)
      expectRefused(await stranger.send('GET', '/nowhere'), 404, 'not_found')
    const page = () => gate.limited(new Request(`${origin}/`), { address: '198.51.100.7' })
    for (let n = 0; n < 6; n++) expect(page()).toBeUndefined()
    const refused = page()
    expect([refused?.status, refused?.headers.get('retry-after')]).toEqual([429, '60'])
    expect(refused?.headers.get('content-security-policy')).toMatch(/default-src/)
    expectRefused(await stranger.send('GET', '/health/live'), 429, 'rate_limited')
    // A path that is not there is still told so, and one that is ours is not.
    expectRefused(await stranger.send('GET', '/nowhere'), 404, 'not_found')
    expect((await visitor(gate, '192.0.2.1').send('GET', '/health/live')).status).toBe(200)
    pass(minute)
    expect((await stranger.send('GET', '/health/live')).status).toBe(200)
  })

  test('set to 0 is none', async () => {
    const { gate } = await openTestGate()
    const stranger = visitor(gate)
    for (const path of ['/auth/setup', '/auth/me', '/health/ready'])
      expect((await until429(stranger, 'GET', path, 200)).let).toBe(200)
  })
})

test('Probes and pages count towards the floor alone', async () => {
  const { gate } = await openTestGate('sqlite', { limits: { ...noLimits, anonymous: 2 } })
  const probe = visitor(gate)
  expect((await until429(probe, 'GET', '/health/ready', 50)).let).toBe(50)
  expect((await until429(probe, 'GET', '/auth/setup', 3)).let).toBe(2)
})

test('The /64 of an IPv6 address is one; what cannot be known is one for all', async () => {
  const { gate } = await openTestGate('sqlite', { limits: { ...noLimits, anonymous: 4 } })
  for (let n = 0; n < 4; n++)
    expect((await visitor(gate, `2001:db8::${n + 1}`).send('GET', '/auth/me')).status).toBe(401)
  expect((await visitor(gate, '2001:db8:0:0:ffff::1').send('GET', '/auth/me')).status).toBe(429)
  expect((await visitor(gate, '2001:db8:0:1::1').send('GET', '/auth/me')).status).toBe(401)
  for (const nowhere of ['', 'x', 'unknown', '999.1.1.1'])
    expect((await visitor(gate, nowhere).send('GET', '/auth/me')).status).toBe(401)
  expect((await visitor(gate, 'y').send('GET', '/auth/me')).status).toBe(429)
})

test('Refusals come in their order: 421, 404, 405, 400, 403, then 429, then 401 and the rest', async () => {
  const { gate, recorded } = await openTestGate('sqlite', { limits: { ...noLimits, anonymous: 1 } })
  const stranger = visitor(gate)
  await stranger.send('GET', '/auth/me')
  await recorded()
  const twice = '__Host-session=a; __Host-session=b'
  const cases: [string, string, Sending, number][] = [
    ['GET', '/auth/me', { headers: { Host: 'evil.test' } }, 421],
    ['GET', '/nowhere', {}, 404],
    ['DELETE', '/auth/me', {}, 405],
    ['GET', '/auth/me', { headers: { Cookie: twice } }, 400],
    ['POST', '/auth/logout', { headers: { Origin: 'https://evil.test' } }, 403],
    ['GET', '/auth/me', {}, 429],
    [
      'POST',
      '/auth/sessions/revoke-others',
      { headers: { 'Content-Type': 'text/plain' }, body: 'x' },
      429,
    ],
    ['POST', '/auth/logout', { body: '{', headers: { 'Content-Type': 'application/json' } }, 429],
  ]
  for (const [method, path, sending, status] of cases)
    expect([path, (await stranger.send(method, path, sending)).status]).toEqual([path, status])
  expect((await recorded()).map(({ type }) => type)).toEqual([
    'credentials.refused',
    'csrf.rejected',
  ])
})

describe.each(databases)('Sign-ins of one address, on %s', (kind) => {
  test('are counted on all nodes together, with what remains; a trusted device is not', async () => {
    const open = await openTestGate(kind, { limits: { ...noLimits, login: 6 } })
    const other = await open.another()
    const ada = visitor(open.gate)
    await ada.setUp()
    await open.recorded()
    const codes: string[] = []
    for (let n = 0; n < 8; n++) {
      const gate = n % 2 === 0 ? open.gate : other
      codes.push((await visitor(gate).logIn(`name${n}`)).json.code)
      open.pass(second)
    }
    expect(codes).toEqual([...Array(6).fill('invalid_credentials'), 'rate_limited', 'rate_limited'])
    expectResting(await visitor(other).logIn('ada'), 52, 'rate_limited')
    // What is refused unseen writes nothing.
    expect(await open.recorded()).toHaveLength(6)
    expect((await ada.logIn('ada')).status).toBe(200)
    expect((await visitor(other, '192.0.2.1').logIn('ada')).status).toBe(200)
    open.pass(52 * second)
    expect((await visitor(other).logIn('ada')).status).toBe(200)
  })

  test('to a name at rest count as well, so that hammering ends there', async () => {
    const open = await openTestGate(kind, { limits: { ...noLimits, login: 15 } })
    await visitor(open.gate).setUp()
    await open.recorded()
    const codes: string[] = []
    for (let n = 0; n < 18; n++) codes.push((await visitor(open.gate).logIn('ada', 'x')).json.code)
    expect(codes).toEqual([
      ...Array(9).fill('invalid_credentials'),
      ...Array(6).fill('account_locked'),
      ...Array(3).fill('rate_limited'),
    ])
    expect(await open.recorded()).toHaveLength(15)
  })
})

test('Behind a trusted proxy each client is one of its own', async () => {
  const { gate } = await openTestGate('sqlite', {
    limits: { ...noLimits, anonymous: 2 },
    trustProxy: ['10.0.0.0/8'],
  })
  const proxy = visitor(gate, '10.0.0.1')
  const from = (client: string) => ({ headers: { 'X-Forwarded-For': client } })
  for (const client of ['203.0.113.1', '203.0.113.2'])
    expect((await until429(proxy, 'GET', '/auth/me', 3, from(client))).let).toBe(2)
  // What the client itself wrote stands further left and is not believed.
  const forged = from('198.18.0.1, 203.0.113.1')
  expect((await proxy.send('GET', '/auth/me', forged)).status).toBe(429)
})
