/**
 * Bodies, names and numbers that were not meant: the INP cases of `security.md`, and those of AUTHZ
 * about ids.
 *
 * @module
 */
import { expect, test } from 'vitest'
import { databases, openTestGate, origin, setupToken, type TestGate } from '../gate/gate.ts'
import { expectRefused, unharmed } from '../gate/refusal.ts'
import { type Got, password, visitor } from '../gate/visitor.ts'

const json = { 'Content-Type': 'application/json' }

/** Sends a body, as text, to sign-in and to a set-up that could succeed. */
async function sendBoth(gate: TestGate['gate'], body: string, headers = {}): Promise<Got[]> {
  const stranger = visitor(gate)
  const sending = { body, headers: { ...json, ...headers } }
  return [
    await stranger.send('POST', '/auth/login', sending),
    await stranger.send('POST', '/auth/setup', sending),
  ]
}

const claim = JSON.stringify({ setupToken, username: 'eve', password })

test('INP-01: the prototype of things cannot be written to', async () => {
  const open = await openTestGate()
  await unharmed(open, async () => {
    for (const key of ['__proto__', '\\u005f_proto__', '__pr\\u006fto__'])
      for (const value of ['{"isOwner":true}', 'null', '1'])
        for (const got of await sendBoth(open.gate, `{"${key}":${value},${claim.slice(1)}`))
          expectRefused(got, 400, 'malformed_request', key)
    for (const body of [
      `{"constructor":{"prototype":{"isOwner":true}},${claim.slice(1)}`,
      `{"a":{"prototype":1},${claim.slice(1)}`,
      `{"toString":1,"hasOwnProperty":1,${claim.slice(1)}`,
    ])
      for (const got of await sendBoth(open.gate, body))
        expectRefused(got, 422, 'validation_failed')
    const query = await visitor(open.gate).send(
      'GET',
      '/auth/setup?__proto__[isOwner]=1&constructor=1',
    )
    expect(query.status).toBe(200)
  })
  expect(Object.keys(Object.prototype)).toEqual([])
  expect(({} as Record<string, unknown>).isOwner).toBeUndefined()
})

test('INP-02: a body is at most 64 KB, never compressed, and refused before it is read to its end', async () => {
  const open = await openTestGate()
  const { gate } = open
  const padded = (size: number) => claim + ' '.repeat(size - claim.length)
  await unharmed(open, async () => {
    for (const size of [65_537, 10_000_000])
      for (const got of await sendBoth(gate, padded(size)))
        expectRefused(got, 413, 'payload_too_large')
    for (const got of await sendBoth(gate, '{}', { 'Content-Length': '65537' }))
      expectRefused(got, 413, 'payload_too_large')
    for (const encoding of ['gzip', 'br', 'deflate', 'zstd', 'identity, gzip', ''])
      for (const got of await sendBoth(gate, claim, { 'Content-Encoding': encoding }))
        expectRefused(got, 415, 'unsupported_media_type', encoding)

    let sent = 0
    const endless = new ReadableStream({
      pull(controller) {
        sent += 16_384
        controller.enqueue(new Uint8Array(16_384).fill(32))
      },
    })
    const headers = { ...json, Origin: origin }
    const init = { method: 'POST', headers, body: endless, duplex: 'half' }
    const request = new Request(`${origin}/api/v1/auth/login`, init as RequestInit)
    expect((await gate.handle(request, {})).status).toBe(413)
    expect(sent).toBeLessThan(200_000)

    const many = JSON.stringify(Object.fromEntries(Array.from({ length: 6_000 }, (_, n) => [n, 1])))
    const [login] = await sendBoth(gate, many)
    if (login) expectRefused(login, 422, 'validation_failed')
    expect(login?.json.fields?.length).toBeLessThanOrEqual(32)
  })
  const [, claimed] = await sendBoth(gate, padded(65_536))
  expect(claimed?.status).toBe(201)
})

test('INP-03: JSON that two parsers could read differently is refused', async () => {
  const open = await openTestGate()
  await unharmed(open, async () => {
    for (const body of [
      `${claim.slice(0, -1)},"username":"ada"}`,
      `${claim.slice(0, -1)},"user\\u006eame":"ada"}`,
      `\ufeff${claim}`,
      `[${claim}]`,
      `"${password}"`,
      'null',
      'true',
      '7',
      '',
      ' ',
      claim.slice(0, -1),
      `${claim}${claim}`,
      `${claim}\0`,
      claim.replace('{', '{/* */'),
      claim.replaceAll('"', "'"),
      claim.replace('}', ',}'),
      claim.replace('}', ',"a":NaN}'),
      claim.replace('}', ',"a":Infinity}'),
      claim.replace('}', ',"a":1e999}'),
      claim.replace('}', ',"a":01}'),
      claim.replace('}', ',"a":"\\ud800"}'),
      claim.replace('eve', 'e\u0001ve'),
    ])
      for (const got of await sendBoth(open.gate, body))
        expectRefused(got, 400, 'malformed_request', body.slice(0, 60))
    const bytes = new Uint8Array([
      ...Buffer.from('{"username":"'),
      0xff,
      0xc0,
      ...Buffer.from('"}'),
    ])
    const headers = { ...json, Origin: origin }
    const request = new Request(`${origin}/api/v1/auth/login`, {
      method: 'POST',
      headers,
      body: bytes,
    })
    expect((await open.gate.handle(request, {})).status).toBe(400)
  })
})

