/**
 * Another page makes a browser send what its person never meant: the CSRF cases of `security.md`.
 *
 * @module
 */
import { expect, test } from 'vitest'
import { openTestGate, origin, setupToken } from '../gate/gate.ts'
import { expectRefused, unharmed } from '../gate/refusal.ts'
import { password, type Sending, type Visitor, visitor } from '../gate/visitor.ts'

const csrf = '__Host-csrf'

/** A claimed instance, its owner's browser, and a second session that nothing may happen to. */
async function claimed() {
  const open = await openTestGate()
  const ada = visitor(open.gate)
  await ada.setUp()
  const other = visitor(open.gate)
  const { session } = (await other.logIn('ada')).json
  await open.recorded()
  const deeds: readonly (readonly [method: string, path: string])[] = [
    ['POST', '/auth/sessions/revoke-others'],
    ['DELETE', `/auth/sessions/${session.id}`],
  ]
  /** Tries both deeds. */
  const tryAll = async (sending: Sending, tried: string, who: Visitor = ada) => {
    for (const [method, path] of deeds)
      expectRefused(await who.send(method, path, sending), 403, 'csrf_rejected', tried)
  }
  const token = ada.jar.get(csrf) ?? ''
  return { ...open, ada, other, token, tryAll, deeds }
}

test('CSRF-01: no token, or one of another length, at random, of another session (L21, P20)', async () => {
  const open = await claimed()
  const { ada, token, tryAll, other } = open
  const tries: Record<string, string | null> = {
    none: null,
    empty: '',
    short: token.slice(0, -1),
    long: `${token}A`,
    random: `${'A'.repeat(22)}.${'A'.repeat(43)}`,
    swapped: token.split('.').reverse().join('.'),
    'with other low bits': token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
    'with junk before': `x${token}`,
    quoted: `"${token}"`,
    'of another session': other.jar.get(csrf) ?? '',
  }
  const said = await unharmed(open, async () => {
    for (const [name, value] of Object.entries(tries)) {
      ada.jar.set(csrf, token)
      await tryAll({ headers: { 'X-CSRF-Token': value } }, `${name}, in the header`)
      ada.jar.set(csrf, value ?? '')
      await tryAll({ headers: { 'X-CSRF-Token': value } }, `${name}, in both`)
      await tryAll({ headers: { 'X-CSRF-Token': token } }, `${name}, in the cookie`)
    }
  })
  expect(new Set(said.map(({ type, outcome }) => `${type} ${outcome}`))).toEqual(
    new Set(['csrf.rejected refused']),
  )
  expect(said).toHaveLength(Object.keys(tries).length * 3 * 2)
  ada.jar.set(csrf, token)
  expect((await ada.send('POST', '/auth/sessions/revoke-others')).json).toEqual({ revoked: 1 })
})

test('CSRF-02: a planted cookie that equals the header is worth nothing', async () => {
  const open = await claimed()
  const { ada, token, tryAll } = open
  await unharmed(open, async () => {
    for (const value of ['AAAA', 'undefined', 'null', `${'A'.repeat(22)}.${'B'.repeat(43)}`]) {
      ada.jar.set(csrf, value)
      for (const name of ['csrf', 'XSRF-TOKEN', '__Secure-csrf', '__host-csrf'])
        ada.jar.set(name, value)
      await tryAll({ headers: { 'X-CSRF-Token': value } }, value)
    }
    // The right one under any other name is no cookie of ours.
    ada.jar.delete(csrf)
    ada.jar.set('csrf', token)
    await tryAll({ headers: { 'X-CSRF-Token': token } }, 'the right token under a wrong name')
  })
})

test('CSRF-03: an attacker’s own valid token, tossed into the victim’s jar', async () => {
  const open = await claimed()
  const { ada, other, token, tryAll } = open
  const tossed = other.jar.get(csrf) ?? ''
  await unharmed(open, async () => {
    ada.jar.set(csrf, tossed)
    await tryAll({ headers: { 'X-CSRF-Token': tossed } }, 'in place of the own')
    // Beside the own cookie it is a second one of that name.
    ada.jar.set(csrf, `${tossed}; ${csrf}=${token}`)
    for (const value of [tossed, token]) {
      const headers = { 'X-CSRF-Token': value }
      const twice = await ada.send('POST', '/auth/sessions/revoke-others', { headers })
      expectRefused(twice, 400, 'malformed_request')
    }
  })
})

