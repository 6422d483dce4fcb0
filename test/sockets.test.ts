/**
 * Sockets and event streams at one gate: let in by a ticket, told what may be heard, held to bounds,
 * ended with the session. What other nodes do to them is in `sockets-nodes.test.ts`.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { databases, openTestGate, origin } from './gate/gate.ts'
import { addPerson } from './gate/people.ts'
import { expectRefused } from './gate/refusal.ts'
import { awake, dial, listening, stream, ticketOf } from './gate/sockets.ts'
import { type Visitor, visitor } from './gate/visitor.ts'

/** The machine may be busy. */
const patient = { timeout: 10_000 }
const [second, minute] = [1_000, 60_000]

async function claimed(kind: (typeof databases)[number] = 'sqlite', options = {}) {
  const { clock, now, pass } = awake()
  const open = { ...(await openTestGate(kind, { clock, ...options })), now, pass }
  const ada = visitor(open.gate)
  const { user, session } = (await ada.setUp()).json
  await open.recorded()
  const { port, live } = await listening(open.gate)
  return { ...open, ada, adaId: user.id, sid: session.id, port, live }
}

async function member({ gate, ...open }: Awaited<ReturnType<typeof claimed>>, name: string) {
  const id = await addPerson(open, name)
  const who = visitor(gate)
  const sid = (await who.logIn(name)).json.session.id
  return { id, who, sid }
}

const dialAs = async (port: number, who: Pick<Visitor, 'send'>) =>
  dial(port, { ticket: await ticketOf(who) })

describe.each(databases)('on %s', (kind) => {
  test('L17: a ticket opens one socket, which hears of its person alone', async () => {
    const open = await claimed(kind)
    const { port, ada, adaId, pass } = open
    const eve = await member(open, 'eve')
    const got = await eve.who.send('POST', '/auth/ws-ticket')
    expect([got.status, got.json]).toEqual([
      201,
      { ticket: expect.stringMatching(/^[\w-]{43}$/), expiresIn: 15 },
    ])
    pass(second)
    const one = await dial(port, { ticket: String(got.json.ticket) })
    expect([one.status, one.headers['sec-websocket-protocol']]).toEqual([101, 'sallyport'])
    const again = await dial(port, { ticket: String(got.json.ticket) })
    expect([again.status, again.problem.code]).toEqual([401, 'not_authenticated'])

    one.say({ action: 'subscribe', channels: [`user:${adaId}`, 'security', 'nothing'] })
    expect(await one.hears(({ action }) => action === 'subscribed')).toEqual({
      action: 'subscribed',
      channels: [`user:${eve.id}`],
    })
    pass(second)
    await ada.send('PATCH', `/users/${adaId}`, { json: { displayName: 'Ada' } })
    await ada.send('PATCH', `/users/${eve.id}`, { json: { displayName: 'Eve' } })
    const event = await one.hears(({ channel }) => channel !== undefined)
    expect(event).toMatchObject({
      event_type: 'user.updated',
      channel: `user:${eve.id}`,
      timestamp: new Date(open.now()).toISOString(),
      payload: { type: 'user.updated', subject: `user:${eve.id}`, address: null, session: null },
    })
    expect(one.heard.filter(({ channel }) => channel !== undefined)).toHaveLength(1)
  })

  test('it closes when its session is over, with why; renewing does not close it', async () => {
    const open = await claimed(kind, { refresh: { enabled: true } })
    const { port, ada, pass } = open
    const eve = await member(open, 'eve')
    const socket = await dialAs(port, eve.who)
    const events = await stream(port, eve.who.jar)
    pass(minute)
    expect((await eve.who.send('POST', '/auth/refresh')).status).toBe(200)
    socket.say({ action: 'subscribe', channels: [] })
    await socket.hears(({ action }) => action === 'subscribed')
    expect(socket.socket.readyState).toBe(1)

    await ada.send('DELETE', `/auth/sessions/${eve.sid}`)
    expect(await socket.closed).toMatchObject({ code: 4401, reason: 'revoked' })
    await events.ended
    expect(events.text()).toMatch(/event: revoked\ndata: {"reason":"revoked"}\n\n$/)
  })

  test.each([
    ['signing out', 'logout', (who: Visitor) => who.send('POST', '/auth/logout')],
    ['a new role', undefined, undefined],
  ])('%s', async (_, reason, deed) => {
    const open = await claimed(kind)
    const { port, ada } = open
    const id = await addPerson(open, 'eve', { role: 'admin' })
    const eve = visitor(open.gate)
    await eve.logIn('eve')
    const socket = await dialAs(port, eve)
    socket.say({ action: 'subscribe', channels: ['security', 'presence'] })
    const all = ['presence', 'security', `user:${id}`]
    expect(await socket.hears(({ action }) => action === 'subscribed')).toMatchObject({
      channels: all,
    })
    if (deed) {
      await deed(eve)
      expect(await socket.closed).toMatchObject({ code: 4401, reason })
      return
    }
    await ada.send('PATCH', `/users/${id}`, { json: { role: 'member' } })
    // The socket stays, and leaves what is not allowed any more.
    expect(await socket.hears(({ action }) => action === 'unsubscribed')).toMatchObject({
      channels: all.filter((name) => name !== 'security'),
    })
    socket.say({ action: 'subscribe', channels: ['security'] })
    await socket.hears(({ action }) => action === 'subscribed' && socket.heard.length > 2)
    expect(socket.heard.at(-1)).not.toMatchObject({ channels: all })
  })
})

