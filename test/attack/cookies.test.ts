/**
 * Cookies that were planted, doubled, bent or kept: the session fixation and cookie cases of
 * `security.md`.
 *
 * @module
 */
import { expect, test } from 'vitest'
import { openTestGate, setupToken } from '../gate/gate.ts'
import { addPerson } from '../gate/people.ts'
import { expectRefused, unharmed } from '../gate/refusal.ts'
import { type Got, password, visitor } from '../gate/visitor.ts'

const session = '__Host-session'
const names = ['session', 'refresh', 'csrf', 'device'].map((name) => `__Host-${name}`)

async function claimed() {
  const open = await openTestGate()
  const ada = visitor(open.gate)
  await ada.setUp()
  const token = ada.jar.get(session) ?? ''
  /** Asks who is signed in with just this `Cookie` header. */
  const ask = (cookie: string | null) =>
    visitor(open.gate).send('GET', '/auth/me', { headers: { Cookie: cookie } })
  return { ...open, ada, token, ask }
}

test('FIX-01: whatever cookies are planted before, those after sign-in are new', async () => {
  const open = await claimed()
  const attacker = visitor(open.gate)
  await addPerson(open, 'eve')
  await attacker.logIn('eve')
  const planted: Record<string, string>[] = [
    Object.fromEntries(names.map((name) => [name, 'planted'])),
    Object.fromEntries(names.map((name) => [name, ''])),
    Object.fromEntries(attacker.jar),
    { [session]: attacker.jar.get('__Host-csrf') ?? '' },
  ]
  for (const cookies of planted) {
    const victim = visitor(open.gate)
    for (const [name, value] of Object.entries(cookies)) victim.jar.set(name, value)
    const signed = await victim.logIn('ada')
    expect([signed.status, signed.set.length]).toEqual([200, 3])
    for (const name of [session, '__Host-csrf', '__Host-device']) {
      expect(victim.jar.get(name)).toMatch(/^[\w.-]{60,}$/)
      expect(Object.values(cookies)).not.toContain(victim.jar.get(name))
    }
    expect((await victim.send('GET', '/auth/me')).json.user.username).toBe('ada')
  }
  // The attacker's own session went with the browser that brought it.
  expectRefused(await attacker.send('GET', '/auth/me'), 401, 'session_revoked')
})

test('FIX-02: another account in the same browser shares nothing with the one before', async () => {
  const { gate, ada, query, ...open } = await claimed()
  await addPerson({ query }, 'bob')
  const before = new Map(ada.jar)
  await ada.logIn('bob')
  const old = visitor(gate)
  for (const [name, value] of before) old.jar.set(name, value)
  const said = await unharmed(open, async () => {
    expectRefused(await old.send('GET', '/auth/me'), 401, 'session_revoked')
    // The new session with the old one's token.
    const headers = { 'X-CSRF-Token': before.get('__Host-csrf') ?? '' }
    ada.jar.set('__Host-csrf', before.get('__Host-csrf') ?? '')
    const mixed = await ada.send('POST', '/auth/sessions/revoke-others', { headers })
    expectRefused(mixed, 403, 'csrf_rejected')
  })
  expect(said.map(({ type }) => type)).toEqual(['csrf.rejected'])
  expect(
    await query(`select "endReason" from sessions where "userId" <> '${'bob'.padEnd(22, '0')}'`),
  ).toEqual([{ endReason: 'logout' }])
})

test('FIX-04: a session token anywhere but in its cookie is nobody', async () => {
  const open = await claimed()
  const { token, gate } = open
  await unharmed(open, async () => {
    const nobody = visitor(gate)
    for (const headers of [
      { Authorization: `Bearer ${token}` },
      { Authorization: token },
      { 'X-Session': token },
      { 'X-Access-Token': token },
      { 'X-Auth-Token': token },
      { 'Set-Cookie': `${session}=${token}` },
    ] as Record<string, string>[])
      expectRefused(await nobody.send('GET', '/auth/me', { headers }), 401, 'not_authenticated')
    for (const name of [session, 'session', 'token', 'access_token', 'sid'])
      expectRefused(await nobody.send('GET', `/auth/me?${name}=${token}`), 401, 'not_authenticated')
    expectRefused(await nobody.send('GET', `/auth/me/${token}`), 404, 'not_found')
    expectRefused(await nobody.send('GET', `/auth/me;${session}=${token}`), 404, 'not_found')
    const json = { username: 'ada', password, [session]: token }
    expectRefused(await nobody.send('POST', '/auth/login', { json }), 422, 'validation_failed')
  })
})

