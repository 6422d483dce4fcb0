/**
 * Pages of other origins read what is not theirs: the CORS cases of `security.md`. Origins that were
 * listed may call with credentials (`decisions.md` 10); nobody else gets a single header.
 *
 * @module
 */
import { expect, test } from 'vitest'
import { openTestGate, origin } from '../gate/gate.ts'
import { expectRefused } from '../gate/refusal.ts'
import { visitor } from '../gate/visitor.ts'

const listed = 'https://shop.example.test'
const allowing = { allowedOrigins: [listed] }
const paths = [
  '/auth/setup',
  '/auth/login',
  '/auth/logout',
  '/auth/me',
  '/auth/csrf',
  '/auth/sessions',
]
const crossOrigin = (headers: Headers) =>
  [...headers.keys()].filter((name) => name.startsWith('access-control-'))
const asking = (method: string, headers = 'content-type') => ({
  'Access-Control-Request-Method': method,
  'Access-Control-Request-Headers': headers,
  'Sec-Fetch-Mode': 'cors',
})

test.each([{}, allowing])(
  'CORS-01, CORS-02, CORS-03: an origin that is not listed gets no header, given %o',
  async (options) => {
    const { gate } = await openTestGate('sqlite', options)
    const ada = visitor(gate)
    await ada.setUp()
    for (const from of [
      'https://evil.test',
      'null',
      '*',
      '',
      'https://shop.example.test.evil.test',
      'https://evil-shop.example.test',
      'https://shopXexample.test',
      'http://shop.example.test',
      'https://shop.example.test:8443',
      'https://sub.shop.example.test',
      'https://SHOP.example.test',
      `${listed}, https://evil.test`,
      `${listed}/`,
    ]) {
      for (const path of paths) {
        const safe = await ada.send('GET', path, { headers: { Origin: from } })
        const unsafe = await ada.send('POST', path, { headers: { Origin: from } })
        const preflight = await ada.send('OPTIONS', path, {
          headers: { Origin: from, ...asking('POST') },
        })
        for (const { headers } of [safe, unsafe, preflight]) {
          expect([from, path, crossOrigin(headers)]).toEqual([from, path, []])
          expect(headers.get('vary')).toContain('Origin')
        }
        expectRefused(preflight, 405, 'method_not_allowed')
      }
    }
  },
)

test('CORS-03: our own origin needs no header, and a listed one is named, never a star', async () => {
  const { gate } = await openTestGate('sqlite', allowing)
  const ada = visitor(gate)
  await ada.setUp()
  const own = await ada.send('GET', '/auth/me', { headers: { Origin: origin } })
  expect([own.status, crossOrigin(own.headers)]).toEqual([200, []])
  for (const [path, status] of [
    ['/auth/me', 200],
    ['/nowhere', 404],
    ['/auth/login', 405],
  ] as const) {
    const headers = { Origin: listed, 'Sec-Fetch-Site': 'same-site' }
    const got = await ada.send('GET', path, { headers })
    expect(got.status).toBe(status)
    expect(Object.fromEntries(got.headers)).toMatchObject({
      'access-control-allow-origin': listed,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'X-Request-Id, Retry-After',
    })
    expect(got.headers.get('vary')).toContain('Origin')
  }
})

test('CORS-04: a preflight is answered from fixed lists, whatever it asks for', async () => {
  const { gate } = await openTestGate('sqlite', allowing)
  const told = new Set<string>()
  for (const [method, headers] of [
    ['POST', 'content-type'],
    ['PUT', 'x-evil, authorization'],
    ['QUERY', 'cookie'],
    ['TRACE', ''],
    ['POST\u00e9', 'x'.repeat(8_192)],
  ] as const) {
    const got = await visitor(gate).send('OPTIONS', '/auth/login', {
      headers: { Origin: listed, 'Sec-Fetch-Site': 'same-site', ...asking(method, headers) },
    })
    expect([got.status, got.text, got.set]).toEqual([204, '', []])
    told.add(JSON.stringify(crossOrigin(got.headers).map((name) => [name, got.headers.get(name)])))
    expect(Number(got.headers.get('access-control-max-age'))).toBeLessThanOrEqual(600)
    const allowed = got.headers.get('access-control-allow-headers')?.toLowerCase()
    expect(allowed).not.toMatch(/authorization|cookie|\*/)
  }
  expect(told.size).toBe(1)
  const nowhere = await visitor(gate).send('OPTIONS', '/nowhere', {
    headers: { Origin: listed, ...asking('POST') },
  })
  expectRefused(nowhere, 404, 'not_found')
})

test('CORS-05: a listed origin may call with credentials, through the same gates as our own (R4.9)', async () => {
  const { gate } = await openTestGate('sqlite', allowing)
  const ada = visitor(gate)
  await ada.setUp()
  const headers = { Origin: listed, 'Sec-Fetch-Site': 'same-site' }
  const token = await ada.send('GET', '/auth/csrf', { headers })
  expect([token.status, token.json]).toEqual([200, { token: ada.jar.get('__Host-csrf') }])
  const deed = '/auth/sessions/revoke-others'
  expect((await ada.send('POST', deed, { headers })).status).toBe(200)
  const without = { ...headers, 'X-CSRF-Token': null }
  expectRefused(await ada.send('POST', deed, { headers: without }), 403, 'csrf_rejected')
  // What a browser calls another site is one, whatever the list says.
  const foreign = { ...headers, 'Sec-Fetch-Site': 'cross-site' }
  expectRefused(await ada.send('POST', deed, { headers: foreign }), 403, 'csrf_rejected')
  expectRefused(await ada.send('GET', '/auth/csrf', { headers: foreign }), 403, 'csrf_rejected')
  const unnamed = { 'Sec-Fetch-Site': 'same-site', Origin: null }
  expectRefused(await ada.send('POST', deed, { headers: unnamed }), 403, 'csrf_rejected')
})

test('CORS-05: an origin of another site, or one that is none, cannot even be listed', async () => {
  for (const one of [
    'https://evil.test',
    'http://shop.example.test',
    'https://shop.example.test/',
    'null',
    '*',
    '',
  ])
    await expect(openTestGate('sqlite', { allowedOrigins: [one] })).rejects.toThrow(
      /allowedOrigins/,
    )
})

test('CORS-02: a star in a listed origin is a star, and nothing starts with it', async () => {
  await expect(
    openTestGate('sqlite', { allowedOrigins: ['https://*.example.test'] }),
  ).rejects.toThrow('allowedOrigins: "https://*.example.test" is not an origin')
})