test('what a socket says is answered in the words of the contract, and it stays open', async () => {
  const open = await claimed()
  const { port, ada, adaId } = open
  const socket = await dialAs(port, ada)
  const own = `user:${adaId}`
  const eleven = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`f${n}`, n]))
  const asked: [unknown, object][] = [
    ['{', { error: 'Invalid JSON' }],
    [[], { error: 'Expected JSON object' }],
    ['null', { error: 'Expected JSON object' }],
    [{ action: 'auth', ticket: 'x' }, { error: 'Unknown action' }],
    [{ action: 'subscribe' }, { error: 'channels must be a list of strings' }],
    [{ action: 'subscribe', channels: [1] }, { error: 'channels must be a list of strings' }],
    [{ action: 'subscribe', channels: [], filters: [] }, { error: 'filters must be an object' }],
    [{ action: 'subscribe', channels: [], filters: eleven }, { error: 'Filter bounds exceeded' }],
    [
      { action: 'subscribe', channels: [], filters: { x: 'y'.repeat(257) } },
      { error: 'Filter bounds exceeded' },
    ],
    [
      { action: 'subscribe', channels: ['security', 'nowhere'] },
      { action: 'subscribed', channels: ['security', own] },
    ],
    [
      { action: 'unsubscribe', channels: ['security', 'nowhere'] },
      { action: 'unsubscribed', channels: [own] },
    ],
  ]
  for (const [index, [said, answer]] of asked.entries()) {
    socket.say(said)
    await socket.hears(() => socket.heard.length > index)
    expect(socket.heard[index]).toEqual(answer)
  }
})

test('a host has channels of its own, with filters that stay, go and change', async () => {
  const asked: string[] = []
  const channels = (name: string, { user }: { user: { username: string } }) => {
    asked.push(`${user.username} ${name}`)
    return name === 'orders' ? user.username === 'ada' : undefined
  }
  const open = await claimed('sqlite', { channels })
  const { port, ada, gate } = open
  const eve = await member(open, 'eve')
  const [mine, theirs] = [await dialAs(port, ada), await dialAs(port, eve.who)]
  const subscribe = async (socket: typeof mine, filters?: object) => {
    const before = socket.heard.length
    socket.say({ action: 'subscribe', channels: ['orders', 'user:made-up'], filters })
    await socket.hears(() => socket.heard.length > before)
  }
  const tell = (n: number, colour: string) => gate.publish('orders', 'placed', { n, colour })
  await subscribe(mine, { colour: 'red' })
  await subscribe(theirs)
  tell(1, 'red')
  tell(2, 'blue')
  await subscribe(mine)
  tell(3, 'blue')
  tell(4, 'red')
  await subscribe(mine, {})
  tell(5, 'blue')
  await mine.hears(({ payload }) => (payload as { n?: number } | undefined)?.n === 5)
  const orders = mine.heard.filter(({ channel }) => channel === 'orders')
  expect(orders.map(({ payload }) => (payload as { n: number }).n)).toEqual([1, 4, 5])
  expect(orders[0]).toMatchObject({ event_type: 'placed', payload: { n: 1, colour: 'red' } })
  expect(theirs.heard.filter(({ channel }) => channel === 'orders')).toEqual([])
  expect(asked.filter((name) => !/ orders$/.test(name))).toEqual([])
})

