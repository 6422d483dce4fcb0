/**
 * What every answer carries, and which requests are ours to answer: the HDR cases of `security.md`.
 *
 * @module
 */
import { expect, test } from 'vitest'
import type { Sallyport } from '../../src/index.ts'
import { openTestGate, origin, setupToken } from '../gate/gate.ts'
import { expectRefused, unharmed } from '../gate/refusal.ts'
import { password, visitor } from '../gate/visitor.ts'

const always: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  vary: 'Origin, Sec-Fetch-Site, Cookie',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** What some answers carry besides. */
const sometimes = new Set([
  'permissions-policy',
  'x-request-id',
  'content-type',
  'set-cookie',
  'allow',
  'retry-after',
  'www-authenticate',
  'clear-site-data',
  'location',
])

/** Sends a request as no browser would let itself be made to. */
const ask = (gate: Sallyport, url: string, headers: Record<string, string> = {}, method = 'GET') =>
  gate.handle(new Request(url, { method, headers }), { address: '192.0.2.1', port: 3000 })

test('HDR-01, HDR-03, HDR-05, HDR-07: one set of headers with every status, and none that tells of us', async () => {
  const open = await openTestGate('sqlite', {
    onFault: () => {},
    hashing: { workers: 1, queue: 1 },
  })
  const { gate, query } = open
  const ada = visitor(gate)
  const type = { 'Content-Type': 'application/json' }
  const crowd = () =>
    Promise.all(Array.from({ length: 8 }, (_, n) => visitor(gate, `192.0.2.${n}`).logIn('x')))
  const got = [
    await ada.send('POST', '/auth/setup', { json: { setupToken, username: '' } }),
    await ada.setUp(),
    await ada.setUp(),
    await ada.send('GET', '/auth/me'),
    await ada.send('HEAD', '/auth/me'),
    await ada.send('GET', '/auth/me?format=html', { headers: { Accept: 'text/html' } }),
    await ada.send('GET', '/auth/csrf', { headers: { Origin: origin } }),
    await ada.send('POST', '/auth/sessions/revoke-others', { headers: { Origin: 'null' } }),
    await ada.send('POST', '/auth/login', { body: '{', headers: type }),
    await ada.send('POST', '/auth/login', { body: 'x'.repeat(65_537), headers: type }),
    await ada.send('POST', '/auth/login', { body: '{}' }),
    await ada.send('GET', '/nowhere'),
    await ada.send('PUT', '/auth/me'),
    await ada.send('GET', '/health/live'),
    await visitor(gate).send('GET', '/auth/me'),
    await visitor(gate).logIn('nobody'),
    ...(await crowd()),
    await ada.send('POST', '/auth/logout'),
  ]
  await ada.logIn('ada')
  await query('alter table users rename to nowhere')
  got.push(await ada.send('GET', '/auth/me'))
  const astray = await ask(gate, 'https://evil.test/api/v1/auth/me')
  const statuses = new Set([...got.map(({ status }) => status), astray.status])
  expect([...statuses].sort()).toEqual([
    200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 415, 421, 422, 500, 503,
  ])
  for (const { status, headers } of [...got, astray]) {
    const carried = Object.fromEntries(headers)
    expect(carried, String(status)).toMatchObject(always)
    for (const name of Object.keys(carried))
      expect([name, name in always || sometimes.has(name)]).toEqual([name, true])
    expect(headers.get('permissions-policy')).toMatch(/^accelerometer=\(\), .*\bcamera=\(\)/)
    const problem = status >= 400 ? 'application/problem+json' : 'application/json'
    expect([status, headers.get('content-type')]).toEqual([status, status === 204 ? null : problem])
  }
})