test('CSRF-05: two tokens are none, whichever of them is right', async () => {
  const open = await claimed()
  const { token, tryAll } = open
  await unharmed(open, async () => {
    for (const value of [`${token}, junk`, `junk, ${token}`, `${token}, ${token}`, `${token},`])
      await tryAll({ headers: { 'X-CSRF-Token': value } }, value)
    const headers = { 'X-CSRF-Token': 'junk' }
    await tryAll({ headers, json: { csrf: token, _csrf: token } }, 'in the body')
  })
})

test('CSRF-06: the same bytes under a type that a form can send', async () => {
  const open = await claimed()
  const { ada } = open
  await unharmed(open, async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json, text/plain',
      'text/plain; application/json',
      'application/jsonp',
      'application/json; charset=utf-7',
      'application/problem+json',
      '',
      null,
    ]) {
      const headers = { 'Content-Type': type }
      for (const [path, json] of [
        ['/auth/login', { username: 'ada', password }],
        ['/auth/setup', { setupToken, username: 'eve', password }],
      ] as const) {
        const body = JSON.stringify(json)
        const got = await ada.send('POST', path, { body, headers })
        expectRefused(got, 415, 'unsupported_media_type', `${path} as ${type}`)
      }
      if (type === null) continue
      const got = await ada.send('POST', '/auth/logout', { body: '{}', headers })
      expectRefused(got, 415, 'unsupported_media_type', `sign-out as ${type}`)
    }
  })
  expect((await ada.send('GET', '/auth/me')).status).toBe(200)
})

test('CSRF-08: a method given anywhere but as the method is ignored', async () => {
  const open = await claimed()
  const { ada, deeds } = open
  const path = deeds[1]?.[1] ?? ''
  await unharmed(open, async () => {
    for (const name of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']) {
      const headers = { [name]: 'DELETE' }
      expect((await ada.send('GET', '/auth/me', { headers })).status).toBe(200)
      for (const method of ['GET', 'POST'])
        expectRefused(await ada.send(method, path, { headers }), 405, 'method_not_allowed')
    }
    for (const method of ['GET', 'POST'])
      expectRefused(await ada.send(method, `${path}?_method=DELETE`), 405, 'method_not_allowed')
    const json = { _method: 'DELETE' }
    expectRefused(await ada.send('POST', path, { json }), 405, 'method_not_allowed')
  })
})

test('CSRF-09: safe methods on unsafe paths are 405 with Allow, and change nothing', async () => {
  const open = await claimed()
  const { ada, deeds } = open
  const allowed: Record<string, string> = {
    '/auth/login': 'POST',
    '/auth/logout': 'POST',
    [deeds[1]?.[1] ?? '']: 'DELETE',
    '/auth/sessions/revoke-others': 'DELETE, POST',
    '/auth/me': 'GET, HEAD',
    '/auth/setup': 'GET, POST, HEAD',
  }
  const said = await unharmed(open, async () => {
    for (const [path, allow] of Object.entries(allowed)) {
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'PROPFIND', 'get']) {
        const headers = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'cross-site' }
        const got = await ada.send(method, path, { headers })
        const known = [...allow.split(', ')].includes(method === 'get' ? 'GET' : method)
        if (known) expect([path, method, got.status]).toEqual([path, method, 200])
        else expect([path, method, got.status]).toEqual([path, method, 405])
        expect(got.headers.get('allow')).toBe(known ? null : allow)
        expect([method, got.text === '']).toEqual([method, method === 'HEAD'])
        expect(got.set).toEqual([])
      }
    }
  })
  expect(said).toEqual([])
})

