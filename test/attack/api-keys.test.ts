/**
 * API keys in the wrong hands, places and forms: the KEY cases of `security.md`. That a revoked key is
 * refused on every node at once, however it races (KEY-09), is in `api-keys-nodes.test.ts`.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { routes } from '../../src/http/routes.ts'
import { builtIn, permissionsOf } from '../../src/rules/access.ts'
import { keyText } from '../../src/rules/api-key.ts'
import { databases, openTestGate, origin } from '../gate/gate.ts'
import { issue, program } from '../gate/keys.ts'
import { addPerson } from '../gate/people.ts'
import { expectRefused, unharmed } from '../gate/refusal.ts'
import { dial, listening, ticketOf } from '../gate/sockets.ts'
import { visitor } from '../gate/visitor.ts'

const [second, day] = [1_000, 86_400_000]

async function claimed(kind: (typeof databases)[number] = 'sqlite') {
  const open = await openTestGate(kind)
  const ada = visitor(open.gate)
  const { user } = (await ada.setUp()).json
  await open.recorded()
  return { ...open, ada, adaId: user.id }
}

describe.each(databases)('on %s', (kind) => {
  test('KEY-01: revoked, expired to the second, never made: 401 on both nodes at once', async () => {
    const open = await claimed(kind)
    const { gate, another, ada, pass } = open
    const other = await another()
    const statuses = (secret: string) =>
      Promise.all(
        [gate, other].map(async (node) => (await program(node, secret)('GET', '/users')).status),
      )
    const expiresAt = new Date(open.now() + 10 * second).toISOString()
    const brief = await issue(open, ada, { expiresAt })
    const ended = await issue(open, ada)
    expect(await statuses(ended.secret)).toEqual([200, 200])
    await ada.send('DELETE', `/auth/api-keys/${ended.key.id}`)
    expect(await statuses(ended.secret)).toEqual([401, 401])

    pass(10 * second - 1)
    expect(await statuses(brief.secret)).toEqual([200, 200])
    pass(1)
    expect(await statuses(brief.secret)).toEqual([401, 401])
    const neverMade = keyText('x'.repeat(22), Buffer.alloc(32, 1))
    expect(await statuses(neverMade)).toEqual([401, 401])
    const reasons = (await open.recorded()).filter(({ type }) => type === 'key.refused')
    expect(reasons.map(({ reason }) => reason).sort()).toEqual([
      ...Array(2).fill('expired'),
      ...Array(4).fill('unknown'),
    ])
  })
})

test('KEY-02: each scope opens its own routes and no other', async () => {
  const open = await claimed()
  const { gate, ada } = open
  const opened = routes.flatMap(({ method, path, guard: { keys, permission } }) =>
    keys && permission ? [{ method, path: path.replace('{id}', open.adaId), permission }] : [],
  )
  expect(opened.length).toBeGreaterThan(9)
  for (const scope of permissionsOf(builtIn, { role: 'owner' })) {
    const use = program(gate, (await issue(open, ada, { scopes: [scope] })).secret)
    for (const { method, path, permission } of opened) {
      const got = await use(method, path)
      if (permission === scope)
        expect([path, got.status]).toEqual([path, method === 'GET' ? 200 : 204])
      else expectRefused(got, 403, 'forbidden', `${scope} at ${path}`)
    }
  }
})

test('KEY-03: a key anywhere but in Authorization is nobody', async () => {
  const open = await claimed()
  const { gate, ada } = open
  const { secret } = await issue(open, ada)
  const stranger = visitor(gate)
  const sent: [string, Record<string, string>][] = [
    ['/users', { 'X-Api-Key': secret }],
    ['/users', { 'Proxy-Authorization': `Bearer ${secret}` }],
    ['/users', { Cookie: `__Host-key=${secret}; key=${secret}` }],
    [`/users?api_key=${secret}&access_token=${secret}`, {}],
  ]
  for (const [path, headers] of sent)
    expectRefused(await stranger.send('GET', path, { headers }), 401, 'not_authenticated', path)
  for (const name of ['__Host-session', '__Host-refresh'])
    expectRefused(
      await stranger.send('GET', '/users', { headers: { Cookie: `${name}=${secret}` } }),
      401,
      'not_authenticated',
    )
  const body = { json: { key: secret } }
  expectRefused(await stranger.send('POST', '/users', body), 401, 'not_authenticated')
})

test('KEY-04: a key does nothing to sessions, passwords, keys or people, nor asks for tickets', async () => {
  const open = await claimed()
  const { gate, ada, adaId } = open
  const scopes = ['users:read', 'users:write', 'sessions:read', 'sessions:revoke', 'audit:read']
  const { key, secret } = await issue(open, ada, { scopes })
  const use = program(gate, secret)
  await use('GET', '/users')
  const expiresAt = new Date(open.now() + day).toISOString()
  const deeds: [string, string, object?][] = [
    ['GET', '/auth/me'],
    ['GET', '/auth/sessions'],
    ['GET', '/auth/sessions?scope=all'],
    ['DELETE', `/auth/sessions/${'x'.repeat(22)}`],
    ['POST', '/auth/sessions/revoke-others'],
    ['POST', '/auth/change-password', { currentPassword: 'x', newPassword: 'y' }],
    ['POST', '/auth/step-up', { password: 'x' }],
    ['GET', '/auth/devices'],
    ['GET', '/auth/activity'],
    ['GET', '/auth/api-keys'],
    ['POST', '/auth/api-keys', { name: 'stronger', scopes, expiresAt }],
    ['POST', `/auth/api-keys/${key.id}/rotate`],
    ['DELETE', `/auth/api-keys/${key.id}`],
    ['POST', '/users', { username: 'mallory', role: 'owner' }],
    ['PATCH', `/users/${adaId}`, { role: 'viewer' }],
    ['DELETE', `/users/${adaId}`],
    ['POST', `/users/${adaId}/reset-password`],
    ['POST', `/users/${adaId}/revoke-sessions`],
  ]
  const said = await unharmed(open, async () => {
    for (const [method, path, json] of deeds) {
      const got = await use(method, path, json ? { json } : {})
      expectRefused(got, 403, 'forbidden', `${method} ${path}`)
      expect(got.set).toEqual([])
    }
  })
  expect(said.map(({ type }) => type)).toEqual(deeds.map(() => 'access.refused'))
  expect(said[0]).toMatchObject({ actor: `user:${adaId}`, details: `{"key":"${key.id}"}` })
  // Neither is set-up, which is over, nor any cookie to be had with it.
  const json = { setupToken: secret, username: 'eve', password: 'correct horse battery staple' }
  expectRefused(await use('POST', '/auth/setup', { json }), 409, 'already_set_up')
  const refreshed = await use('POST', '/auth/refresh')
  expect([refreshed.status, refreshed.json.code]).toEqual([401, 'refresh_token_invalid'])
  expectRefused(await use('GET', '/auth/csrf'), 401, 'not_authenticated')
})

test('KEY-06: only the exact key', async () => {
  const open = await claimed()
  const { gate, ada } = open
  const one = (await issue(open, ada)).secret
  const two = (await issue(open, ada)).secret
  const [idOne, idTwo] = [one.slice(3, 25), two.slice(3, 25)]
  const swapped = keyText(idOne, Buffer.from(two.slice(26, 69), 'base64url'))
  const bent = [
    one.slice(0, -1),
    one.slice(1),
    one.slice(0, 40),
    `${one}A`,
    `${one}=`,
    `${one.slice(0, 30)}\t${one.slice(30)}`,
    `${one} x`,
    one.toUpperCase(),
    one.toLowerCase(),
    one.replace('sp_', 'SP_'),
    `${one.slice(0, 68)}${one[68] === 'A' ? 'B' : 'A'}${one.slice(69)}`,
    swapped,
    `sp_${idTwo}${one.slice(25)}`,
    keyText(idOne, Buffer.alloc(32, 9)),
    keyText('x'.repeat(22), Buffer.alloc(32, 9)),
    `${'A'.repeat(10_000)}`,
    '%00',
    '',
  ]
  for (const text of bent) {
    const got = await program(gate, text)('GET', '/users')
    expectRefused(got, 401, 'not_authenticated', text.slice(0, 100))
    expect(got.headers.get('www-authenticate')).toBe('Bearer')
  }
  for (const text of [one, two])
    expect((await program(gate, text)('GET', '/users')).status).toBe(200)
})

test('ENUM-06: a key that is there and one that is not are refused alike', async () => {
  const open = await claimed()
  const { gate, ada, port } = { ...open, port: (await listening(open.gate)).port }
  const { key } = await issue(open, ada)
  const told = async (text: string) => {
    const { status, headers, json } = await program(gate, text)('GET', '/users')
    const names = [...headers.keys()].filter((name) => name !== 'x-request-id')
    return { status, names, json: { ...json, instance: '' } }
  }
  const wrong = await told(keyText(key.id, Buffer.alloc(32, 1)))
  expect(await told(keyText('x'.repeat(22), Buffer.alloc(32, 1)))).toEqual(wrong)
  expect(await told('no key at all')).toEqual(wrong)
  const used = await ticketOf(ada)
  const codes = []
  for (const ticket of [used, used, 'x'.repeat(43), 'no-ticket'])
    codes.push((await dial(port, { ticket })).problem.code)
  expect(codes.slice(1)).toEqual(Array(3).fill('not_authenticated'))
})

test.each(databases)('KEY-08 on %s: the key is told once, and kept nowhere', async (kind) => {
  const open = await claimed(kind)
  const { gate, ada, query } = open
  const { key, secret } = await issue(open, ada)
  const rotated = await ada.send('POST', `/auth/api-keys/${key.id}/rotate`)
  await program(gate, secret)('GET', '/users')
  const middles = [secret, String(rotated.json.secret)].map((text) => text.slice(26, 69))
  const tables =
    kind === 'sqlite'
      ? await query(`select name from sqlite_master where type = 'table'`)
      : await query(`select table_name as name from information_schema.tables
          where table_schema = 'sallyport'`)
  expect(tables.length).toBeGreaterThan(6)
  const kept: string[] = []
  for (const { name } of tables) kept.push(JSON.stringify(await query(`select * from "${name}"`)))
  for (const path of ['/auth/api-keys', '/auth/activity', '/auth/me'])
    kept.push((await ada.send('GET', path)).text)
  for (const text of middles) for (const where of kept) expect(where).not.toContain(text)
  const [row] = await query('select digest, "previousDigest" from keys')
  for (const digest of [row?.digest, row?.previousDigest])
    expect(digest).toMatch(/^[\w-]{8}\$[\w-]{43}$/)
})

test('KEY-10: one Authorization in the documented form, and nothing else', async () => {
  const open = await claimed()
  const { gate, ada } = open
  const { secret } = await issue(open, ada)
  const basic = Buffer.from(`ada:${secret}`).toString('base64')
  for (const header of [
    `bearer ${secret}`,
    `BEARER ${secret}`,
    `Bearer  ${secret}`,
    `Bearer\t${secret}`,
    `Bearer${secret}`,
    `Token ${secret}`,
    `Basic ${basic}`,
    `Bearer "${secret}"`,
    secret,
    'Bearer',
    'Bearer ',
  ]) {
    const got = await visitor(gate).send('GET', '/users', { headers: { Authorization: header } })
    expectRefused(got, 401, 'not_authenticated', header)
  }
  for (const header of [
    `Bearer ${secret}, Bearer ${secret}`,
    `Bearer ${secret},`,
    `x, ${secret}`,
  ]) {
    const got = await visitor(gate).send('GET', '/users', { headers: { Authorization: header } })
    expectRefused(got, 400, 'malformed_request', header)
  }
  // A browser that is signed in and sends a key as well means one of the two.
  const both = { headers: { Authorization: `Bearer ${secret}` } }
  expectRefused(await ada.send('GET', '/users', both), 400, 'malformed_request')
})

test('CSRF-15, CSRF-18: a key needs no token and no origin, unless a cookie of ours comes with it', async () => {
  const open = await claimed()
  const { gate, ada } = open
  const eveId = await addPerson(open, 'eve')
  const { secret } = await issue(open, ada, { scopes: ['users:write'] })
  const path = `/users/${eveId}/unlock`
  expect((await program(gate, secret)('POST', path)).status).toBe(204)
  const evil = { Origin: 'https://evil.test', 'Sec-Fetch-Site': 'cross-site' }
  for (const site of ['same-origin', 'same-site', 'cross-site', 'none', null])
    for (const from of [
      origin,
      'https://sibling.example.test',
      'https://evil.test',
      'null',
      null,
    ]) {
      const headers = { Origin: from, 'Sec-Fetch-Site': site }
      const got = await program(gate, secret)('POST', path, { headers })
      expect([site, from, got.status]).toEqual([site, from, 204])
    }
  const device = { Cookie: `__Host-device=${ada.jar.get('__Host-device')}` }
  const sent = [{ ...evil, ...device }, device]
  for (const headers of sent)
    expectRefused(await program(gate, secret)('POST', path, { headers }), 403, 'csrf_rejected')
  const ours = { ...device, Origin: 'https://app.example.test', 'Sec-Fetch-Site': 'same-origin' }
  expect((await program(gate, secret)('POST', path, { headers: ours })).status).toBe(204)
})

test('AUTHZ-01, AUTHZ-04: nobody sees, rotates or ends the keys of somebody else, nor makes one for him', async () => {
  const open = await claimed()
  const { gate, ada, adaId } = open
  const { key } = await issue(open, ada)
  await addPerson(open, 'eve')
  const eve = visitor(gate)
  await eve.logIn('eve')
  const expiresAt = new Date(open.now() + day).toISOString()
  const json = { name: 'mine', scopes: [], expiresAt, userId: adaId }
  await unharmed(open, async () => {
    const path = `/auth/api-keys/${key.id}`
    expectRefused(await eve.send('DELETE', path), 404, 'not_found')
    expectRefused(await eve.send('POST', `${path}/rotate`), 404, 'not_found')
    expect((await eve.send('GET', '/auth/api-keys')).json).toEqual({ items: [], nextCursor: null })
    expectRefused(await eve.send('POST', '/auth/api-keys', { json }), 422, 'validation_failed')
    expectRefused(
      await visitor(gate).send('POST', '/auth/api-keys', { json }),
      401,
      'not_authenticated',
    )
    // A cursor over one person's keys is none over another's.
    const { nextCursor } = (await ada.send('GET', '/auth/api-keys?limit=1')).json
    expect(nextCursor).toBeNull()
  })
})