test('INP-04: deep nesting costs nothing', async () => {
  const open = await openTestGate()
  await unharmed(open, async () => {
    for (const depth of [33, 1_000, 30_000])
      for (const [begin, end] of [
        ['[', ']'],
        ['{"a":', '}'],
      ] as const) {
        const text = `{"username":${begin.repeat(depth)}1${end.repeat(depth)}}`
        const expected =
          text.length > 65_536 ? [413, 'payload_too_large'] : [400, 'malformed_request']
        for (const got of await sendBoth(open.gate, text))
          expect([depth, got.status, got.json.code]).toEqual([depth, ...expected])
      }
  })
})

test('INP-05: a password over 1,024 bytes is refused by its size, before it is hashed', async () => {
  // One place in the queue, held by nobody: were any of these hashed, some would be told to wait.
  const open = await openTestGate('sqlite', { hashing: { workers: 1, queue: 1 } })
  await visitor(open.gate).setUp()
  const said = await unharmed(open, async () => {
    const sizes = [1_025, 1_025, 20_000, 60_000]
    const crowd = Array.from({ length: 48 }, (_, n) =>
      visitor(open.gate).logIn('ada', 'x'.repeat(sizes[n % 4] ?? 0)),
    )
    for (const got of await Promise.all(crowd)) expectRefused(got, 422, 'validation_failed')
    expectRefused(await visitor(open.gate).logIn('ada', 'é'.repeat(513)), 422, 'validation_failed')
  })
  expect(said).toEqual([])
})

test('INP-06, INP-15: a thousand parameters, or one of them twice', async () => {
  const open = await openTestGate()
  const ada = visitor(open.gate)
  await ada.setUp()
  await unharmed(open, async () => {
    const many = Array.from({ length: 10_000 }, (_, n) => `p${n}=1`).join('&')
    const got = await ada.send('GET', `/auth/sessions?${many}`)
    expectRefused(got, 422, 'validation_failed')
    expect(got.json.fields?.length).toBeLessThanOrEqual(32)
    for (const query of [
      'limit=1&limit=1',
      'limit=1&limit=9999',
      'limit[]=1',
      'a[b]=c',
      '=1',
      'limit',
    ])
      expectRefused(
        await ada.send('GET', `/auth/sessions?${query}`),
        422,
        'validation_failed',
        query,
      )
  })
})

test.each(databases)('INP-10: SQL in every text is only text, on %s', async (kind) => {
  const open = await openTestGate(kind)
  const { gate } = open
  const ada = visitor(gate)
  await ada.setUp()
  const evil = [
    `' or '1'='1`,
    `ada'--`,
    `ada"; drop table users; --`,
    `'; select pg_sleep(9); --`,
    `\\'; delete from sessions; --`,
    '%',
    '_',
    'ada\0',
    '$1',
    '?',
    `a' union select * from users --`,
  ]
  await unharmed(open, async () => {
    for (const text of evil) {
      const encoded = encodeURIComponent(text)
      const stranger = visitor(gate)
      expectRefused(await stranger.logIn(text, text), 401, 'invalid_credentials', text)
      expectRefused(await ada.send('DELETE', `/auth/sessions/${encoded}`), 404, 'not_found', text)
      for (const name of ['cursor', 'limit', 'scope', 'sort', 'order'])
        expectRefused(
          await ada.send('GET', `/auth/sessions?${name}=${encoded}`),
          422,
          'validation_failed',
          text,
        )
    }
  })
  for (const text of evil.filter((one) => !one.includes('\0'))) {
    const headers = { 'User-Agent': text, 'X-Forwarded-For': text, 'X-Request-Id': text }
    const signed = await ada.send('POST', '/auth/login', {
      json: { username: 'ada', password },
      headers,
    })
    expect([signed.status, signed.json.session.device.userAgent]).toEqual([200, text])
  }
})

test('INP-12: a name that looks like another’s is the same one, or none', async () => {
  const { gate } = await openTestGate()
  await visitor(gate).setUp('admin')
  for (const same of ['ADMIN', 'ａdmin', 'Admin', 'ᴬdmin', 'ⓐdmin'])
    expect([same, (await visitor(gate).logIn(same)).status]).toEqual([same, 200])
  for (const none of [
    'аdmin',
    'admin\u200b',
    'admın',
    'admin.',
    ' admin',
    'admin ',
    'admi\u0301n',
    '\u202enimda',
    'admin\u00ad',
  ])
    expectRefused(await visitor(gate).logIn(none), 401, 'invalid_credentials', none)
  for (const username of ['аdmin', 'ad min', 'admin.', '', '-', 'a\u200bb', 'x'.repeat(129)]) {
    const unclaimed = await openTestGate()
    const got = await visitor(unclaimed.gate).send('POST', '/auth/setup', {
      json: { setupToken, username, password },
    })
    expectRefused(got, 422, 'validation_failed', username)
  }
})