test('a host lets sockets of its own in, and is told when their session is over', async () => {
  const open = await claimed()
  const { gate, ada, adaId, sid, recorded } = open
  const refused = await gate.admit('no ticket', origin)
  expect(refused).toMatchObject({ ok: false, code: 'not_authenticated' })
  expect(!refused.ok && refused.response.status).toBe(401)
  const ticket = await ticketOf(ada)
  await recorded()
  for (const from of [undefined, null, '', 'null', 'https://evil.test'])
    expect(await gate.admit(ticket, from)).toMatchObject({ ok: false, code: 'csrf_rejected' })
  expect((await recorded()).map(({ type }) => type)).toEqual(Array(5).fill('csrf.rejected'))
  const admitted = await gate.admit(ticket, origin)
  if (!admitted.ok) throw new Error(admitted.code)
  expect(admitted.caller).toMatchObject({
    user: { id: adaId, role: 'owner' },
    session: { id: sid },
  })
  expect(await gate.admit(ticket, origin)).toMatchObject({ ok: false, code: 'not_authenticated' })

  const ended = new Promise((resolve) => {
    admitted.ended.addEventListener('abort', () => resolve(admitted.ended.reason))
  })
  await ada.send('PATCH', `/users/${adaId}`, { json: { displayName: 'Ada' } })
  await expect.poll(() => admitted.caller.user.displayName, patient).toBe('Ada')
  await ada.send('POST', '/auth/logout')
  expect(await ended).toEqual({ code: 4401, reason: 'logout' })
})

test('tickets: five pending, so many a minute, for a page of a listed origin', async () => {
  const limits = { floor: 0, anonymous: 0, signedIn: 0, login: 0, setup: 0, ticket: 11 }
  const allowedOrigins = ['https://other.example.test']
  const open = await claimed('sqlite', { limits, allowedOrigins })
  const { ada, port, pass } = open
  const ask = (json?: object) => ada.send('POST', '/auth/ws-ticket', json ? { json } : {})
  expectRefused(await ask({ origin: 'https://evil.test' }), 422, 'validation_failed')
  expectRefused(await ask({ purpose: 'x' }), 422, 'validation_failed')
  const elsewhere = await ticketOf(ada, { origin: 'https://other.example.test' })
  const [one, ...more] = await Promise.all(Array.from({ length: 6 }, () => ask()))
  const statuses = [one, ...more].map((got) => got?.status).sort()
  expect(statuses).toEqual([201, 201, 201, 201, 429, 429])
  const full = await ask()
  expectRefused(full, 429, 'too_many_tickets')
  expect(full.json.retryAfter).toBe(15)
  // The origin is that of the page which asked, or which was named.
  const astray = await dial(port, { ticket: elsewhere })
  expect([astray.status, astray.problem.code]).toEqual([403, 'forbidden'])
  const from = { ticket: elsewhere, headers: { Origin: 'https://other.example.test' } }
  expect((await dial(port, from)).status).toBe(101)
  expect((await ask()).status).toBe(201)
  pass(15 * second)
  expect((await ask()).status).toBe(201)
  expectRefused(await ask(), 429, 'rate_limited')
  expect(await open.query('select id from tickets')).toHaveLength(1)
})

