/**
 * Sockets on two real servers over one database: one ticket opens one socket however many try it
 * (WS-04), and what is revoked on one server closes on the other (WS-06). `npm run campaign -- sockets`
 * does it as often as the design asks for.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { held } from './campaigns/report.ts'
import { type Closed, type Dialled, dial, type Streamed, stream, ticketOf } from './gate/sockets.ts'
import { altered } from './server/altered.ts'
import { password } from './server/browser.ts'
import { type Pair, pair, places } from './server/pair.ts'

const campaign = process.env.CAMPAIGN !== undefined
const [rounds, ends, many] = campaign ? [300, 100, 2_000] : [8, 3, 100]
const timeout = campaign ? 1_800_000 : 60_000
const clients = 50
const env = {
  SALLYPORT_SESSION_ACCESS_LIFETIME: '2h',
  SALLYPORT_STEP_UP_WINDOW: '2h',
  SALLYPORT_SOCKET_PER_SESSION: '1000',
}

type Tab = ReturnType<Pair['tab']>

const origin = ({ nodes }: Pair) => nodes[0].origin
const portOf = ({ nodes }: Pair, node: 0 | 1) => nodes[node].port

async function claimed(two: Pair): Promise<Tab> {
  const ada = two.tab(0)
  expect((await ada.setUp(two.nodes[0].setupToken)).status).toBe(201)
  return ada
}

const open = async (two: Pair, node: 0 | 1, who: Tab): Promise<Dialled> => {
  const dialled = await dial(
    portOf(two, node),
    { ticket: await ticketOf(who as never) },
    origin(two),
  )
  expect(dialled.status).toBe(101)
  return dialled
}

const streamAt = (two: Pair, node: 0 | 1, who: Tab): Promise<Streamed> =>
  stream(portOf(two, node), who.jar, {}, new URL(origin(two)).host)

/** Fifty at once with one ticket, over both nodes. @returns How many opened. */
async function rush(two: Pair, ada: Tab): Promise<number> {
  const ticket = await ticketOf(ada as never)
  const got = await Promise.all(
    Array.from({ length: clients }, (_, n) =>
      dial(portOf(two, n % 2 === 0 ? 0 : 1), { ticket }, origin(two)),
    ),
  )
  const opened = got.filter(({ status }) => status === 101)
  for (const { socket } of opened) socket.terminate()
  expect(got.every(({ status }) => status === 101 || status === 401)).toBe(true)
  return opened.length
}

/** The value that 99 of 100 are not above. */
const p99 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1] ?? 0

/** Everything that ends a session, and why it says it did. */
const endings: readonly [string, string, (eve: Person, ada: Tab, two: Pair) => Promise<unknown>][] =
  [
    ['revoked', 'revoked', ({ sid }, ada) => ada.send('DELETE', `/auth/sessions/${sid}`)],
    ['logout', 'logout', ({ who }) => who.send('POST', '/auth/logout')],
    [
      'disabled',
      'user_disabled',
      ({ id }, ada) => ada.send('PATCH', `/users/${id}`, { json: { disabled: true } }),
    ],
    ['reset', 'password_changed', ({ id }, ada) => ada.send('POST', `/users/${id}/reset-password`)],
    ['all', 'revoked', ({ id }, ada) => ada.send('POST', `/users/${id}/revoke-sessions`)],
    // One session is all that anybody may have there.
    ['evicted', 'evicted', ({ name }, _, two) => two.tab(0).logIn(name)],
    ['deleted', 'user_disabled', ({ id }, ada) => ada.send('DELETE', `/users/${id}`)],
    [
      'changed',
      'password_changed',
      ({ who }) => {
        const json = { currentPassword: password, newPassword: `${password}, another` }
        return who.send('POST', '/auth/change-password', { json })
      },
    ],
    ['replayed', 'replay', replay],
  ]