test('INP-14: no text makes a checker think for long', async () => {
  const open = await openTestGate()
  const { gate } = open
  const long = 30_000
  const evil = [
    'a'.repeat(long),
    '.'.repeat(long),
    `${'a.'.repeat(long / 2)}!`,
    ' '.repeat(long),
    '~'.repeat(long),
  ]
  const ada = visitor(gate)
  await ada.setUp()
  const slowest = { took: 0, at: '' }
  const timed = async (at: string, work: Promise<unknown>) => {
    const began = performance.now()
    await work
    const took = performance.now() - began
    if (took > slowest.took) Object.assign(slowest, { took, at })
  }
  for (const [n, text] of evil.entries()) {
    const cookie = { Cookie: `__Host-session=${text.slice(0, 15_000).replaceAll(' ', '.')}` }
    await timed(
      `name ${n}`,
      ada.send('POST', '/auth/login', { json: { username: text, password } }),
    )
    await timed(`cursor ${n}`, ada.send('GET', `/auth/sessions?cursor=${text}`))
    await timed(`path ${n}`, ada.send('DELETE', `/auth/sessions/${text}`))
    await timed(`cookie ${n}`, ada.send('GET', '/auth/me', { headers: cookie }))
    const agents = [`${text.slice(0, 8_000)}x`, `Mozilla/5.0 (${text.slice(0, 8_000)}) x`]
    for (const agent of agents) {
      const headers = { 'User-Agent': agent }
      await ada.send('POST', '/auth/login', { json: { username: 'ada', password }, headers })
      await timed(`agent ${n}`, ada.send('GET', '/auth/sessions'))
    }
  }
  // Many times what is allowed, because the machine has other work; a bad expression takes seconds.
  expect(slowest.took, slowest.at).toBeLessThan(500)
})

test('INP-16: a value of another type is refused, and nobody is looked up', async () => {
  const open = await openTestGate()
  await visitor(open.gate).setUp()
  const values: unknown[] = [
    1,
    0,
    true,
    null,
    [],
    ['ada'],
    {},
    { $ne: null },
    { toString: 'ada' },
    [[['ada']]],
  ]
  const said = await unharmed(open, async () => {
    for (const value of values)
      for (const field of ['username', 'password', 'remember']) {
        if (field === 'remember' && value === true) continue
        const body = { username: 'ada', password, [field]: value }
        const got = await visitor(open.gate).send('POST', '/auth/login', { json: body })
        expectRefused(got, 422, 'validation_failed', `${field} ${JSON.stringify(value)}`)
        expect(got.json.fields?.map(({ name }) => name)).toEqual([field])
      }
  })
  expect(said).toEqual([])
})

test('AUTHZ-07, AUTHZ-12: an id of another shape leads nowhere, and ids do not follow each other', async () => {
  const open = await openTestGate()
  const ada = visitor(open.gate)
  const { id } = (await ada.setUp()).json.session
  await unharmed(open, async () => {
    for (const other of [
      '[]',
      '{}',
      '1e3',
      '0x1',
      '-1',
      '%00',
      '%2e%2e',
      '%EF%BC%91',
      'x'.repeat(10_000),
      `${id}%0a`,
      `${id}=`,
      id.toLowerCase() === id ? id.toUpperCase() : id.toLowerCase(),
      '',
      ' ',
    ])
      expectRefused(await ada.send('DELETE', `/auth/sessions/${other}`), 404, 'not_found', other)
  })
  const seen = new Set([id])
  for (let n = 0; n < 5; n++) seen.add((await visitor(open.gate).logIn('ada')).json.session.id)
  expect(seen.size).toBe(6)
  const beginnings = new Set([...seen].map((one) => one.slice(0, 4)))
  expect(beginnings.size).toBe(6)
})

test('AUTHZ-08: what goes out has only the fields it is meant to have', async () => {
  const open = await openTestGate()
  const ada = visitor(open.gate)
  await ada.setUp()
  const list = await ada.send('GET', '/auth/sessions')
  const [first] = list.json.items as Record<string, unknown>[]
  expect(Object.keys(first ?? {}).sort()).toEqual(
    [
      'id',
      'userId',
      'username',
      'current',
      'device',
      'address',
      'createdAt',
      'lastActiveAt',
      'idleUntil',
      'expiresAt',
      'remembered',
    ].sort(),
  )
  const me = await ada.send('GET', '/auth/me')
  expect(Object.keys(me.json).sort()).toEqual([
    'mustChangePassword',
    'permissions',
    'session',
    'user',
  ])
  expect(Object.keys(me.json.user).sort()).toEqual(
    [
      'id',
      'username',
      'displayName',
      'role',
      'scopes',
      'disabled',
      'mustChangePassword',
      'createdAt',
      'lastLoginAt',
    ].sort(),
  )
  expect(list.text + me.text).not.toMatch(/argon2|hash|revision|epoch|version|kind":"full/)
})