test('CSRF-11: another spelling of a path is 404, or passes the same gates (P6)', async () => {
  const open = await claimed()
  const { ada, tryAll } = open
  const spellings = [
    '/auth/sessions/revoke-others/',
    '//auth/sessions/revoke-others',
    '/auth//sessions/revoke-others',
    '/AUTH/sessions/revoke-others',
    '/auth/session%73/revoke-others',
    '/auth/./sessions/revoke-others',
    '/x/../auth/sessions/revoke-others',
    '/x/%2e%2e/auth/sessions/revoke-others',
    '/auth/sessions/revoke-others;a=1',
    '/auth%2fsessions/revoke-others',
    '/auth/sessions/revoke-others%00',
    '/auth/sessions/revoke-others%20',
    '/auth\\sessions\\revoke-others',
    '/auth/sessions/revoke-others?',
    '/auth/sessions/revoke-others#x',
  ]
  await unharmed(open, async () => {
    for (const path of spellings)
      for (const headers of [{ Origin: 'https://evil.test' }, { 'X-CSRF-Token': null }]) {
        const got = await ada.send('POST', path, { headers })
        if (got.status === 403) expectRefused(got, 403, 'csrf_rejected', path)
        else expectRefused(got, 404, 'not_found', path)
      }
    await tryAll({ headers: { 'X-CSRF-Token': null } }, 'as it is spelled')
  })
})

test('CSRF-14: a foreign page cannot sign its visitor in, nor claim an instance', async () => {
  const open = await openTestGate()
  const evil = { Origin: 'https://evil.test', 'Sec-Fetch-Site': 'cross-site' }
  const claim = { setupToken, username: 'eve', password }
  await unharmed(open, async () => {
    const got = await visitor(open.gate).send('POST', '/auth/setup', { json: claim, headers: evil })
    expectRefused(got, 403, 'csrf_rejected')
  })
  await visitor(open.gate).setUp()
  const said = await unharmed(open, async () => {
    for (const headers of [evil, { ...evil, 'Sec-Fetch-Site': null }, { ...evil, Origin: null }]) {
      const json = { username: 'ada', password }
      const victim = visitor(open.gate)
      const got = await victim.send('POST', '/auth/login', { json, headers })
      expectRefused(got, 403, 'csrf_rejected')
      expectRefused(await victim.send('POST', '/auth/logout', { headers }), 403, 'csrf_rejected')
    }
  })
  expect(said.map(({ type, actor }) => `${type} ${actor}`)).toEqual(
    Array(6).fill('csrf.rejected anonymous'),
  )
})

const sites = ['same-origin', 'same-site', 'cross-site', 'none', 'Same-Origin', null]
const origins = [
  origin,
  'https://sibling.example.test',
  'https://evil.test',
  'null',
  // CSRF-17: what only looks like ours.
  'https://app.example.test.evil.test',
  'https://evilapp.example.test',
  'https://app.example.test:8443',
  'http://app.example.test',
  'https://app.example.test.',
  'https://APP.example.test',
  'https://app.example.test@evil.test',
  'https://app.example.test/',
  'https://xn--pp-6kc.example.test',
  `${origin}, ${origin}`,
  '',
  null,
]

test('CSRF-15, CSRF-17, CSRF-18: only our own origin passes, or its absence with same-origin', async () => {
  const open = await claimed()
  const { ada } = open
  const said = await unharmed(open, async () => {
    for (const site of sites)
      for (const from of origins) {
        const headers = { Origin: from, 'Sec-Fetch-Site': site, 'X-CSRF-Token': null }
        const fine =
          (site === 'same-origin' && (from === origin || from === null)) ||
          (site === null && from === origin)
        const got = await ada.send('POST', '/auth/login', { headers })
        // Past the gate there is no body to sign in with.
        const tried = `${site} ${from}`
        if (fine) expectRefused(got, 415, 'unsupported_media_type', tried)
        else expectRefused(got, 403, 'csrf_rejected', tried)
      }
  })
  expect(said).toHaveLength(sites.length * origins.length - 3)
})

test('CSRF-18: without cookies and without any header of a browser the gates have nothing to guard', async () => {
  const open = await claimed()
  const plain = { Origin: null, 'Sec-Fetch-Site': null }
  const program = visitor(open.gate)
  const json = { username: 'ada', password }
  const got = await program.send('POST', '/auth/login', { json, headers: plain })
  expect(got.status).toBe(200)
  await unharmed(open, async () => {
    const again = await program.send('POST', '/auth/login', { json, headers: plain })
    expectRefused(again, 403, 'csrf_rejected')
  })
})

