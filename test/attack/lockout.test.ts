/**
 * Guessing passwords, and keeping people out by guessing: the LOCK cases of `security.md`. What was
 * looked at is counted in the audit. Limits of requests are off unless a case is about them; those of
 * guesses never are. Races over two processes are in `lockout-nodes.test.ts`.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { logIn } from '../../src/flows/log-in.ts'
import { sweep } from '../../src/flows/sweep.ts'
import { limitsOf } from '../../src/http/limits.ts'
import { saidIn } from '../../src/options.ts'
import { openWorld } from '../../src/world.ts'
import { whole } from '../gate/form.ts'
import { databases, noLimits, openTestGate, origin, secret, setupToken } from '../gate/gate.ts'
import { evaluated, expectResting, filling, guess, guesses, wrong } from '../gate/guesses.ts'
import { addPerson } from '../gate/people.ts'
import { expectRefused } from '../gate/refusal.ts'
import { type Got, password, visitor } from '../gate/visitor.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const codes = (all: readonly Got[]) => all.map(({ json }) => json.code)
const addressOf = (n: number) => `203.0.${n >> 8}.${n & 255}`

/** Everything about an answer but the request id. */
const told = ({ status, headers, text, set }: Got) => {
  const id = headers.get('x-request-id') ?? ''
  return JSON.stringify([status, [...headers], text, set]).replaceAll(id, 'id')
}