test('COOK-01, COOK-04: a cookie is the exact bytes under the exact name, or it is nobody (R4.6)', async () => {
  const open = await claimed()
  const { token, ask } = open
  const flipped = (text: string) => text.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
  const bent = [
    ';;;',
    '=',
    'a',
    '; ; =; =;',
    session,
    `${session}=`,
    `${session}=;`,
    `${session}="${token}"`,
    `${session}='${token}'`,
    `${session}=${token.replaceAll('.', '%2E')}`,
    `${session}=${encodeURIComponent(`${token} `)}`,
    `${session} =${token}`,
    `${session}= ${token}`,
    `${session}=${token} ; a=b`,
    `${session}\t=${token}`,
    `${session}==${token}`,
    `${session}=${token}=`,
    `${session}=${token}.`,
    `${session}=.${token}`,
    `${session}=${token},${token}`,
    `${session}=${token}, b=c`,
    `${session}=${token}\u00e9`,
    `${session}=\u00e9${token}`,
    `__host-session=${token}`,
    `__HOST-SESSION=${token}`,
    `session=${token}`,
    `x${session}=${token}`,
    `$Version=1, ${session}=${token}`,
    `a="; ${session}=${flipped(token)}; b="`,
    `%5F%5FHost-session=${token}`,
    `\u00a0${session}=${token}`,
    `${session}[]=${token}`,
    '%'.repeat(200),
    '"'.repeat(201),
    Array.from({ length: 200 }, (_, n) => `c${n}=${n}`).join('; '),
  ]
  await unharmed(open, async () => {
    for (const cookie of bent) expectRefused(await ask(cookie), 401, 'not_authenticated', cookie)
    // The platform refuses these before we see them.
    for (const byte of ['\0', 'a\nb', '\r\nX: y', '\u0100'])
      await expect(ask(`${session}=${byte}`)).rejects.toThrow(TypeError)
  })
  for (const fine of [
    `${session}=${token}`,
    `a=b;${session}=${token};c`,
    `;;  ${session}=${token};`,
    `\t${session}=${token}`,
    `x=" ; ${session}=${token}; y="`,
  ])
    expect([fine, (await ask(fine)).status]).toEqual([fine, 200])
})

test('COOK-02: a header over 16 KB is refused, and a value over 2 KB is nobody before any key is touched', async () => {
  const open = await claimed()
  const { token, ask } = open
  await unharmed(open, async () => {
    for (const length of [2049, 4_096, 8_192, 15_000])
      expectRefused(await ask(`${session}=${'a'.repeat(length)}`), 401, 'not_authenticated')
    expectRefused(await ask(`${session}=${token}.${'a'.repeat(8_192)}`), 401, 'not_authenticated')
    expectRefused(await ask(`a=${'a'.repeat(17_000)}`), 400, 'malformed_request')
    expectRefused(
      await ask(`${session}=${token}; a=${'a'.repeat(17_000)}`),
      400,
      'malformed_request',
    )
  })
  const many = Array.from({ length: 300 }, (_, n) => `c${n}=${'v'.repeat(40)}`).join('; ')
  expect((await ask(`${many}; ${session}=${token}`)).status).toBe(200)
})