test('HDR-02, HDR-06, HDR-12: the dashboard’s policies allow nothing inline, foreign or framed', async () => {
  const { gate } = await openTestGate()
  const { page, asset } = gate.headers
  for (const set of [page, asset]) {
    const policy = new Map(
      (set['Content-Security-Policy'] ?? '').split('; ').map((directive) => {
        const [name = '', ...sources] = directive.split(' ')
        return [name, sources.join(' ')]
      }),
    )
    for (const name of ['default-src', 'base-uri', 'object-src', 'frame-ancestors'])
      expect([name, policy.get(name)]).toEqual([name, "'none'"])
    expect(policy.get('require-trusted-types-for')).toBe("'script'")
    for (const [name, sources] of policy)
      expect([name, sources]).toEqual([
        name,
        expect.stringMatching(/^'(?:self|none|script)'( data:)?$/),
      ])
    expect(policy.get('script-src')).toBe("'self'")
    expect(set['X-Frame-Options']).toBe('DENY')
    expect(Object.keys(set)).not.toContain('Set-Cookie')
  }
  expect(page['Cache-Control']).toBe('no-store')
  expect(asset['Cache-Control']).toBe('public, max-age=31536000, immutable')
})

test('HDR-08: signing out clears cookies by name, and asks for no more than cache and storage', async () => {
  const { gate } = await openTestGate()
  const ada = visitor(gate)
  await ada.setUp()
  const out = await ada.send('POST', '/auth/logout')
  expect(out.headers.get('clear-site-data')).toBe('"cache", "storage"')
  expect(out.set.map((cookie) => cookie.split('=')[0])).toEqual([
    '__Host-session',
    '__Host-refresh',
    '__Host-csrf',
  ])
})

test('HDR-09: only our own host is answered, whoever is said to be meant', async () => {
  const open = await openTestGate('sqlite', { allowedHosts: ['inner.test:8080'] })
  const { gate } = open
  await visitor(gate).setUp()
  const path = '/api/v1/auth/setup'
  const foreign = [
    ['https://evil.test'],
    ['https://app.example.test.evil.test'],
    ['https://app.example.test:8443'],
    ['https://app.example.test.'],
    ['https://example.test'],
    ['https://inner.test'],
    ['http://localhost:3000'],
    ['http://127.0.0.1:3000'],
    [origin, 'evil.test'],
    [origin, 'app.example.test, evil.test'],
    [origin, 'app.example.test@evil.test'],
    [origin, 'app.example.test:80'],
    [origin, 'app.example.test:'],
    [origin, 'app.example.test/'],
    [origin, 'evil.test#app.example.test'],
    [origin, ''],
    ['https://evil.test', 'app.example.test'],
  ]
  await unharmed(open, async () => {
    for (const [base = '', host] of foreign) {
      for (const more of [
        {},
        { 'Sec-Fetch-Mode': 'navigate' },
        { 'X-Forwarded-Host': 'app.example.test' },
      ]) {
        const headers = { ...(host !== undefined && { Host: host }), ...more }
        const got = await ask(gate, `${base}${path}`, headers as Record<string, string>)
        expect([base, host, got.status]).toEqual([base, host, 421])
        expect(got.headers.has('location')).toBe(false)
        expect(await got.json()).toMatchObject({ code: 'misdirected_request' })
      }
    }
  })
  for (const [base, host] of [
    [origin, 'app.example.test'],
    [origin, 'APP.example.test'],
    ['http://inner.test:8080', 'inner.test:8080'],
    [origin, 'inner.test:8080'],
  ] as const) {
    const headers = { Host: host, 'X-Forwarded-Host': 'evil.test', Forwarded: 'host=evil.test' }
    expect((await ask(gate, `${base}${path}`, headers)).status).toBe(200)
  }
  // Probes know only an address.
  for (const probe of ['live', 'ready'])
    expect((await ask(gate, `http://10.0.0.7:3000/api/v1/health/${probe}`)).status).toBe(200)
  expect((await ask(gate, 'http://10.0.0.7:3000/api/v1/health/other')).status).toBe(421)
})