test('L15: presence: who is there, who comes and who goes, each counted once', async () => {
  const open = await claimed()
  const { port, ada } = open
  const eve = await member(open, 'eve')
  const watcher = await dialAs(port, ada)
  watcher.say({ action: 'subscribe', channels: ['presence'] })
  const tells = (connections: number) =>
    watcher.hears(
      ({ event_type, payload }) =>
        event_type === 'presence.changed' &&
        (payload as { userId: string }).userId === eve.id &&
        (payload as { connections: number }).connections === connections,
    )
  const first = await dialAs(port, eve.who)
  await tells(1)
  const second = await dialAs(port, eve.who)
  await tells(2)
  first.socket.close()
  first.socket.terminate()
  second.socket.close()
  await tells(0)
  await expect.poll(() => open.query('select "userId" from presence'), patient).toHaveLength(1)
})

test('an event stream tells what is recorded, and what was missed after the last id heard', async () => {
  const open = await claimed()
  const { port, ada, adaId, pass } = open
  const eve = await member(open, 'eve')
  pass(second)
  const mine = await stream(port, eve.who.jar)
  expect([mine.status, mine.headers['content-type'], mine.headers['cache-control']]).toEqual([
    200,
    'text/event-stream',
    'no-store',
  ])
  const all = await stream(port, ada.jar)
  await all.hears(/welcome/)
  await ada.send('PATCH', `/users/${adaId}`, { json: { displayName: 'Ada' } })
  await ada.send('PATCH', `/users/${eve.id}`, { json: { displayName: 'Eve' } })
  const heard = await mine.hears(/event: user\.updated\n/)
  const [, id, data] = /id: ([\w-]{22})\nevent: user\.updated\ndata: (.*)\n\n/.exec(heard) ?? []
  expect(JSON.parse(data ?? '')).toMatchObject({ id, subject: `user:${eve.id}`, address: null })
  expect(heard).not.toContain(`"subject":"user:${adaId}"`)
  const everything = await all.hears(/(?:event: user\.updated[\s\S]*){2}/)
  expect(everything).toContain(`user:${adaId}`)
  expect(everything).toMatch(/"seq":\d+/)
  mine.leave()
  pass(second)
  await ada.send('PATCH', `/users/${eve.id}`, { json: { displayName: 'Eva' } })
  const back = await stream(port, eve.who.jar, { 'Last-Event-ID': id ?? '' })
  const missed = await back.hears(/Eva/)
  expect(missed.match(/^event: .*$/gm)).toEqual(['event: user.updated'])
})

test('a server that goes away says so: 1001, streams end, nobody new', async () => {
  const open = await claimed()
  const { port, ada, live } = open
  const socket = await dialAs(port, ada)
  const events = await stream(port, ada.jar)
  await events.hears(/welcome/)
  const ticket = await ticketOf(ada)
  const closing = live.close()
  expect(await socket.closed).toMatchObject({ code: 1001, reason: 'going away' })
  await events.ended
  expect(events.text()).not.toContain('revoked')
  await closing
  const late = await dial(port, { ticket })
  expect([late.status, late.problem.code]).toEqual([503, 'unavailable'])
})

const namesIn = (channels: unknown) => channels as readonly string[]

test('a socket listens to a thousand channels, and no more', patient, async () => {
  const { port, ada, adaId } = await claimed('sqlite', {
    channels: (name: string) => name.startsWith('room:'),
  })
  const one = await dialAs(port, ada)
  const rooms = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => `room:${from + at}`)
  for (let from = 0; from < 900; from += 100)
    one.say({ action: 'subscribe', channels: rooms(from, 100) })
  one.say({ action: 'subscribe', channels: rooms(900, 99) })
  const full = await one.hears(({ channels = [] }) => namesIn(channels).length === 1_000)
  expect(full.channels).toContain(`user:${adaId}`)

  one.say({ action: 'subscribe', channels: ['room:999'] })
  expect(await one.hears(({ error }) => error !== undefined)).toEqual({
    error: 'Too many channels',
  })
  // What is known already is no more, and what is left makes room.
  one.say({ action: 'subscribe', channels: ['room:1'], filters: {} })
  one.say({ action: 'unsubscribe', channels: ['room:0'] })
  one.say({ action: 'subscribe', channels: ['room:999'] })
  const last = await one.hears(({ channels = [] }) => namesIn(channels).includes('room:999'))
  expect(last.channels).toHaveLength(1_000)
  expect(one.heard.filter(({ error }) => error !== undefined)).toHaveLength(1)
})