/** Somebody comes with the cookies from before the last renewal but one. */
async function replay({ who }: Person, _: Tab, two: Pair): Promise<void> {
  const old = new Map(who.jar)
  for (let n = 0; n < 2; n++) expect((await who.send('POST', '/auth/refresh')).status).toBe(200)
  expect((await two.tab(0, old).send('POST', '/auth/refresh')).status).toBe(401)
}

interface Person {
  readonly id: string
  readonly name: string
  readonly sid: string
  readonly who: Tab
}

/** Somebody new, signed in on the first node with a password that need not be changed. */
async function person(two: Pair, ada: Tab, name: string): Promise<Person> {
  const json = { username: name, role: 'member', password }
  const made = await ada.send('POST', '/users', { json })
  expect(made.status).toBe(201)
  await two.query(`update users set "mustChangePassword" = 0, "temporaryUntil" = null
    where username = '${name}'`)
  const who = two.tab(0)
  const { id } = made.json.user
  return { id, name, sid: (await who.logIn(name)).json.session.id, who }
}

interface Took {
  readonly sinceRequest: number
  readonly sinceAnswer: number
}

/** How long it took sockets on both nodes and a stream on the other to close. */
async function measure(two: Pair, ada: Tab, times: number): Promise<Took[]> {
  const took: Took[] = []
  for (let n = 0; n < times; n++) {
    const [name, reason, end] = endings[n % endings.length] ?? []
    if (!name || !reason || !end) throw new Error('no ending')
    const eve = await person(two, ada, `${name}-${n}`)
    const here = await open(two, 0, eve.who)
    const there = await open(two, 1, eve.who)
    const events = await streamAt(two, 1, eve.who)
    await events.hears(/welcome/)
    const began = performance.now()
    await end(eve, ada, two)
    const answered = performance.now()
    const closed: Closed[] = await Promise.all([here.closed, there.closed])
    for (const { code, reason: why } of closed)
      expect([name, code, why]).toEqual([name, 4401, reason])
    for (const at of [await events.ended, ...closed.map((one) => one.at)])
      took.push({ sinceRequest: at - began, sinceAnswer: Math.max(at - answered, 0) })
    expect(events.text()).toContain(`event: revoked\ndata: {"reason":"${reason}"}`)
  }
  return took
}

const told = (took: readonly Took[]): string => {
  const [request, answer] = (['sinceRequest', 'sinceAnswer'] as const).map((since) =>
    Math.round(p99(took.map((one) => one[since]))),
  )
  return `${took.length} closings: p99 ${request} ms after the request, ${answer} ms after the answer`
}

/** The same for the report. */
const closed = (took: readonly Took[]) => ({
  closings: took.length,
  'p99 after the request, ms': Math.round(p99(took.map(({ sinceRequest }) => sinceRequest))),
  'p99 after the answer, ms': Math.round(p99(took.map(({ sinceAnswer }) => sinceAnswer))),
})