describe.each(databases)('on %s', (kind) => {
  test('LOCK-01: ten wrong, then the right one: refused like a wrong one until the rest is over', async () => {
    const { gate, pass, recorded } = await openTestGate(kind)
    await visitor(gate).setUp()
    expect(await guesses(gate, 'ada', 10)).toEqual(filling())
    expect(told(await guess(gate, 'ada', { secret: password }))).toBe(
      told(await guess(gate, 'ada')),
    )
    pass(15 * minute)
    expect((await guess(gate, 'ada', { secret: password })).status).toBe(200)
    const types = (await recorded()).map(({ type }) => type)
    expect(types.filter((type) => type === 'auth.locked')).toHaveLength(1)
  })

  test('LOCK-02: every spelling of a name is one bucket; what cannot be a name is nobody (P7)', async () => {
    const open = await openTestGate(kind)
    await visitor(open.gate).setUp()
    await addPerson(open, 'alice')
    await open.recorded()
    const same = ['alice', 'ALICE', 'Alice', '\uff41lice', 'aLiCe']
    const others = [' alice', 'alice ', 'alice\t', 'alice\0', 'ali\u0441e']
    for (let n = 0; n < 20; n++) {
      const name = [...same, ...others][n % 10] ?? ''
      await guess(open.gate, name, { address: addressOf(n) })
    }
    const said = await open.recorded()
    const alices = said.filter(({ subject }) => subject?.startsWith('user:'))
    expect([alices.length, evaluated(alices)]).toEqual([10, 10])
    for (const name of same) expectResting(await guess(open.gate, name, { secret: password }), 900)
    for (const name of others)
      expectRefused(
        await guess(open.gate, name, { secret: password, address: '198.51.100.99' }),
        401,
        'invalid_credentials',
      )
  })

  test('LOCK-05: of a hundred at once, on one node and on two, ten are looked at', async () => {
    for (const nodes of [1, 2]) {
      const open = await openTestGate(kind)
      const gates = [open.gate, ...(nodes === 2 ? [await open.another()] : [])]
      await visitor(open.gate).setUp()
      await open.recorded()
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, n) =>
          guess(gates[n % nodes] ?? open.gate, 'ada', { address: addressOf(n) }),
        ),
      )
      // On a busy machine some may have waited too long for their hash; those were not looked at.
      const looked = evaluated(await open.recorded())
      expect(looked).toBeLessThanOrEqual(10)
      expect(
        looked + codes(answers).filter((code) => code === 'busy').length,
      ).toBeGreaterThanOrEqual(10)
      const [kept] = await open.query(`select count, failures from attempts where username = 'ada'`)
      expect(kept).toEqual({ count: looked, failures: looked })
    }
  })

  test('LOCK-07: a stranger who keeps a name at rest keeps nobody out who is known', async () => {
    const open = await openTestGate(kind, { refresh: { enabled: true } })
    const { gate, pass } = open
    const [inside, known] = [visitor(gate), visitor(gate)]
    await inside.setUp()
    await known.logIn('ada')
    await known.send('POST', '/auth/logout')
    for (let round = 0; round < 3; round++) {
      await guesses(gate, 'ada', 10, addressOf(round))
      expectResting(
        await guess(gate, 'ada', { secret: password }),
        ([15, 30, 60][round] as number) * 60,
      )
      expect((await inside.send('GET', '/auth/me')).status).toBe(200)
      expect((await inside.send('POST', '/auth/refresh')).status).toBe(200)
      expect((await known.logIn('ada')).status).toBe(200)
      await known.send('POST', '/auth/logout')
      for (const wait of Array(round === 0 ? 3 : 6).fill(5 * minute)) {
        pass(wait)
        expect((await inside.send('POST', '/auth/refresh')).status).toBe(200)
        expect((await inside.send('GET', '/auth/me')).status).toBe(200)
      }
    }
  })

  test('LOCK-11: rests double up to an hour, and a success begins anew', async () => {
    const { gate, pass } = await openTestGate(kind, { lockout: { perAddress: 1_000 } })
    await visitor(gate).setUp()
    for (const minutes of [15, 30, 60, 60]) {
      expect(await guesses(gate, 'ada', 10)).toEqual(filling())
      expectResting(await guess(gate, 'ada'), minutes * 60)
      pass(minutes * minute)
    }
    expect((await guess(gate, 'ada', { secret: password })).status).toBe(200)
    expect(await guesses(gate, 'ada', 10)).toEqual(filling())
    expectResting(await guess(gate, 'ada'), 15 * 60)
  })

  test('LOCK-16: a hundred failures over days close the name to strangers, known or not', {
    timeout: 120_000,
  }, async () => {
    const open = await openTestGate(kind, { lockout: { perAddress: 1_000 } })
    const { gate, pass, recorded, query } = open
    const known = visitor(gate)
    const { id } = (await known.setUp()).json.user
    await known.send('POST', '/auth/logout')
    await recorded()
    for (const name of ['ada', 'nobody'])
      for (let n = 0; n < 12; n++) {
        await guesses(gate, name, 9)
        pass(6 * hour)
      }
    const said = await recorded()
    expect(evaluated(said.filter(({ subject }) => subject === `user:${id}`))).toBe(100)
    expect(evaluated(said.filter(({ subject }) => subject !== `user:${id}`))).toBe(100)
    expect(said.filter(({ type }) => type === 'auth.locked')).toHaveLength(2)
    // However long strangers wait: nothing opens it by itself, and nothing tells the two apart.
    pass(100 * day)
    expect(told(await guess(gate, 'nobody', { secret: password }))).toContain('account_locked')
    expect(told(await guess(gate, 'ada', { secret: password }))).toBe(
      told(await guess(gate, 'nobody', { secret: password })),
    )
    // A success on a trusted device ends the count.
    expect((await known.logIn('ada')).status).toBe(200)
    expect(await query(`select failures from attempts where username = 'ada'`)).toEqual([
      { failures: 0 },
    ])
    expect((await guess(gate, 'ada', { secret: password })).status).toBe(200)
  })

  test('ENUM-01: a name at rest is answered alike, whether it is somebody’s or not', async () => {
    const open = await openTestGate(kind, { lockout: { perAddress: 1_000 } })
    await visitor(open.gate).setUp()
    await addPerson(open, 'disabled', { disabled: true })
    await addPerson(open, 'restricted', { mustChange: true })
    await addPerson(open, 'passwordless', { passwordless: true })
    const names = ['ada', 'nobody', 'disabled', 'restricted', 'passwordless', 'not a name', '']
    const all = new Map<string, string>()
    for (const name of names) {
      const answers: string[] = []
      for (let n = 0; n < 12; n++)
        answers.push(told(await guess(open.gate, name, n === 11 ? { secret: password } : {})))
      all.set(JSON.stringify(answers), name)
    }
    expect([...all.values()]).toHaveLength(1)
    open.pass(15 * minute)
    const again = new Map<string, string>()
    for (const name of names) {
      const answers: string[] = []
      for (let n = 0; n < 11; n++) answers.push(told(await guess(open.gate, name)))
      again.set(JSON.stringify(answers), name)
    }
    expect([...again.values()]).toHaveLength(1)
  })
})

