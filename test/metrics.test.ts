/**
 * Metrics: scraped through the whole gate and read as a scraper does; who may, and what moves.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { exposition, histogram } from '../src/http/exposition.ts'
import { databases, noLimits, openTestGate } from './gate/gate.ts'
import { issue, program } from './gate/keys.ts'
import { addPerson } from './gate/people.ts'
import { expectRefused } from './gate/refusal.ts'
import { scrapedFrom } from './gate/scraped.ts'
import { awake, dial, listening, stream, ticketOf } from './gate/sockets.ts'
import { visitor } from './gate/visitor.ts'
import { prometheusReader } from './provision/debian.ts'
import { serve } from './server/process.ts'

describe.each(databases)('on %s', (kind) => {
  test('A scraper with a key reads them, and each moves with what it is about', async () => {
    const open = await openTestGate(kind, { refresh: { enabled: true } })
    const { gate } = open
    const ada = visitor(gate)
    await ada.setUp()
    const { secret } = await issue(open, ada, { scopes: ['metrics:read'] })
    const scraper = program(gate, secret)
    const scrape = async () => {
      const got = await scraper('GET', '/metrics')
      expect([got.status, got.headers.get('content-type')]).toEqual([
        200,
        'text/plain; version=0.0.4; charset=utf-8',
      ])
      return scrapedFrom(got.text)
    }
    await scrape()
    const { types, values: before } = await scrape()
    expect(Object.fromEntries(types)).toEqual({
      sallyport_requests_total: 'counter',
      sallyport_refreshes_total: 'counter',
      sallyport_checks_total: 'counter',
      sallyport_fresh: 'gauge',
      sallyport_lease_age_seconds: 'gauge',
      sallyport_feed_lag_entries: 'gauge',
      sallyport_remembered_records: 'gauge',
      sallyport_barrier_seconds: 'histogram',
      sallyport_password_hashes_total: 'counter',
      sallyport_password_queue_length: 'gauge',
      sallyport_connections: 'gauge',
      sallyport_live_sessions: 'gauge',
    })
    const next = async (name: string) => [before.get(name), (await scrape()).values.get(name)]

    // One of a session, and one of the key that asks.
    await ada.send('GET', '/auth/me')
    const [from = 0, to = 0] = await next('sallyport_checks_total{by="memory"}')
    expect(to - from).toBeGreaterThanOrEqual(2)
    expect(await next('sallyport_fresh')).toEqual([1, 1])
    expect(await next('sallyport_feed_lag_entries')).toEqual([0, 0])
    expect(before.get('sallyport_lease_age_seconds')).toBeLessThan(1)
    expect(before.get('sallyport_remembered_records')).toBeGreaterThan(1)
    expect(before.get('sallyport_password_hashes_total')).toBe(1)
    expect(before.get('sallyport_live_sessions')).toBe(1)

    const other = visitor(gate)
    await other.logIn('ada')
    await visitor(gate).logIn('ada', 'wrong')
    await visitor(gate).send('GET', '/auth/me')
    await ada.send('POST', '/auth/sessions/revoke-others')
    for (const headers of [{}, {}, { 'X-CSRF-Token': null }])
      await ada.send('POST', '/auth/refresh', { headers })
    const { values } = await scrape()
    const grew = (name: string) => (values.get(name) ?? 0) - (before.get(name) ?? 0)
    expect(grew('sallyport_password_hashes_total')).toBe(2)
    // Renewed twice, and once refused.
    expect(grew('sallyport_refreshes_total')).toBe(2)
    expect(grew('sallyport_requests_total{status="4xx"}')).toBe(3)
    expect(grew('sallyport_requests_total{status="5xx"}')).toBe(0)
    expect(grew('sallyport_barrier_seconds_count')).toBeGreaterThanOrEqual(1)
    const buckets = [...values].filter(([name]) => name.startsWith('sallyport_barrier_seconds_b'))
    const counts = buckets.map(([, count]) => count)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
    expect(buckets.at(-1)).toEqual([
      'sallyport_barrier_seconds_bucket{le="+Inf"}',
      values.get('sallyport_barrier_seconds_count'),
    ])
  })

  test('Whoever may not is told so; a scraper comes by any host, and as often as the floor allows', async () => {
    const open = await openTestGate(kind, {
      limits: { ...noLimits, floor: 40, anonymous: 3, signedIn: 3 },
    })
    const { gate } = open
    const ada = visitor(gate, '192.0.2.1')
    await ada.setUp()
    const allowed = (await issue(open, ada, { scopes: ['metrics:read'] })).secret
    const other = (await issue(open, ada, { scopes: ['users:read'] })).secret
    await addPerson(open, 'bob')
    const bob = visitor(gate, '192.0.2.2')
    await bob.logIn('bob')
    const { recorded } = open
    await recorded()
    expectRefused(await bob.send('GET', '/metrics'), 403, 'forbidden')
    expectRefused(await program(gate, other)('GET', '/metrics'), 403, 'forbidden')
    expectRefused(await visitor(gate).send('GET', '/metrics'), 401, 'not_authenticated')
    expect((await recorded()).map(({ type }) => type)).toEqual(['access.refused', 'access.refused'])

    const asked = async (address: string, headers: Record<string, string> = {}) => {
      const request = new Request('http://10.0.0.7:3000/api/v1/metrics', {
        headers: { Authorization: `Bearer ${allowed}`, ...headers },
      })
      return gate.handle(request, { address })
    }
    const got = []
    for (let n = 0; n < 41; n++) got.push((await asked('192.0.2.3')).status)
    expect(got).toEqual([...Array(40).fill(200), 429])
    // Nothing else is answered there.
    const elsewhere = new Request('http://10.0.0.7:3000/api/v1/users', {
      headers: { Authorization: `Bearer ${allowed}` },
    })
    expect((await gate.handle(elsewhere, { address: '192.0.2.4' })).status).toBe(421)
    expect(await recorded()).toEqual([])
  })

  test('Live sessions are counted in slices, without those that are over in any way', async () => {
    const open = await openTestGate(kind, { session: { limit: 0 } })
    const { gate, query, pass } = open
    const ada = visitor(gate)
    await ada.setUp()
    const { secret } = await issue(open, ada, { scopes: ['metrics:read'] })
    const [row] = await query('select * from sessions')
    const columns = Object.keys(row ?? {}).filter((name) => name !== 'id')
    const list = columns.map((name) => `"${name}"`).join()
    const put = (from: number, count: number, set: Record<string, string> = {}) =>
      query(`
        with recursive numbers (n) as
          (select ${from} union all select n + 1 from numbers where n < ${from + count - 1})
        insert into sessions (id, ${list}) select 'many' || n, ${columns
          .map((name) => set[name] ?? `"${name}"`)
          .join()} from sessions, numbers where sessions.id = '${row?.id}'`)
    await put(0, 2_200)
    await put(3_000, 100, { endedAt: '1' })
    await put(4_000, 100, { idleUntil: '1' })
    await put(5_000, 100, { expiresAt: '1' })
    await put(6_000, 100, { userVersion: '0' })
    await put(7_000, 100, { epoch: '99' })
    const scrape = async () =>
      scrapedFrom((await program(gate, secret)('GET', '/metrics')).text).values
    const live = async () => (await scrape()).get('sallyport_live_sessions')
    expect(await live()).toBe(2_201)
    // Not at every scrape.
    await put(8_000, 10)
    expect(await live()).toBe(2_201)
    pass(30_000)
    // A scraper does not wait for them to be counted again.
    expect(await live()).toBe(2_201)
    await expect.poll(live).toBe(2_211)
  })
})

test('The queue for hashing and open connections are told as they grow and shrink', async () => {
  const { clock } = awake()
  const open = await openTestGate('sqlite', { clock, hashing: { workers: 1, memory: 19_456 } })
  const { gate } = open
  const ada = visitor(gate)
  await ada.setUp()
  const { secret } = await issue(open, ada, { scopes: ['metrics:read'] })
  const scraper = program(gate, secret)
  const tells = async (name: string) =>
    scrapedFrom((await scraper('GET', '/metrics')).text).values.get(`sallyport_${name}`)
  const { port } = await listening(gate)
  expect([await tells('password_queue_length'), await tells('connections')]).toEqual([0, 0])

  let left = 8
  const guesses = Array.from({ length: left }, (_, n) =>
    visitor(gate, `192.0.2.${n}`)
      .logIn(`nobody${n}`)
      .finally(() => {
        left -= 1
      }),
  )
  const lengths: (number | undefined)[] = []
  while (left > 0) {
    lengths.push(await tells('password_queue_length'))
    // A scrape reads nothing, and would let nobody else take a turn.
    await turn()
  }
  // On a machine that is busy the last of them may wait too long, and be told so.
  for (const { status } of await Promise.all(guesses)) expect([401, 503]).toContain(status)
  // One is under way, the others wait behind it.
  expect(Math.max(...lengths.map((length) => length ?? Number.NaN))).toBeGreaterThan(2)
  expect(await tells('password_queue_length')).toBe(0)

  const socket = await dial(port, { ticket: await ticketOf(ada) })
  const events = await stream(port, ada.jar)
  await events.hears(/welcome/)
  expect(await tells('connections')).toBe(2)
  socket.socket.close()
  events.leave()
  await expect.poll(() => tells('connections')).toBe(0)
})

test('The standalone server tells its own, and HEAD only that it would', async () => {
  const server = await serve()
  onTestFinished(async () => void (await server.stop()))
  const set = await fetch(`${server.origin}/api/v1/auth/setup`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: server.origin },
    body: JSON.stringify({
      setupToken: server.setupToken,
      username: 'ada',
      password: 'correct horse battery staple',
    }),
  })
  const cookie = set.headers.getSetCookie().map((one) => one.split(';')[0])
  const ask = (method: string) =>
    fetch(`http://127.0.0.1:${server.port}/api/v1/metrics`, {
      method,
      headers: { cookie: cookie.join('; ') },
    })
  const { values } = scrapedFrom(await (await ask('GET')).text())
  expect(values.get('sallyport_requests_total{status="2xx"}')).toBe(1)
  const head = await ask('HEAD')
  expect([head.status, await head.text()]).toEqual([200, ''])
})

test('Numbers, labels and histograms are written as the format has them', () => {
  const written = exposition([
    {
      name: 'a',
      help: 'One line,\nand \\ another',
      type: 'gauge',
      samples: [
        { labels: { said: 'a "b"\\\n' }, value: 1e-7 },
        { labels: { said: 'far' }, value: Number.POSITIVE_INFINITY },
      ],
    },
    {
      name: 'h',
      help: 'Spread.',
      type: 'histogram',
      samples: histogram(
        [
          { bound: 0.5, count: 2 },
          { bound: 1, count: 3 },
        ],
        { sum: 9.5, count: 6 },
      ),
    },
  ])
  expect(written).toBe(`# HELP a One line,\\nand \\\\ another
# TYPE a gauge
a{said="a \\"b\\"\\\\\\n"} 1e-7
a{said="far"} +Inf
# HELP h Spread.
# TYPE h histogram
h_bucket{le="0.5"} 2
h_bucket{le="1"} 5
h_bucket{le="+Inf"} 6
h_sum 9.5
h_count 6
`)
  expect(scrapedFrom(written).values.get('h_bucket{le="1"}')).toBe(5)
})

/** Every sample as the library of Prometheus reads it, by name and labels as they are written. */
const reading = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families as families
print(json.dumps({"types": {f.name: f.type for f in families(text)}, "values": {
  s.name + ("{" + ",".join(f'{k}="{v}"' for k, v in s.labels.items()) + "}" if s.labels else ""): s.value
  for f in families(text) for s in f.samples}} if (text := sys.stdin.read()) else None))
`

test('The client library of Prometheus reads what we write as we do', async () => {
  const python = await prometheusReader()
  const read = (text: string) => {
    const { status, stdout, stderr } = spawnSync(python, ['-c', reading], { input: text })
    return status === 0 ? JSON.parse(String(stdout)) : `refused: ${stderr}`
  }
  const open = await openTestGate('sqlite', { refresh: { enabled: true } })
  const ada = visitor(open.gate)
  await ada.setUp()
  await ada.send('POST', '/auth/refresh')
  const { secret } = await issue(open, ada, { scopes: ['metrics:read'] })
  const { text } = await program(open.gate, secret)('GET', '/metrics')
  const { types, values } = scrapedFrom(text)
  const told = read(text)
  expect(told.values).toEqual(Object.fromEntries(values))
  // It names counters without what ends their names.
  const named = [...types].map(([name, type]) => [name.replace(/_total$/, ''), type])
  expect(told.types).toEqual(Object.fromEntries(named))
  expect(read(text.replace('sallyport_fresh 1', 'sallyport_fresh one'))).toMatch(/^refused/)
})
