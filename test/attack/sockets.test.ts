/**
 * Sockets and streams under attack: the WS and SSE cases of `security.md`. Races between two servers,
 * and how soon what is revoked on one closes on the other, are in `sockets-nodes.test.ts`.
 *
 * @module
 */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { databases, openTestGate, origin } from '../gate/gate.ts'
import { issue } from '../gate/keys.ts'
import { addPerson } from '../gate/people.ts'
import { expectRefused } from '../gate/refusal.ts'
import { awake, dial, host, listening, stream, ticketOf } from '../gate/sockets.ts'
import { password, type Visitor, visitor } from '../gate/visitor.ts'

/** The machine may be busy. */
const patient = { timeout: 10_000 }
const [second, minute, hour] = [1_000, 60_000, 3_600_000]

async function claimed(kind: (typeof databases)[number] = 'sqlite', options = {}) {
  const { clock, now, pass } = awake()
  const open = { ...(await openTestGate(kind, { clock, ...options })), now, pass }
  const ada = visitor(open.gate)
  const { user, session } = (await ada.setUp()).json
  await open.recorded()
  const { port } = await listening(open.gate)
  return { ...open, ada, adaId: user.id, sid: session.id, port }
}

const cookieOf = ({ jar }: Visitor) => [...jar].map((pair) => pair.join('=')).join('; ')
const dialAs = async (port: number, who: Visitor) => dial(port, { ticket: await ticketOf(who) })