test('LOCK-06: the right password among many is found only when it is one of the first ten', async () => {
  for (const place of [0, 5, 9, 10, 11, 25, 39]) {
    const open = await openTestGate()
    await visitor(open.gate).setUp()
    await open.recorded()
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        guess(open.gate, 'ada', {
          address: addressOf(n),
          ...(n === place && { secret: password }),
        }),
      ),
    )
    const found = answers.filter(({ status }) => status === 200).length
    const looked = evaluated(await open.recorded())
    // Two nodes, or a gate that reads everything first, look at them in an order of their own.
    if (whole) {
      expect([place, found <= 1, looked <= 10 || found === 1]).toEqual([place, true, true])
      continue
    }
    // A right one clears the count: whoever knows it need not guess.
    if (place >= 10) expect([place, found, looked]).toEqual([place, 0, 10])
    else expect([place, found]).toEqual([place, 1])
  }
})

describe('LOCK-09: every other way to try a password or a secret', () => {
  test('goes through the two flows that charge it first', () => {
    const source = join(import.meta.dirname, '../../src')
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    const provers = files.filter(
      (name) =>
        /\.ts$/.test(name) &&
        !/\.test\.ts$/.test(name) &&
        /import \{[^}]*\bprove\b[^}]*\} from '[^']*password\.ts'/.test(
          readFileSync(join(source, name), 'utf8'),
        ),
    )
    expect(provers.sort()).toEqual(['flows/log-in.ts', 'flows/prove.ts'])
    const verifiers = files.filter(
      (name) =>
        /^flows\/.*\.ts$/.test(name) &&
        readFileSync(join(source, name), 'utf8').includes('hasher.verify('),
    )
    expect(verifiers).toEqual(['flows/password.ts'])
  })

  test('the set-up token and foreign refresh tokens: thirty a minute of one address', async () => {
    const open = await openTestGate('sqlite', {
      limits: { ...noLimits, setup: 30, refresh: 30 },
      refresh: { enabled: true },
    })
    // What is counted is counted by each node.
    const stranger = visitor(await open.another())
    const claim = (n: number) =>
      stranger.send('POST', '/auth/setup', { json: { setupToken: `${setupToken}${n}` } })
    const claims: Got[] = []
    for (let n = 0; n < 35; n++) claims.push(await claim(n))
    expect(codes(claims)).toEqual([
      ...Array(30).fill('forbidden'),
      ...Array(5).fill('rate_limited'),
    ])
    // Right or wrong: it is not looked at.
    expectRefused(await stranger.setUp(), 429, 'rate_limited')
    expect((await visitor(open.gate, '198.51.100.8').setUp()).status).toBe(201)
    const headers = { Cookie: '__Host-refresh=AAAA; __Host-csrf=x' }
    const refreshes: Got[] = []
    for (let n = 0; n < 35; n++)
      refreshes.push(await stranger.send('POST', '/auth/refresh', { headers }))
    expect(codes(refreshes).filter((code) => code === 'rate_limited')).toHaveLength(5)
  })
})

