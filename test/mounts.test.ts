/**
 * The mounts keep one contract: the same application in every framework, asked the same things over
 * real connections.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { mount as mountExpress } from '../src/mounts/express.ts'
import { openTestGate, origin } from './gate/gate.ts'
import { issue, program } from './gate/keys.ts'
import { addPerson, type Person } from './gate/people.ts'
import { expectRefused, unharmed } from './gate/refusal.ts'
import { awake, dial, stream, ticketOf } from './gate/sockets.ts'
import { type Sending, type Visitor, visitor } from './gate/visitor.ts'
import { hosts } from './mounts/hosts.ts'
import { overHttp } from './mounts/over-http.ts'

const minute = 60_000
/** The machine may be busy. */
const patient = { timeout: 10_000 }
const here = '127.0.0.1'

describe.each(Object.entries(hosts))('through %s', (name, start) => {
  async function opened(options: Parameters<typeof openTestGate>[1] = {}, base = '/api/v1') {
    const open = await openTestGate('sqlite', options)
    const host = await start(open.gate)
    const over = overHttp(host.port)
    /** A browser: at the gate, and with the same cookies at the application around it. */
    const browser = () => {
      const who = visitor(over, '', { base })
      return { ...who, app: visitor(over, '', { base: '', jar: who.jar }) }
    }
    const ada = browser()
    await ada.setUp()
    const person = async (username: string, as: Person = {}) => {
      await addPerson(open, username, as)
      const who = browser()
      await who.logIn(username)
      return who
    }
    await open.recorded()
    return { ...open, host, over, browser, ada, person }
  }
  const get = (who: { app: Visitor }, path: string, headers: Sending['headers'] = {}) =>
    who.app.send('GET', path, { headers })

  test('somebody signs in, is known, and signs out: cookies are set and cleared', async () => {
    const { gate, ada, browser, person } = await opened()
    await person('bob')
    const bob = browser()
    expect(await get(bob, '/who')).toMatchObject({ status: 200, json: 'nobody' })
    expectRefused(await get(bob, '/mine'), 401, 'not_authenticated')
    const signed = await bob.logIn('bob')
    expect([signed.status, signed.set.map((one) => one.split('=')[0])]).toEqual([
      200,
      ['__Host-session', '__Host-csrf', '__Host-device'],
    ])
    expect(signed.set[0]).toMatch(/; Path=\/; Secure; SameSite=Strict; HttpOnly; Max-Age=\d+$/)
    expect((await get(bob, '/mine')).json).toMatchObject({ username: 'bob', by: 'session' })
    expect((await get(bob, '/who')).json).toBe('bob')
    expect((await get(ada, '/mine')).json).toMatchObject({
      username: 'ada',
      permissions: expect.arrayContaining(['users:read']),
    })

    const stolen = [...bob.jar]
    const out = await bob.send('POST', '/auth/logout')
    expect([out.status, out.set.map((one) => one.split('=')[0])]).toEqual([
      204,
      ['__Host-session', '__Host-refresh', '__Host-csrf'],
    ])
    expect(out.set.every((one) => one.endsWith('; Max-Age=0'))).toBe(true)
    for (const [cookie, value] of stolen) bob.jar.set(cookie, value)
    const over = await get(bob, '/mine')
    expectRefused(over, 401, 'session_revoked')
    expect(over.json.reason).toBe('logout')
    expect(gate.basePath).toBe('/api/v1')
  })

  test('each guard lets in whom it should, and refuses others by a problem', async () => {
    const open = await opened()
    const { ada, person, recorded, browser, query, over } = open
    const nobody = browser()
    const bob = await person('bob')
    const vic = await person('vic', { role: 'viewer' })
    const eve = await person('eve', { mustChange: true })
    const sid = await person('sid', { role: 'viewer' })
    const scopes = JSON.stringify([{ role: 'admin', scope: 'department:north' }])
    await query(`update users set scopes = '${scopes}' where username = 'sid'`)
    const { secret } = await issue(open, ada)
    const key = program(over, secret)
    const other = await issue(open, ada, { name: 'other', scopes: ['audit:read'] })
    const asKey = { Authorization: `Bearer ${secret}` }
    const asOther = { Authorization: `Bearer ${other.secret}` }
    await recorded()

    const table = [
      ['/mine', [nobody, 401], [bob, 200], [eve, 'password_change_required'], [asKey, 200]],
      ['/members', [nobody, 401], [vic, 403], [bob, 200], [ada, 200], [asKey, 403]],
      ['/admins', [nobody, 401], [bob, 403], [ada, 200], [asKey, 403]],
      ['/people', [nobody, 401], [bob, 403], [ada, 200], [sid, 403], [asKey, 200], [asOther, 403]],
      ['/sales/north', [nobody, 401], [bob, 403], [ada, 200], [sid, 200], [asKey, 200]],
      ['/sales/south', [nobody, 401], [bob, 403], [ada, 200], [sid, 403], [asOther, 403]],
      ['/danger', [nobody, 401], [bob, 200], [asKey, 403]],
    ] as const
    for (const [path, ...cases] of table) {
      for (const [who, wanted] of cases) {
        const got = await ('app' in who ? get(who, path) : get(browser(), path, who))
        const tried = `${path} ${JSON.stringify('app' in who ? [...who.jar.keys()] : who)}`
        if (wanted === 200) expect([tried, got.status, got.set]).toEqual([tried, 200, []])
        else if (wanted === 401) expectRefused(got, 401, 'not_authenticated', tried)
        else expectRefused(got, 403, wanted === 403 ? 'forbidden' : wanted, tried)
      }
    }
    expect((await recorded()).map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      'access.refused role member',
      'access.refused role member',
      'access.refused role admin',
      'access.refused role admin',
      'access.refused users:read',
      'access.refused users:read',
      'access.refused users:read',
      'access.refused users:read',
      'access.refused users:read',
      'access.refused users:read',
      'access.refused users:read',
      'access.refused api key',
    ])
    expect((await key('GET', '/users')).status).toBe(200)
  })

  test('an unsafe method passes the gates of ours, and its body reaches the application', async () => {
    const open = await opened()
    const { ada, browser } = open
    const sent = await ada.app.send('POST', '/mine', { json: { order: 7 } })
    expect([sent.status, sent.json.sent]).toEqual([200, { order: 7 }])
    expect(await ada.app.send('POST', '/newsletter')).toMatchObject({ status: 200 })
    // Whoever has no cookies of ours has nothing to lose.
    const bare = { headers: { Origin: null, 'Sec-Fetch-Site': null } }
    expect((await browser().app.send('POST', '/newsletter', bare)).status).toBe(200)

    const said = await unharmed(open, async () => {
      const cookie = [...ada.jar].map((pair) => pair.join('=')).join('; ')
      const tries: (readonly [string, Sending['headers'] & {}, number, string])[] = [
        ['/mine', { Origin: 'https://evil.test' }, 403, 'csrf_rejected'],
        ['/mine', { 'Sec-Fetch-Site': 'cross-site' }, 403, 'csrf_rejected'],
        ['/mine', { Origin: null, 'Sec-Fetch-Site': null }, 403, 'csrf_rejected'],
        ['/mine', { 'X-CSRF-Token': null }, 403, 'csrf_rejected'],
        ['/mine', { 'X-CSRF-Token': 'AAAA' }, 403, 'csrf_rejected'],
        ['/newsletter', { Origin: 'https://evil.test' }, 403, 'csrf_rejected'],
        ['/newsletter', { 'Sec-Fetch-Site': 'same-site' }, 403, 'csrf_rejected'],
        ['/mine', { Authorization: 'Bearer sp_x' }, 400, 'malformed_request'],
        ['/mine', { Cookie: `${cookie}; __Host-session=x` }, 400, 'malformed_request'],
      ]
      for (const [path, headers, status, code] of tries)
        expectRefused(
          await ada.app.send('POST', path, { headers }),
          status,
          code,
          JSON.stringify(headers),
        )
    })
    const types = said.map(({ type, address }) => [type, address])
    expect(types).toEqual([
      ...Array(7).fill(['csrf.rejected', here]),
      ['credentials.refused', here],
    ])
  })

  test('what is sensitive asks for the password again', async () => {
    const { ada, pass } = await opened()
    expect((await ada.app.send('POST', '/danger')).status).toBe(200)
    pass(11 * minute)
    const stale = await ada.app.send('POST', '/danger')
    expectRefused(stale, 403, 'step_up_required')
    expect(stale.json.stepUp).toEqual({ within: 600 })
    const proof = { json: { password: 'correct horse battery staple' } }
    expect((await ada.send('POST', '/auth/step-up', proof)).status).toBe(200)
    expect((await ada.app.send('POST', '/danger')).status).toBe(200)
  })

  test.each([
    ['nobody is believed', [], here],
    ['this machine is trusted', [here], '203.0.113.9'],
  ])('the address behind proxies: %s', async (_, trustProxy, address) => {
    const { ada, recorded } = await opened({ trustProxy })
    const headers = { 'X-Forwarded-For': '198.51.100.1, 203.0.113.9' }
    await ada.app.send('POST', '/mine', { headers: { ...headers, 'X-CSRF-Token': 'AAAA' } })
    await ada.send('POST', '/auth/step-up', { json: { password: 'correct horse' }, headers })
    expect((await recorded()).map((line) => line.address)).toEqual([address, address])
  })

  test('bodies for the gate: strict, bounded, typed', async () => {
    const { browser } = await opened()
    const who = browser()
    const json = { 'Content-Type': 'application/json' }
    const large = await who.send('POST', '/auth/login', {
      json: { username: 'ada', password: 'a'.repeat(70_000) },
    })
    // A parser in front answers by itself for what it cannot read; what it could is looked at again.
    const bent = ['{"username":', '{"username":"ada","username":"eve","password":"x"}']
    for (const body of name.includes('parsed before') ? [] : bent) {
      const got = await who.send('POST', '/auth/login', { body, headers: json })
      expectRefused(got, 400, 'malformed_request', body)
    }
    expectRefused(large, 413, 'payload_too_large')
    const form = { 'Content-Type': 'text/plain' }
    const typed = await who.send('POST', '/auth/login', { body: '{}', headers: form })
    expectRefused(typed, 415, 'unsupported_media_type')
    const lacking = await who.send('POST', '/auth/login', { json: { username: 'ada' } })
    expectRefused(lacking, 422, 'validation_failed')
  })

  test('another base path; what is beside it is the application’s', async () => {
    const { ada, over } = await opened({ basePath: '/auth/v2' }, '/auth/v2')
    expect((await ada.send('GET', '/auth/me')).status).toBe(200)
    const beside = visitor(over, '', { base: '', jar: ada.jar })
    for (const path of ['/api/v1/auth/me', '/auth/v2x/auth/me']) {
      const { status, headers } = await beside.send('GET', path)
      expect([path, status, headers.has('x-request-id')]).toEqual([path, 404, false])
    }
  })

  test('HEAD, OPTIONS and methods that there are not', async () => {
    const { ada, browser, over } = await opened({
      allowedOrigins: ['https://www.example.test'],
    })
    const head = await ada.send('HEAD', '/auth/me')
    expect([head.status, head.text]).toEqual([200, ''])
    expectRefused(await ada.send('OPTIONS', '/auth/me'), 405, 'method_not_allowed')
    const asked = {
      Origin: 'https://www.example.test',
      'Sec-Fetch-Site': 'same-site',
      'Access-Control-Request-Method': 'POST',
    }
    const preflight = await browser().send('OPTIONS', '/auth/login', { headers: asked })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([
      204,
      'https://www.example.test',
    ])
    expectRefused(await ada.send('PUT', '/auth/me'), 405, 'method_not_allowed')
    const mine = await visitor(over, '', { base: '', jar: ada.jar }).send('HEAD', '/mine')
    expect([mine.status, mine.text]).toEqual([200, ''])
    const none = await browser().app.send('HEAD', '/mine')
    expect([none.status, none.text, none.headers.get('www-authenticate')]).toEqual([
      401,
      '',
      'Bearer',
    ])
  })

  test('a stream of the application’s comes through, and its faults are its own', async () => {
    const { ada } = await opened()
    const streamed = await ada.app.send('GET', '/stream')
    expect(streamed.text).toBe('one two three')
    const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const broken = await ada.app.send('GET', '/broken')
    told.mockRestore()
    expect([broken.status, broken.set]).toEqual([500, []])
    expect((await get(ada, '/mine')).status).toBe(200)
  })

  test('a path that is another one as a URL is no request of the gate’s', async () => {
    const { host } = await opened()
    const paths = ['x/../auth/setup', '%2e%2e/v1/auth/setup', 'auth/setup#', 'auth\\setup']
    for (const path of paths.map((one) => `/api/v1/${one}`)) {
      const socket = connect(host.port, here)
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: ${new URL(origin).host}\r\nConnection: close\r\n\r\n`,
      )
      const [line] = (await text(socket)).split('\r\n')
      expect([path, line]).toEqual([path, 'HTTP/1.1 400 Bad Request'])
    }
  })

  test(
    'sockets and event streams open, and end with the session or the server',
    patient,
    async () => {
      const clocks = awake()
      const { ada, host, person } = await opened({ clock: clocks.clock })
      const bob = await person('bob')
      const socket = await dial(host.port, { ticket: await ticketOf(bob) })
      const events = await stream(host.port, bob.jar)
      expect([socket.status, events.status]).toEqual([101, 200])
      expect((await dial(host.port, { path: '/elsewhere' })).status).toBe(404)
      const { session } = (await bob.send('GET', '/auth/me')).json
      await ada.send('DELETE', `/auth/sessions/${session.id}`)
      expect(await socket.closed).toMatchObject({ code: 4401, reason: 'revoked' })
      await events.hears(/event: revoked\ndata: \{"reason":"revoked"\}/)
      await events.ended

      const last = await dial(host.port, { ticket: await ticketOf(ada) })
      const following = await stream(host.port, ada.jar)
      await following.hears(/welcome/)
      await host.close()
      expect(await last.closed).toMatchObject({ code: 1001 })
      await following.ended
    },
  )

  test('a socket of the application’s own, by ticket, beside the gate’s', patient, async () => {
    const clocks = awake()
    const { gate, host, ada, person } = await opened({ clock: clocks.clock })
    const bob = await person('bob')
    const own = new WebSocketServer({ noServer: true })
    host.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (request.url !== '/own') return
      own.handleUpgrade(request, socket, head, async (opened) => {
        const [, ticket = ''] =
          /ticket\.(\S+)/.exec(String(request.headers['sec-websocket-protocol'])) ?? []
        const admitted = await gate.admit(ticket, request.headers.origin)
        if (!admitted.ok) return opened.close(4401, admitted.code)
        const { ended, caller, leave } = admitted
        ended.addEventListener('abort', () => opened.close(ended.reason.code, ended.reason.reason))
        opened.on('close', leave).send(JSON.stringify({ hello: caller.user.username }))
      })
    })
    const ticket = await ticketOf(bob)
    const mine = await dial(host.port, { path: '/own', ticket })
    expect(await mine.hears(({ hello }) => hello !== undefined)).toEqual({ hello: 'bob' })
    // It was good once.
    const again = await dial(host.port, { path: '/own', ticket })
    expect(await again.closed).toMatchObject({ code: 4401, reason: 'not_authenticated' })
    const theirs = await dial(host.port, { ticket: await ticketOf(bob) })
    expect(theirs.status).toBe(101)
    const { session } = (await bob.send('GET', '/auth/me')).json
    await ada.send('DELETE', `/auth/sessions/${session.id}`)
    for (const { closed } of [mine, theirs])
      expect(await closed).toMatchObject({ code: 4401, reason: 'revoked' })
  })
})

test('another role or permission than there are is refused when the guard is made', async () => {
  const { gate } = await openTestGate()
  const { guard } = mountExpress(gate)
  expect(() => guard({ role: 'root' as 'owner' })).toThrow('there is no role root')
  expect(() => guard({ permission: 'orders' as 'users:read' })).toThrow('no permission orders')
})

test('in the steady state a guard awaits nothing and makes no request', async () => {
  const { gate } = await openTestGate()
  const ada = visitor(gate)
  await ada.setUp()
  expect((await ada.send('GET', '/auth/me')).status).toBe(200)
  const cookie = [...ada.jar].map((pair) => pair.join('=')).join('; ')
  const headers = { cookie, origin, 'x-csrf-token': ada.jar.get('__Host-csrf') ?? '' }
  const ask = gate.guard({ permission: 'users:read', recent: true })
  const head = (method: string) => ({
    method,
    url: '/mine',
    headers: { get: (of: string) => (headers as Record<string, string>)[of] ?? null },
  })
  const first = ask(head('GET'))
  expect(first).toMatchObject({ ok: true, user: { username: 'ada' } })
  expect(ask(head('POST'))).toBe(first)
  expect(() => Object.assign((first as { user: object }).user, { role: 'viewer' })).toThrow()
})