describe.each(databases)('on %s', (kind) => {
  test('WS-01: from no page of ours nothing opens, and the ticket is still good', async () => {
    const { port, ada, query, recorded } = await claimed(kind)
    const ticket = await ticketOf(ada)
    const astray = [
      undefined,
      '',
      'null',
      'https://evil.test',
      'http://app.example.test',
      'https://app.example.test.evil.test',
      'https://app.example.test:443',
      'https://app.example.test/',
      'https://APP.example.test',
      'https://xapp.example.test',
      'wss://app.example.test',
    ]
    for (const from of astray) {
      const got = await dial(port, { ticket, headers: { Origin: from } })
      expect([from, got.status, got.problem.code]).toEqual([from, 403, 'csrf_rejected'])
    }
    expect((await recorded()).map(({ type }) => type)).toEqual(astray.map(() => 'csrf.rejected'))
    expect(await query('select id from tickets')).toHaveLength(1)
    expect((await dial(port, { ticket })).status).toBe(101)
    expect(await query('select id from tickets')).toHaveLength(0)
  })

  test('WS-03: twice, late, early, bent: no', async () => {
    const { port, ada, pass, query } = await claimed(kind)
    const used = await ticketOf(ada)
    expect((await dial(port, { ticket: used })).status).toBe(101)
    const late = await ticketOf(ada)
    pass(15 * second)
    const early = await ticketOf(ada)
    await query('update tickets set "createdAt" = "createdAt" + 1 where "expiresAt" > 1')
    const good = await ticketOf(ada)
    const bent = [
      used,
      late,
      early,
      good.slice(0, -1),
      `${good}A`,
      good.toLowerCase(),
      'x'.repeat(43),
      'x'.repeat(5_000),
      '',
    ]
    for (const ticket of bent) {
      const got = await dial(port, { ticket })
      expect([ticket, got.status, got.problem.code]).toEqual([ticket, 401, 'not_authenticated'])
    }
    expect((await dial(port, { ticket: good })).status).toBe(101)
  })

  test('WS-05: a ticket ends with its session, its password, its person', async () => {
    const { port, ada, gate, adaId, ...open } = await claimed(kind)
    const ends: [string, string, (eve: Visitor, id: string) => Promise<unknown>][] = [
      ['logout', 'session_revoked', (eve) => eve.send('POST', '/auth/logout')],
      [
        'password',
        'session_revoked',
        (eve) =>
          eve.send('POST', '/auth/change-password', {
            json: {
              currentPassword: password,
              newPassword: 'nine green lanterns over the harbour',
            },
          }),
      ],
      [
        'disabled',
        'session_revoked',
        (_, id) => ada.send('PATCH', `/users/${id}`, { json: { disabled: true } }),
      ],
      ['deleted', 'session_revoked', (_, id) => ada.send('DELETE', `/users/${id}`)],
    ]
    for (const [name, code, deed] of ends) {
      const id = await addPerson(open, name)
      const eve = visitor(gate)
      await eve.logIn(name)
      const ticket = await ticketOf(eve)
      await deed(eve, id)
      const got = await dial(port, { ticket })
      expect([name, got.status, got.problem.code]).toEqual([name, 401, code])
    }
  })

  test('WS-08: it ends when the session runs out, whatever is said over it', async () => {
    const { port, gate, pass, ...open } = await claimed(kind)
    await addPerson(open, 'eve')
    const eve = visitor(gate)
    await eve.logIn('eve')
    const idle = await dialAs(port, eve)
    const events = await stream(port, eve.jar)
    const before = await open.query('select "idleUntil" from sessions order by id')
    for (let n = 0; n < 5; n++) {
      pass(5 * minute)
      idle.say({ action: 'subscribe', channels: [] })
      await idle.hears(() => idle.heard.length > n)
    }
    expect(await open.query('select "idleUntil" from sessions order by id')).toEqual(before)
    pass(5 * minute)
    expect(await idle.closed).toMatchObject({ code: 4401, reason: 'expired' })
    await events.ended
    expect(events.text()).toContain('event: revoked\ndata: {"reason":"expired"}')

    // Activity keeps it, up to the absolute limit.
    await eve.logIn('eve')
    const lasting = await dialAs(port, eve)
    for (let spent = 0; spent < 12 * hour - 20 * minute; spent += 20 * minute) {
      pass(20 * minute)
      expect((await eve.send('GET', '/auth/me')).status).toBe(200)
    }
    expect(await Promise.race([lasting.closed, pause(0, 'open')])).toBe('open')
    pass(20 * minute)
    expect(await lasting.closed).toMatchObject({ code: 4401, reason: 'expired' })
  })

  test('SSE-01: a stream ends with its session, and is told no more than its role', async () => {
    const { port, ada, gate, ...open } = await claimed(kind)
    const id = await addPerson(open, 'eve', { role: 'admin' })
    const eve = visitor(gate)
    await eve.logIn('eve')
    const events = await stream(port, eve.jar)
    await events.hears(/welcome/)
    await ada.send('PATCH', `/users/${open.adaId}`, { json: { displayName: 'seen' } })
    await events.hears(/seen/)
    await ada.send('PATCH', `/users/${id}`, { json: { role: 'member' } })
    await events.hears(/"roleBefore"/)
    await ada.send('PATCH', `/users/${open.adaId}`, { json: { displayName: 'unseen' } })
    await ada.send('PATCH', `/users/${id}`, { json: { disabled: true } })
    await events.ended
    expect(events.text()).toContain('event: revoked\ndata: {"reason":"user_disabled"}')
    expect(events.text()).not.toContain('unseen')
  })
})

test('WS-02: cookies alone open nothing, from wherever', async () => {
  const { port, ada } = await claimed()
  const headers = { Cookie: cookieOf(ada) }
  for (const protocols of [['sallyport'], [], ['sallyport', 'ticket.']]) {
    const own = await dial(port, { protocols, headers })
    expect([own.status, own.problem.code]).toEqual([401, 'not_authenticated'])
    const evil = await dial(port, {
      protocols,
      headers: { ...headers, Origin: 'https://evil.test' },
    })
    expect([evil.status, evil.problem.code]).toEqual([403, 'csrf_rejected'])
  }
  const jwt = { ticket: ada.jar.get('__Host-session') ?? '', headers }
  expect((await dial(port, jwt)).status).toBe(401)
})

test('KEY-04: no key asks for a ticket or for a stream', async () => {
  const { port, ada, gate, ...open } = await claimed()
  const { secret } = await issue(open, ada)
  const headers = { Authorization: `Bearer ${secret}` }
  const asked = await visitor(gate).send('POST', '/auth/ws-ticket', { headers })
  expectRefused(asked, 403, 'forbidden')
  expectRefused(await visitor(gate).send('GET', '/events', { headers }), 403, 'forbidden')
  expect((await dial(port, { ticket: secret.slice(26, 69), headers })).status).toBe(401)
})