describe('LOCK-12: one password for many names', () => {
  const spray = async (addresses: (n: number) => string, count = 40) => {
    const open = await openTestGate()
    await visitor(open.gate).setUp()
    await open.recorded()
    const answers: Got[] = []
    for (let n = 0; n < count; n++)
      answers.push(await guess(open.gate, `name${n}`, { address: addresses(n) }))
    return { ...open, answers, said: await open.recorded() }
  }

  test.each([
    ['one IPv4 address', () => '203.0.113.9'],
    ['the addresses of one /64', (n: number) => `2001:db8:0:1:${(n + 1).toString(16)}::${n + 1}`],
    [
      'one address in four spellings',
      (n: number) =>
        ['203.0.113.9', '::ffff:203.0.113.9', '::ffff:cb00:7109', '0:0:0:0:0:FFFF:CB00:7109'][
          n % 4
        ] ?? '',
    ],
  ])('from %s: thirty, then the address rests', async (_, addresses) => {
    const { answers, said, gate, pass } = await spray(addresses)
    expect(codes(answers)).toEqual([
      ...Array(29).fill('invalid_credentials'),
      ...Array(11).fill('rate_limited'),
    ])
    expectResting(answers[39] as Got, 900, 'rate_limited')
    expect(evaluated(said) + 1).toBe(30)
    const [locked] = said.filter(({ type }) => type === 'auth.locked')
    expect([locked?.subject, JSON.parse(locked?.details ?? '{}').bucket]).toEqual([
      expect.stringMatching(/^address:/),
      'address',
    ])
    // Nobody else is meant, and it is over after a quarter of an hour.
    expect((await guess(gate, 'ada', { secret: password, address: '192.0.2.55' })).status).toBe(200)
    expectResting(
      await guess(gate, 'ada', { secret: password, address: addresses(3) }),
      900,
      'rate_limited',
    )
    pass(15 * minute)
    expect((await guess(gate, 'ada', { secret: password, address: addresses(3) })).status).toBe(200)
  })

  test('from another /64 nothing is charged to this one', async () => {
    const { answers } = await spray((n) => `2001:db8:0:${n}::1`)
    expect(new Set(codes(answers))).toEqual(new Set(['invalid_credentials']))
  })

  test('a right password in between takes back its own guess and no other', async () => {
    const open = await openTestGate()
    await visitor(open.gate).setUp()
    const answers: Got[] = []
    for (let n = 0; n < 30; n++) {
      answers.push(await guess(open.gate, `name${n}`))
      if (n < 29) expect((await guess(open.gate, 'ada', { secret: password })).status).toBe(200)
    }
    expect(codes(answers)).toEqual([...Array(29).fill('invalid_credentials'), 'rate_limited'])
  })
})

test('LOCK-13: what a client writes about its address changes nothing, in limits and in the audit', async () => {
  const open = await openTestGate()
  await visitor(open.gate).setUp()
  await open.recorded()
  const lies = [
    (n: number) => ({ 'X-Forwarded-For': `198.18.0.${n}` }),
    (n: number) => ({ 'X-Forwarded-For': `198.18.0.${n}, 198.18.1.${n}` }),
    () => ({ 'X-Forwarded-For': 'a' }),
    () => ({ 'X-Forwarded-For': '' }),
    () => ({ 'X-Forwarded-For': Array(1_000).fill('198.18.0.1').join(', ') }),
    (n: number) => ({ Forwarded: `for=198.18.0.${n}` }),
    (n: number) => ({ 'X-Real-IP': `198.18.0.${n}` }),
    (n: number) => ({ 'CF-Connecting-IP': `198.18.0.${n}`, 'True-Client-IP': `198.18.0.${n}` }),
  ]
  const answers: Got[] = []
  for (let n = 0; n < 40; n++) {
    const json = { username: `name${n}`, password: wrong }
    const headers = lies[n % lies.length]?.(n) ?? {}
    answers.push(
      await visitor(open.gate, '203.0.113.9').send('POST', '/auth/login', { json, headers }),
    )
  }
  expect(codes(answers).slice(29)).toEqual(Array(11).fill('rate_limited'))
  const said = await open.recorded()
  expect(new Set(said.map(({ address }) => address))).toEqual(new Set(['203.0.113.9']))
})