describe.each(Object.entries(places))('two servers over %s', (name, place) => {
  test(`WS-04: ${rounds} rounds of fifty with one ticket: one each`, {
    timeout,
  }, async ({ annotate }) => {
    const two = await pair(place, { ...env, ...altered('tells lost tries') })
    const ada = await claimed(two)
    for (let n = 1; n <= rounds; n++) expect([n, await rush(two, ada)]).toEqual([n, 1])
    const lost = two.nodes.flatMap(({ stderr }) => stderr).filter((one) => one === 'lost a try')
    // They did meet: what one node had been shown, the other had used up by the time it wrote.
    expect(lost.length).toBeGreaterThan(0)
    held(`fifty with one ticket, ${name}`, { rounds, 'lost tries': lost.length })
    await annotate(`${rounds} rounds of ${clients}, ${lost.length} lost tries`)
  })

  test('and it would not hold unless every write had to meet what was shown', {
    timeout,
  }, async () => {
    const careless = [
      'compares no revisions',
      'minds no missed write',
      'minds no missed write there',
    ] as const
    const two = await pair(place, { ...env, ...altered(...careless) })
    const ada = await claimed(two)
    let opened = 1
    for (let n = 0; opened === 1 && n < 40; n++) opened = await rush(two, ada).catch(() => 2)
    expect(opened).not.toBe(1)
  })

  test('L13: five tickets are pending and no more, however many are asked for at once', {
    timeout,
  }, async () => {
    const two = await pair(place, env)
    const ada = await claimed(two)
    const tabs = [ada, two.tab(1, ada.jar)]
    for (let n = 0; n < (campaign ? 20 : 2); n++) {
      const got = await Promise.all(
        Array.from({ length: 20 }, (_, at) => tabs[at % 2]?.send('POST', '/auth/ws-ticket')),
      )
      const statuses = got.map((one) => one?.status).sort()
      expect(statuses).toEqual([...Array(5).fill(201), ...Array(15).fill(429)])
      await two.query('delete from tickets')
    }
  })

  test('WS-06, L20, R1.12: what ends a session on one node closes it on both, within a second', {
    timeout,
  }, async ({ annotate }) => {
    const two = await pair(place, { ...env, SALLYPORT_SESSION_LIMIT: '1' })
    const ada = await claimed(two)
    const took = await measure(two, ada, Math.max(ends, endings.length))
    expect(p99(took.map(({ sinceAnswer }) => sinceAnswer))).toBeLessThan(1_000)
    held(`closed elsewhere, ${name}`, closed(took))
    await annotate(told(took))
    // Renewing does not close it, on whichever node.
    const socket = await open(two, 1, ada)
    expect((await ada.send('POST', '/auth/refresh')).status).toBe(200)
    await pause(300)
    expect(socket.socket.readyState).toBe(1)
  })
})

describe('two servers that cannot hear each other as they should', () => {
  const place = places['one PostgreSQL']

  test('it is heard of within the lease and a second when nobody gives a hint', {
    timeout,
  }, async ({ annotate }) => {
    const two = await pair(place, {
      ...env,
      ...altered('hears no hints'),
      SALLYPORT_SESSION_LIMIT: '1',
    })
    const ada = await claimed(two)
    const took = await measure(two, ada, Math.max(Math.floor(ends / 2), 3))
    expect(p99(took.map(({ sinceRequest }) => sinceRequest))).toBeLessThan(2_000)
    held('closed elsewhere without hints', closed(took))
    await annotate(told(took))
  })

  test('and it would not close if nobody watched', { timeout }, async () => {
    const two = await pair(place, { ...env, ...altered('watches nothing') })
    const ada = await claimed(two)
    const eve = await person(two, ada, 'eve')
    const socket = await open(two, 1, eve.who)
    await ada.send('DELETE', `/auth/sessions/${eve.sid}`)
    expect(await Promise.race([socket.closed, pause(1_500, 'open still')])).toBe('open still')
  })

  test('a server that was stopped closes what ended meanwhile as soon as it goes on', {
    timeout,
  }, async () => {
    const two = await pair(place, env)
    const ada = await claimed(two)
    const eve = await person(two, ada, 'eve')
    const socket = await open(two, 1, eve.who)
    two.nodes[1].signal('SIGSTOP')
    onTestFinished(() => two.nodes[1].signal('SIGCONT'))
    expect((await ada.send('DELETE', `/auth/sessions/${eve.sid}`)).status).toBe(204)
    await pause(500)
    two.nodes[1].signal('SIGCONT')
    const went = performance.now()
    const { at, code } = await socket.closed
    // It may not have been able to tell why, by then.
    expect([4401, 1013]).toContain(code)
    expect(at - went).toBeLessThan(1_500)
  })

  test('a server that is told to stop closes what is open, and ends well', {
    timeout,
  }, async () => {
    const two = await pair(place, env)
    const ada = await claimed(two)
    const socket = await open(two, 1, ada)
    const events = await streamAt(two, 1, ada)
    await events.hears(/welcome/)
    const began = performance.now()
    expect(await two.nodes[1].stop()).toEqual({ code: 0, signal: null })
    expect(await socket.closed).toMatchObject({ code: 1001, reason: 'going away' })
    await events.ended
    expect(events.text()).not.toContain('revoked')
    expect(performance.now() - began).toBeLessThan(5_000)
    // The other one has heard nothing that would close its own.
    const here = await open(two, 0, ada)
    await pause(300)
    expect(here.socket.readyState).toBe(1)
  })

  test('WS-12: no ticket is in what a server says', { timeout }, async () => {
    const two = await pair(place, env)
    const ada = await claimed(two)
    const good = await ticketOf(ada as never)
    const bad = 'b'.repeat(43)
    for (const ticket of [good, bad, good])
      await dial(portOf(two, 1), { ticket, path: '/api/v1/ws?ticket=t' }, origin(two))
    await two.nodes[1].line(/"path":"\/api\/v1\/ws".*"status":401/)
    const said = two.nodes.flatMap(({ stdout, stderr }) => [...stdout, ...stderr]).join('\n')
    for (const secret of [good, bad, 'ticket=t']) expect(said).not.toContain(secret)
  })

  test('presence is counted over both, and what a dead node had counted is forgotten', {
    timeout,
  }, async () => {
    const two = await pair(place, { ...env, SALLYPORT_REVOCATION_LEASE: '250ms' })
    const ada = await claimed(two)
    const eve = await person(two, ada, 'eve')
    const watcher = await open(two, 0, ada)
    watcher.say({ action: 'subscribe', channels: ['presence'] })
    const tells = (connections: number) => {
      const from = watcher.heard.length
      return watcher.hears((said) => {
        const { userId, connections: n } = (said.payload ?? {}) as Record<string, unknown>
        return watcher.heard.indexOf(said) >= from && userId === eve.id && n === connections
      })
    }
    const both = tells(3)
    await Promise.all([open(two, 0, eve.who), open(two, 1, eve.who), open(two, 1, eve.who)])
    await both
    const alone = tells(1)
    await two.nodes[1].kill()
    await alone
  })
})