test('COOK-03: one of our cookies twice is refused, whichever of them is right (R4.2)', async () => {
  const open = await claimed()
  const { token, ask, ada, gate } = open
  const other = visitor(gate)
  await other.logIn('ada')
  const second = other.jar.get(session) ?? ''
  const mine = `${session}=${token}`
  const said = await unharmed(open, async () => {
    for (const cookie of [
      `${mine}; ${session}=junk`,
      `${session}=junk; ${mine}`,
      `${mine}; ${mine}`,
      `${mine}; ${session}=${second}`,
      `${mine}; a=b; ${session}`,
      `${mine}; ${session}=`,
      `${mine}; ${session} =x`,
      `${session}; ${mine}`,
      ...names.slice(1).map((name) => `${mine}; ${name}=a; ${name}=b`),
    ])
      expectRefused(await ask(cookie), 400, 'malformed_request', cookie)
    // As two headers, which arrive joined.
    const headers = new Headers({ Origin: 'https://app.example.test' })
    headers.append('Cookie', mine)
    headers.append('Cookie', `${session}=junk`)
    const request = new Request('https://app.example.test/api/v1/auth/me', { headers })
    expect((await gate.handle(request, {})).status).toBe(400)
    // Nor does it sign anybody out.
    ada.jar.set(session, `${token}; ${session}=junk`)
    expectRefused(await ada.send('POST', '/auth/logout'), 400, 'malformed_request')
    // Nor lets anybody into a route of the host's.
    const own = new Request('https://app.example.test/own', { headers })
    expect(await gate.callerOf(own, {})).toMatchObject({ ok: false, code: 'malformed_request' })
  })
  // It is a sign of an attack, and recorded as one.
  expect(said).toEqual(
    Array(14).fill(
      expect.objectContaining({ type: 'credentials.refused', reason: 'duplicate_cookie' }),
    ),
  )
  expect(said[0]?.address).toBe('198.51.100.7')
})

test('COOK-06, COOK-07: cookies are set by those who let in or out, with one set of attributes', async () => {
  const { gate, pass } = await openTestGate()
  const ada = visitor(gate)
  const refused: Got[] = [
    await ada.send('POST', '/auth/setup', { json: { setupToken: 'no' } }),
    await ada.logIn('ada'),
    await ada.send('GET', '/auth/me'),
    await ada.send('GET', '/nowhere'),
    await ada.send('DELETE', '/auth/login'),
  ]
  const claim = await ada.setUp()
  const origin = { 'Sec-Fetch-Site': 'same-origin' }
  const given = [
    claim,
    await ada.logIn('ada'),
    await ada.send('GET', '/auth/csrf', { headers: origin }),
  ]
  refused.push(
    await ada.setUp(),
    await ada.send('POST', '/auth/login', { body: '{' }),
    await ada.send('POST', '/auth/sessions/revoke-others', { headers: { 'X-CSRF-Token': 'no' } }),
  )
  const ages = given
    .flatMap(({ set }) => set)
    .map((cookie) => {
      const [, name, age] =
        /^__Host-(session|csrf|device)=[\w.-]+; Path=\/; Secure; SameSite=Strict(?:; HttpOnly)?; Max-Age=(\d+)$/.exec(
          cookie,
        ) ?? []
      expect([cookie, cookie.includes('HttpOnly')]).toEqual([cookie, name !== 'csrf'])
      return [name, Number(age)]
    })
  expect(ages).toEqual(
    ['session', 'csrf', 'device', 'session', 'csrf', 'device', 'csrf'].map((name) => [
      name,
      name === 'device' ? 180 * 24 * 3600 : 8 * 3600,
    ]),
  )
  pass(9 * 3_600_000)
  refused.push(await ada.send('GET', '/auth/me'))
  for (const { set, status } of refused) expect([status, set]).toEqual([status, []])

  // With an expired session, with a foreign one, with none.
  const kept = ada.jar.get(session) ?? ''
  for (const value of [kept, `${kept}x`, undefined]) {
    if (value !== undefined) ada.jar.set(session, value)
    const out = await ada.send('POST', '/auth/logout')
    expect([out.status, out.set.map((cookie) => cookie.replace(/; HttpOnly/, ''))]).toEqual([
      204,
      ['session', 'refresh', 'csrf'].map(
        (name) => `__Host-${name}=; Path=/; Secure; SameSite=Strict; Max-Age=0`,
      ),
    ])
  }
})