describe('WS-09: bounds', () => {
  test('a message too long, or none of text, closes its socket and no other', async () => {
    const { port, ada } = await claimed()
    const [long, fragments, binary, other] = await Promise.all(
      Array.from({ length: 4 }, () => dialAs(port, ada)),
    )
    if (!long || !fragments || !binary || !other) throw new Error('four sockets')
    long.socket.send('x'.repeat(1024 * 1024))
    expect((await long.closed).code).toBe(1009)
    for (let n = 0; n < 20 && fragments.socket.readyState === WebSocket.OPEN; n++)
      fragments.socket.send('x'.repeat(8 * 1024), { fin: false })
    expect((await fragments.closed).code).toBe(1009)
    binary.socket.send(Buffer.from([1, 2, 3]))
    expect((await binary.closed).code).toBe(1003)
    other.say({ action: 'subscribe', channels: [] })
    await other.hears(({ action }) => action === 'subscribed')
    // Nothing is compressed, so nothing can be blown up.
    expect(other.headers['sec-websocket-extensions']).toBeUndefined()
  })

  test('whoever says too much is closed with 4429, and is heard of no more', async () => {
    const { port, ada } = await claimed('sqlite', { socket: { messages: 100 } })
    const socket = await dialAs(port, ada)
    for (let n = 0; n < 10_000; n++) socket.say({ action: 'subscribe', channels: [] })
    expect(await socket.closed).toMatchObject({ code: 4429, reason: 'too many messages' })
    expect(socket.heard.filter(({ action }) => action)).toHaveLength(100)
  })

  test('20 connections of one session, sockets and streams together; one that leaves makes room', async () => {
    const { another, ada, gate } = await claimed()
    // Each node counts its own.
    const { port } = await listening(await another())
    const events = await stream(port, ada.jar)
    const open = []
    for (let n = 0; n < 19; n++) open.push(await dialAs(port, ada))
    const socket = await dialAs(port, ada)
    expect([socket.status, socket.problem.code]).toEqual([429, 'rate_limited'])
    expect(socket.headers['retry-after']).toBe('1')
    expect((await stream(port, ada.jar)).status).toBe(429)
    events.leave()
    open[0]?.socket.terminate()
    await expect.poll(async () => (await dialAs(port, ada)).status, patient).toBe(101)
    // Another session has room of its own.
    const again = visitor(gate)
    await again.logIn('ada')
    expect((await dialAs(port, again)).status).toBe(101)
  })

  test('whoever answers no ping is gone, and whoever reads too slowly as well', async () => {
    const open = await claimed('sqlite', {
      socket: { ping: '1s' },
      channels: (name: string) => name === 'flood',
    })
    const { port, ada, gate } = open
    const dead = await dial(port, { ticket: await ticketOf(ada) })
    dead.socket.pong = () => {}
    const deaf = await dialAs(port, ada)
    deaf.say({ action: 'subscribe', channels: ['flood'] })
    await deaf.hears(({ action }) => action === 'subscribed')
    deaf.socket.pause()
    const big = { text: 'x'.repeat(60_000) }
    for (let n = 0; n < 200; n++) {
      gate.publish('flood', 'water', big)
      if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await dead.closed
    deaf.socket.resume()
    expect((await deaf.closed).code).toBeGreaterThan(1000)
    expect(deaf.heard.length).toBeLessThan(200)
  })
})

test('WS-11: no handshake but the one: plain answers, and nothing falls over', async () => {
  const { port, ada } = await claimed()
  const send = async (first: string, lines: readonly string[]) => {
    const socket = connect(port, '127.0.0.1')
    socket.write([first, `Host: ${host}`, 'Connection: Upgrade', ...lines, '', ''].join('\r\n'))
    setTimeout(() => socket.end(), 300)
    return Number((await text(socket)).split(' ')[1])
  }
  const good = {
    upgrade: 'Upgrade: websocket',
    version: 'Sec-WebSocket-Version: 13',
    key: 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    origin: `Origin: ${origin}`,
  }
  const ws = 'GET /api/v1/ws HTTP/1.1'
  const ticket = await ticketOf(ada)
  const offer = `Sec-WebSocket-Protocol: sallyport, ticket.${ticket}`
  const tried: [string, Record<string, string>, number][] = [
    ['GET /api/v1/other HTTP/1.1', {}, 404],
    ['GET / HTTP/1.1', {}, 404],
    ['GET /api/v1/ws/ HTTP/1.1', {}, 404],
    ['GET /api/v1/x/../ws HTTP/1.1', {}, 400],
    ['GET /api/v1\\ws HTTP/1.1', {}, 400],
    ['GET /api/v1/x\\..\\ws HTTP/1.1', {}, 400],
    ['GET //evil.test/ws HTTP/1.1', {}, 404],
    ['POST /api/v1/ws HTTP/1.1', {}, 405],
    [ws, { key: 'Sec-WebSocket-Key: short' }, 400],
    [ws, { key: `${good.key}\r\n${good.key}` }, 400],
    [ws, { version: 'Sec-WebSocket-Version: 8' }, 400],
    [ws, { upgrade: 'Upgrade: h2c' }, 400],
    [ws, { twice: offer }, 400],
    [ws, { twice: 'Sec-WebSocket-Protocol: sallyport' }, 400],
  ]
  for (const [first, bent, status] of tried) {
    const lines = Object.values({ ...good, offer, ...bent })
    expect([first, bent, await send(first, lines)]).toEqual([first, bent, status])
  }
  expect(await send('GET /api/v1/ws HTTP/1.1', Object.values(good))).toBe(401)
  const elsewhere = await dial(port, { ticket, headers: { Host: 'evil.test' } })
  expect([elsewhere.status, elsewhere.problem.code]).toEqual([421, 'misdirected_request'])
  expect((await dial(port, { ticket })).status).toBe(101)
})

test('SSE-02: no event is had by naming one of somebody else', async () => {
  const { port, ada, gate, ...open } = await claimed()
  await ada.send('PATCH', `/users/${open.adaId}`, { json: { displayName: 'private' } })
  const [own] = await open.query(`select id from audit where type = 'user.updated'`)
  await addPerson(open, 'eve')
  const eve = visitor(gate)
  await eve.logIn('eve')
  const junk = [
    '-1',
    '1 or 1=1',
    "'; drop table audit; --",
    'x'.repeat(5_000),
    '9'.repeat(22_0),
    ' ',
  ]
  for (const id of junk) {
    const got = await eve.send('GET', '/events', { headers: { 'Last-Event-ID': id } })
    expectRefused(got, 400, 'malformed_request', id.slice(0, 40))
  }
  for (const id of [String(own?.id), 'x'.repeat(22)]) {
    const events = await stream(port, eve.jar, { 'last-event-id': id })
    await events.hears(/welcome/)
    await ada.send('PATCH', `/users/${open.adaId}`, { json: { displayName: `private ${id}` } })
    await eve.send('GET', '/auth/me')
    await new Promise((resolve) => setTimeout(resolve, 700))
    expect(events.text()).not.toContain('private')
    events.leave()
  }
})

test('SSE-03: no page of another site or subdomain has a stream', async () => {
  const { port, ada, recorded } = await claimed()
  await recorded()
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: 'https://sibling.example.test' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.test' },
    { origin: 'null' },
  ]) {
    const got = await stream(port, ada.jar, headers)
    expect([headers, got.status]).toEqual([headers, 403])
    expect(got.headers['access-control-allow-origin']).toBeUndefined()
  }
  expect((await recorded()).map(({ type }) => type)).toEqual(Array(5).fill('csrf.rejected'))
  expect((await stream(port, ada.jar)).status).toBe(200)
})

test('handshakes without a ticket count as those of nobody', async () => {
  const limits = { floor: 0, signedIn: 0, login: 0, setup: 0, ticket: 0, anonymous: 3 }
  const { port, ada } = await claimed('sqlite', { limits })
  const statuses = []
  for (let n = 0; n < 5; n++) statuses.push((await dial(port, { ticket: 'x'.repeat(43) })).status)
  expect(statuses).toEqual([401, 401, 401, 429, 429])
  expect((await dialAs(port, ada)).status).toBe(101)
})
