/**
 * The description of the routes is one: valid by an independent validator, complete, and the same as what is
 * served. That answers are as it says is held by every visitor of every test (`gate/described.ts`).
 *
 * @module
 */
import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { routes } from '../src/http/routes.ts'
import { described, misdescribed } from './gate/described.ts'
import { openTestGate } from './gate/gate.ts'
import { visitor } from './gate/visitor.ts'
import { browser } from './server/browser.ts'
import { serve, unlimited } from './server/process.ts'

test('it is valid OpenAPI 3.1, tells of every route, and is the same as served', async () => {
  const { gate } = await openTestGate()
  const got = await visitor(gate).send('GET', '/openapi.json')
  expect([got.status, got.headers.get('content-type')]).toEqual([200, 'application/json'])
  expect(got.json).toEqual(
    JSON.parse(
      JSON.stringify({
        ...described,
        components: {
          ...described.components,
          securitySchemes: (got.json.components as typeof described.components).securitySchemes,
        },
      }),
    ),
  )
  const checked = await new Validator().validate(structuredClone(got.json))
  expect([checked.valid, checked.errors]).toEqual([true, undefined])
  expect(got.json.openapi).toMatch(/^3\.1\./)

  const told = Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(told.toSorted()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).toSorted())
  const ids = Object.values(described.paths).flatMap((methods) =>
    Object.values(methods).map((one) => (one as { operationId: string }).operationId),
  )
  expect(new Set(ids).size).toBe(ids.length)
})

test('it names the cookies and the paths of this gate', async () => {
  const { gate } = await openTestGate('sqlite', {
    basePath: '/auth/v2',
    cookies: { names: { session: 'sid', refresh: 'rid', csrf: 'cid', device: 'did' } },
  })
  const { json } = await visitor(gate, '', { base: '/auth/v2' }).send('GET', '/openapi.json')
  expect(json).toMatchObject({
    servers: [{ url: 'https://app.example.test/auth/v2' }],
    components: { securitySchemes: { session: { name: '__Host-sid' } } },
  })
})

test('the standalone server answers as it is described, on every route', async () => {
  const server = await serve({ env: { ...unlimited, SALLYPORT_TRUST_PROXY: '127.0.0.1' } })
  const [ada, nobody] = [browser(server), browser(server)]
  expect((await ada.setUp(server.setupToken)).status).toBe(201)
  const id = (await ada.send('GET', '/auth/me')).json.user.id
  const fits = async (who: typeof ada, method: string, path: string, sending = {}) => {
    const { status, headers, text } = await who.send(method, path, sending)
    const type = headers['content-type'] ?? null
    const wrong = misdescribed({ method, path, status, type, text })
    expect([method, path, status, wrong]).toEqual([method, path, status, undefined])
    return status
  }
  for (const { method, path } of routes) {
    const at = path.replace('{id}', id)
    const unsafe = method !== 'GET'
    // A stream has no end, and a type of its own.
    if (path === '/events') continue
    // As a page of its own asks, and a proxy for one.
    const asked = { 'Sec-Fetch-Site': 'same-origin', 'X-Forwarded-Method': 'GET' }
    // In a type that nothing takes, so that nobody is signed out.
    const typed = { 'Content-Type': 'text/plain' }
    const sending = unsafe ? { body: '{}', headers: { ...asked, ...typed } } : { headers: asked }
    expect(await fits(ada, method, at, sending)).toBe(unsafe ? 415 : 200)
    const answered = await fits(nobody, method, at, sending)
    expect([200, 401, 415]).toContain(answered)
  }
  expect(await fits(ada, 'POST', '/auth/login', { json: { username: 'ada' } })).toBe(422)
  const password = 'x'.repeat(20)
  expect(await fits(nobody, 'POST', '/auth/login', { json: { username: 'ada', password } })).toBe(
    401,
  )
})

const sent = { method: 'GET', path: '/auth/csrf', status: 200, type: 'application/json' }

test.each([
  ['a field too many', { ...sent, text: '{"token":"a","sid":"b"}' }, 'additional properties'],
  ['a field that lacks', { ...sent, text: '{}' }, 'required property'],
  ['a status that is not described', { ...sent, status: 201, text: '{}' }, '201'],
  ['another type', { ...sent, type: 'text/html', text: '<p>' }, 'text/html'],
  ['a body where there is none', { ...sent, path: '/auth/verify', text: '{}' }, 'a body'],
  [
    'half a problem',
    { ...sent, status: 401, type: 'application/problem+json', text: '{"code":"x"}' },
    'required property',
  ],
])('caught: %s', (_, answer, complaint) => {
  expect(misdescribed(answer)).toContain(complaint)
})