test('HDR-09: on loopback another spelling of this machine is sent to the right one, and no further', async () => {
  const publicOrigin = 'http://localhost:3000'
  const { gate } = await openTestGate('sqlite', { publicOrigin })
  const go = { 'Sec-Fetch-Mode': 'navigate' }
  for (const host of ['127.0.0.1:3000', '[::1]:3000', '127.8.9.1:3000']) {
    const there = `http://${host}/api/v1/auth/setup?a=//evil.test`
    const sent = await ask(gate, there, go)
    expect([sent.status, sent.headers.get('location')]).toEqual([
      307,
      `${publicOrigin}/api/v1/auth/setup?a=//evil.test`,
    ])
    expect(sent.headers.get('set-cookie')).toBeNull()
    expect((await ask(gate, there, { Accept: 'text/html' })).status).toBe(307)
    expect((await ask(gate, there)).status).toBe(200)
    expect((await ask(gate, there, { ...go, Origin: publicOrigin }, 'POST')).status).toBe(415)
  }
  const double = await ask(gate, 'http://127.0.0.1:3000//evil.test/%5Cevil.test', go)
  expect(double.headers.get('location')).toBe(`${publicOrigin}//evil.test/%5Cevil.test`)
  for (const host of [
    'localhost:3001',
    '127.0.0.1',
    'localhost.evil.test:3000',
    '192.168.0.1:3000',
    '0.0.0.0:3000',
  ])
    expect([host, (await ask(gate, `http://${host}/api/v1/auth/setup`, go)).status]).toEqual([
      host,
      421,
    ])
})

test('HDR-10: what a client writes about its own address is kept nowhere', async () => {
  const open = await openTestGate('sqlite', { trustProxy: ['10.0.0.0/8'] })
  const { gate, recorded } = open
  const lies = {
    'X-Forwarded-For': '203.0.113.9, 203.0.113.8',
    'X-Real-IP': '203.0.113.9',
    Forwarded: 'for=203.0.113.9',
    'CF-Connecting-IP': '203.0.113.9',
    'True-Client-IP': '203.0.113.9',
    'X-Client-IP': '203.0.113.9',
  }
  const addressOf = async (peer: string, headers: Record<string, string>) => {
    const json = { username: 'ada', password }
    await visitor(gate, peer).send('POST', '/auth/login', { json, headers })
    return [...new Set((await recorded()).map(({ address }) => address))]
  }
  const claimed = await visitor(gate, '198.51.100.9').send('POST', '/auth/setup', {
    json: { setupToken, username: 'ada', password },
    headers: lies,
  })
  expect(claimed.json.session.address).toBe('198.51.100.9')
  expect(new Set((await recorded()).map(({ address }) => address))).toEqual(
    new Set(['198.51.100.9']),
  )
  expect(await addressOf('198.51.100.9', lies)).toEqual(['198.51.100.9'])
  // Through a proxy of ours the last hop that is none of ours counts.
  expect(await addressOf('10.0.0.1', lies)).toEqual(['203.0.113.8'])
  const through = { ...lies, 'X-Forwarded-For': '203.0.113.9, 198.51.100.3, 10.1.1.1' }
  expect(await addressOf('::ffff:10.0.0.1', through)).toEqual(['198.51.100.3'])
  for (const bent of ['203.0.113.9, nonsense', '', ',', '198.51.100.3%eth0'])
    expect([bent, await addressOf('10.0.0.1', { 'X-Forwarded-For': bent })]).toEqual([
      bent,
      ['10.0.0.1'],
    ])
})

test('HDR-13: no answer sends a browser anywhere but to the public origin', async () => {
  const { gate } = await openTestGate()
  const ada = visitor(gate)
  await ada.setUp()
  for (const path of [
    '/auth/me?return=//evil.test',
    '/auth/me?next=https://evil.test',
    '//evil.test',
  ])
    for (const headers of [{ Accept: 'text/html' }, { Referer: 'https://evil.test/?token=x' }])
      expect((await ada.send('GET', path, { headers })).headers.get('location')).toBeNull()
  expectRefused(await ada.send('GET', '/redirect?to=//evil.test'), 404, 'not_found')
})