test('CSRF-19: a token in the query or in the body is no token', async () => {
  const open = await claimed()
  const { ada, token } = open
  const headers = { 'X-CSRF-Token': null }
  const path = '/auth/sessions/revoke-others'
  await unharmed(open, async () => {
    for (const name of ['_csrf', 'csrf', 'X-CSRF-Token', 'csrf_token', 'authenticity_token']) {
      const query = await ada.send('POST', `${path}?${name}=${token}`, { headers })
      expectRefused(query, 403, 'csrf_rejected')
      const body = await ada.send('POST', path, { headers, json: { [name]: token } })
      expectRefused(body, 403, 'csrf_rejected')
      expect(query.text + body.text).not.toContain(token)
    }
  })
})

test('CSRF-20: the token of a session that is over does not serve the next one', async () => {
  const open = await claimed()
  const { ada, token, tryAll } = open
  await ada.send('POST', '/auth/logout')
  await ada.logIn('ada')
  expect(ada.jar.get(csrf)).not.toBe(token)
  await unharmed(open, async () => {
    await tryAll({ headers: { 'X-CSRF-Token': token } }, 'in the header')
    ada.jar.set(csrf, token)
    await tryAll({ headers: { 'X-CSRF-Token': token } }, 'in both')
  })
  const headers = { 'Sec-Fetch-Site': 'same-origin' }
  expect((await ada.send('GET', '/auth/csrf', { headers })).status).toBe(200)
  expect((await ada.send('POST', '/auth/sessions/revoke-others')).status).toBe(200)
})

test('CSRF-21: no other page reads the token, and nobody gets one without a session', async () => {
  const open = await claimed()
  const { ada, token } = open
  await unharmed(open, async () => {
    const foreign: Sending['headers'][] = [
      { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.test' },
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'script', 'Sec-Fetch-Mode': 'no-cors' },
      { 'Sec-Fetch-Site': 'same-site', Origin: 'https://sibling.example.test' },
      { 'Sec-Fetch-Site': 'same-site' },
      { 'Sec-Fetch-Site': 'none' },
      { Origin: 'null' },
      {},
    ]
    for (const headers of foreign) {
      const got = await ada.send('GET', '/auth/csrf', headers ? { headers } : {})
      expectRefused(got, 403, 'csrf_rejected', JSON.stringify(headers))
      expect(got.headers.has('access-control-allow-origin')).toBe(false)
      expect(got.text).not.toContain(token)
    }
    const headers = { 'Sec-Fetch-Site': 'same-origin' }
    const anonymous = await visitor(open.gate).send('GET', '/auth/csrf', { headers })
    expectRefused(anonymous, 401, 'not_authenticated')
  })
  const own = await ada.send('GET', '/auth/csrf', { headers: { Origin: origin } })
  expect([own.status, own.headers.get('cache-control')]).toEqual([200, 'no-store'])
})

test('CSRF-01, CSRF-15: a route of the host’s own passes the same gates', async () => {
  const open = await claimed()
  const { gate, ada, token } = open
  const cookie = [...ada.jar].map((pair) => pair.join('=')).join('; ')
  const ask = async (headers: Record<string, string>) => {
    const all = { Cookie: cookie, Origin: origin, 'X-CSRF-Token': token, ...headers }
    const request = new Request(`${origin}/orders`, { method: 'POST', headers: all })
    return gate.callerOf(request, { address: '198.51.100.7' })
  }
  const fine = await ask({})
  expect(fine.ok && fine.user.username).toBe('ada')
  const said = await unharmed(open, async () => {
    for (const headers of [
      { 'X-CSRF-Token': '' },
      { 'X-CSRF-Token': 'AAAA' },
      { Origin: 'https://evil.test' },
      { 'Sec-Fetch-Site': 'same-site' },
    ]) {
      const refused = await ask(headers as Record<string, string>)
      expect(refused).toMatchObject({ ok: false, code: 'csrf_rejected' })
      expect(!refused.ok && refused.response.status).toBe(403)
    }
  })
  expect(said).toHaveLength(4)
})