test('COOK-06: the prefix goes on loopback alone, and weakens only for a shared domain', async () => {
  const shared = await openTestGate('sqlite', {
    cookies: { domain: 'example.test', sameSite: 'lax' },
  })
  const [first] = (await visitor(shared.gate).setUp()).set
  expect(first).toMatch(
    /^__Secure-session=[\w.-]+; Path=\/; Domain=example\.test; Secure; SameSite=Lax; HttpOnly; Max-Age=28800$/,
  )
  const local = await openTestGate('sqlite', { publicOrigin: 'http://localhost:3000' })
  const request = new Request('http://localhost:3000/api/v1/auth/setup', {
    method: 'POST',
    headers: { Origin: 'http://localhost:3000', 'Content-Type': 'application/json' },
    body: JSON.stringify({ setupToken, username: 'ada', password }),
  })
  const response = await local.gate.handle(request, { address: '127.0.0.1', port: 3000 })
  expect([response.status, ...response.headers.getSetCookie()]).toEqual([
    201,
    expect.stringMatching(/^session=[\w.-]+; Path=\/; SameSite=Strict; HttpOnly; Max-Age=28800$/),
    expect.stringMatching(/^csrf=[\w.-]+; Path=\/; SameSite=Strict; Max-Age=28800$/),
    expect.stringMatching(/^device=[\w-]+; Path=\/; SameSite=Strict; HttpOnly; Max-Age=15552000$/),
  ])
})

test('under other names the cookies are the same, and the usual names are nobody’s (R6.2, W41)', async () => {
  const given = { session: 'sid', refresh: 'again', csrf: 'token', device: 'known' }
  const { gate } = await openTestGate('sqlite', {
    refresh: { enabled: true },
    cookies: { names: given },
  })
  const ada = visitor(gate)
  const csrf = () => ({ headers: { 'X-CSRF-Token': ada.jar.get('__Host-token') ?? '' } })
  const { set } = await ada.setUp()
  expect(set.map((cookie) => cookie.split('=')[0])).toEqual([
    '__Host-sid',
    '__Host-again',
    '__Host-token',
    '__Host-known',
  ])
  expect((await ada.send('POST', '/auth/refresh', csrf())).status).toBe(200)
  expect((await ada.send('POST', '/auth/sessions/revoke-others', csrf())).status).toBe(200)
  const usual = visitor(gate)
  for (const [kind, name] of Object.entries(given))
    usual.jar.set(`__Host-${kind}`, ada.jar.get(`__Host-${name}`) ?? '')
  expectRefused(await usual.send('GET', '/auth/me'), 401, 'not_authenticated')
  const out = await ada.send('POST', '/auth/logout')
  expect(out.set.map((cookie) => cookie.split('=')[0])).toEqual([
    '__Host-sid',
    '__Host-again',
    '__Host-token',
  ])
  expect([...ada.jar.keys()]).toEqual(['__Host-known'])
})

test('COOK-08: nothing a person types gets into a header', async () => {
  const { gate, query } = await openTestGate()
  const bent = 'a;b=c,d\u2028\u0085'
  const ada = visitor(gate)
  const json = { setupToken, username: 'ada', password, displayName: 'x; Path=/evil, y=z' }
  const headers = { 'User-Agent': 'UA; __Host-session=x, "y"', 'X-Request-Id': 'mine' }
  const got = [
    await ada.send('POST', '/auth/setup', { json, headers }),
    await ada.send('GET', '/auth/me', { headers }),
    await ada.send('POST', '/auth/login', { json: { username: bent, password: bent }, headers }),
    await ada.send('POST', '/auth/login', { json: { 'a\r\nX-Evil: 1': 1 }, headers }),
    await ada.send('GET', `/auth/sessions?limit=${encodeURIComponent('1\r\nX-Evil: 1')}`),
  ]
  for (const answer of got) {
    expect(answer.headers.get('x-request-id')).toMatch(/^[\w-]{22}$/)
    const all = JSON.stringify(
      [...answer.headers].filter(([name]) => !/^(?:set-cookie|x-request-id)$/.test(name)),
    )
    expect(all).not.toMatch(/evil|UA;|mine|a;b/i)
    for (const cookie of answer.set)
      expect(cookie).toMatch(/^__Host-(session|csrf|device)=[\w.-]+; Path=\/;/)
  }
  expect(await query('select "displayName", "userAgent" from users join sessions on true')).toEqual(
    [{ displayName: 'x; Path=/evil, y=z', userAgent: headers['User-Agent'] }],
  )
})