test(`${many} sockets on one node: all hear, and all close with their session`, {
  timeout,
}, async ({ annotate }) => {
  const two = await pair(places['one SQLite file'], {
    ...env,
    SALLYPORT_SOCKET_PER_SESSION: '2000',
  })
  const ada = await claimed(two)
  const other = two.tab(0)
  await other.logIn()
  const memory = () => residentOf(two.nodes[1].pid)
  const before = memory()
  const all: Dialled[] = []
  for (let n = 0; n < many; n += 5)
    all.push(...(await Promise.all(Array.from({ length: 5 }, () => open(two, 1, other)))))
  const each = (memory() - before) / many
  const me = await ada.send('GET', '/auth/me')
  const began = performance.now()
  await ada.send('PATCH', `/users/${me.json.user.id}`, { json: { displayName: 'Ada' } })
  await Promise.all(
    all.map(({ hears }) => hears(({ event_type }) => event_type === 'user.updated')),
  )
  const heard = performance.now() - began
  const ending = performance.now()
  await ada.send('POST', '/auth/sessions/revoke-others')
  const closed = await Promise.all(all.map((one) => one.closed))
  expect(new Set(closed.map(({ code }) => code))).toEqual(new Set([4401]))
  const last = Math.max(...closed.map(({ at }) => at)) - ending
  expect(last).toBeLessThan(campaign ? 2_000 : 1_000)
  const times = { 'all told, ms': Math.round(heard), 'all closed, ms': Math.round(last) }
  held('on one node', { sockets: many, ...times })
  await annotate(
    `${many} sockets: ${each.toFixed(1)} KB each, all told in ${Math.round(heard)} ms, all closed in ${Math.round(last)} ms`,
  )
})

/** Kilobytes of memory a process holds. */
const residentOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