describe('LOCK-14: names without end', () => {
  test.each(databases)(
    'fill no table: an address adds thirty rows in a quarter of an hour, and they go, on %s',
    async (kind) => {
      const open = await openTestGate(kind)
      await visitor(open.gate).setUp()
      let now = Date.UTC(2026, 0, 1, 12)
      const written = {
        publicOrigin: origin,
        database: open.database,
        secret,
        setupToken,
        limits: noLimits,
      }
      const { world, close } = await openWorld(saidIn(written), {
        now: () => now,
        elapsed: () => now,
      })
      onTestFinished(close)
      // Every answer as for a known name; the hash is left out, it is not what is counted here.
      const { hasher } = world
      const quick = {
        ...world,
        hasher: { ...hasher, verify: async () => ({ ok: true, value: false }) },
      }
      const from = { address: '203.0.113.9', bucket: '203.0.113.9', userAgent: '', came: undefined }
      const rows = async () =>
        Number((await open.query('select count(*) as n from attempts'))[0]?.n)
      const seen = new Set<string>()
      for (let hours = 0; hours < 4; hours++) {
        for (let n = 0; n < 500; n++) {
          const username = `${hours}x${n}${'y'.repeat(n % 90)}`
          const asked = { username, password: wrong, remember: false }
          const done = await logIn(quick as typeof world, asked, from)
          seen.add(done.ok ? 'in' : done.code)
        }
        expect(await rows()).toBe(30 * (hours + 1) + 1)
        now += 15 * minute
      }
      expect(seen).toEqual(new Set(['invalid_credentials', 'rate_limited']))
      // Of what can still matter nothing is removed; after a week nothing of it is left.
      expect([(await sweep(world)).attempts, await rows()]).toEqual([1, 120])
      now += 8 * day
      expect((await sweep(world)).attempts).toBe(120)
      expect(await rows()).toBe(0)
    },
  )

  test('fill no memory: beyond a bound the address unheard of for longest is forgotten', () => {
    let now = 0
    const limits = limitsOf(
      { ...noLimits, anonymous: 2 },
      { now: () => now, elapsed: () => now },
      1_000,
    )
    const ask = (key: string) => limits.take('anonymous', key)?.code
    expect([ask('a'), ask('a'), ask('a')]).toEqual([undefined, undefined, 'rate_limited'])
    for (let n = 0; n < 999; n++) ask(`${n}`)
    expect(ask('a')).toBe('rate_limited')
    for (let n = 0; n < 999; n++) ask(`${n + 5_000}`)
    // Whoever goes on asking is not forgotten by it.
    expect(ask('a')).toBe('rate_limited')
    for (let n = 0; n < 100_000; n++) ask(`b${n}`)
    expect(ask('a')).toBeUndefined()
    now += minute
    expect(ask('b99999')).toBeUndefined()
  })
})

test('LOCK-15: a node whose clock is an hour off neither ends a rest nor makes it longer', async () => {
  // On PostgreSQL a step is decided by the clock of the database; here that is the true one.
  const open = await openTestGate('postgres')
  await visitor(open.gate).setUp()
  const written = {
    publicOrigin: origin,
    database: open.database,
    secret,
    setupToken,
    limits: noLimits,
  }
  const { world, close } = await openWorld(saidIn(written), undefined)
  onTestFinished(close)
  const { clock } = world
  const off = (by: number) => ({ ...world, clock: { ...clock, now: () => clock.now() + by } })
  const from = { address: '203.0.113.9', bucket: '203.0.113.9', userAgent: '', came: undefined }
  const ask = (by: number, typed: string) =>
    logIn(off(by), { username: 'ada', password: typed, remember: false }, from)
  for (let n = 0; n < 10; n++) await ask([hour, -hour, 0][n % 3] ?? 0, wrong)
  for (const by of [hour, -hour, 0]) {
    const done = await ask(by, password)
    expect(done).toMatchObject({ ok: false, code: 'account_locked' })
    const wait = done.ok ? 0 : (done.retryAfter ?? 0)
    expect(wait).toBeGreaterThan(14 * minute)
    expect(wait).toBeLessThanOrEqual(15 * minute)
  }
})
