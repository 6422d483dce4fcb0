/**
 * The watch over every test (`test/gate/witness.ts`) sees what it is there for: secrets told or kept
 * (U7) and refusals that are none of ours (U2 to U5). And what somebody finds in a dump opens nothing.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Plain } from '../../src/http/plain.ts'
import { keyText } from '../../src/rules/api-key.ts'
import { leaked } from '../gate/canary.ts'
import { type DatabaseKind, databases, openTestGate, reach, setupToken } from '../gate/gate.ts'
import { issue, program } from '../gate/keys.ts'
import { awake, dial, listening, ticketOf } from '../gate/sockets.ts'
import { byTurns } from '../gate/turns.ts'
import { type Visitor, visitor } from '../gate/visitor.ts'
import { everything, type lasting, stateOf, witness } from '../gate/witness.ts'

const refresh = { refresh: { enabled: true } }
const host = '__Host-'

type Query = (statement: string) => Promise<Record<string, unknown>[]>
type Bend = (plain: Plain, who: Visitor, query: Query) => Plain | Promise<Plain>

/** A gate, and watches over it whose answers are bent before they are looked at. */
async function watchable(kind: DatabaseKind) {
  const open = await openTestGate(kind, refresh)
  const who: Visitor = visitor(open.gate)
  await who.setUp()
  await who.logIn('ada')
  await issue(open, who)
  await who.send('POST', '/auth/ws-ticket')
  const { query, close } = await reach(open.database)
  onTestFinished(close)
  const kept = open.database.startsWith('sqlite:') ? 'sqlite' : 'postgres'
  return (bend: Bend) => {
    const watching = witness([], true, true)
    watching.keep({ query, state: () => stateOf(query, kept) })
    const watched = watching.watch({
      ...open.gate,
      handlePlain: async (request, from) =>
        bend(await open.gate.handlePlain(request, from), who, query),
    })
    const there = visitor(watched)
    for (const [name, value] of who.jar) there.jar.set(name, value)
    return {
      there,
      end: (status = 200) =>
        watching.close({
          ...{ query, told: [], next: async () => status },
          metrics: (Cookie) => there.send('GET', '/metrics', { headers: { Cookie } }),
        }),
    }
  }
}

const asked = { headers: { 'Sec-Fetch-Site': 'cross-site' } }

test.each<[name: string, bend: Bend, found: RegExp]>([
  ['nothing', (plain) => plain, /^$/],
  [
    'U2: a cookie with a refusal',
    (plain) => ({ ...plain, headers: { ...plain.headers, 'Set-Cookie': 'a=b' } }),
    /^U2 .* sets a cookie$/,
  ],
  [
    'U3: a statement in a refusal',
    (plain) => ({ ...plain, body: String(plain.body).replace('{', '{"at":"sqlite",') }),
    /^U3 /,
  ],
  ['U3: no problem', (plain) => ({ ...plain, body: '{"code":"csrf_rejected"}' }), /^U3 /],
  ['U4: a fault', (plain) => ({ ...plain, status: 500 }), /^U4 /],
  ['U4: a 503 without an end', (plain) => ({ ...plain, status: 503 }), /^U4 /],
  [
    'U5: a refusal that is not on record',
    (plain) => ({ ...plain, body: String(plain.body).replaceAll('csrf_rejected', 'forbidden') }),
    /^U5 .*: forbidden is not on record\nU5 forbidden is not on record$/,
  ],
  [
    'U5: one refusal of several that is not on record',
    async (plain, _, query) => {
      const [{ n } = {}] = await query(
        `select count(*) as n from audit where type = 'csrf.rejected'`,
      )
      if (Number(n) > 1)
        await query(`update audit set type = 'audit.exported' where type = 'csrf.rejected'
          and seq = (select max(seq) from audit where type = 'csrf.rejected')`)
      return plain
    },
    /^U5 .*: csrf_rejected is not on record$/,
  ],
  [
    'U4: a thread that is kept from others',
    (plain) => {
      const { user } = process.threadCpuUsage()
      while (process.threadCpuUsage().user - user < 120_000);
      return plain
    },
    /^U4 a request keeps the thread for \d{3,} ms$/,
  ],
  [
    'U7: a cookie in a body',
    (plain, { jar }) => ({ ...plain, body: `${plain.body}${jar.get(`${host}session`)}` }),
    /U7 .* tells a cookie __Host-session/,
  ],
  [
    'U7: the digest of a cookie in a header',
    (plain, { jar }) => {
      const token = jar.get(`${host}refresh`) ?? ''
      const digest = createHash('sha256').update(token).digest('hex')
      return { ...plain, headers: { ...plain.headers, 'X-Debug': `is ${digest}` } }
    },
    /^U7 .* tells the digest of a cookie __Host-refresh in hex$/,
  ],
])('%s is found', async (_, bend, found) => {
  const { there, end } = (await watchable('sqlite'))(bend)
  for (let n = 0; n < 2; n++)
    await there.send('POST', '/auth/sessions/revoke-others', asked).catch(() => undefined)
  const said = await end().then(
    () => '',
    (error: Error) => error.message,
  )
  expect(said).toMatch(found)
})

test('U4: a server that answers nobody afterwards is found', async () => {
  const { there, end } = (await watchable('sqlite'))((plain) => plain)
  await there.send('POST', '/auth/sessions/revoke-others', asked)
  await expect(end(500)).rejects.toThrow(/^U4 the next request: 500$/)
})

test('U7: a secret among the metrics is found, which nobody asked for', async () => {
  const { there, end } = (await watchable('sqlite'))((plain, { jar }) =>
    JSON.stringify(plain.headers).includes('version=0.0.4')
      ? { ...plain, body: `${plain.body}# ${jar.get(`${host}device`)}\n` }
      : plain,
  )
  await there.logIn('ada')
  await expect(end()).rejects.toThrow(/^U7 GET .*\/metrics: 200 tells a cookie __Host-device/)
})

/** A change of each table that no refusal may change. */
const changes: Readonly<Record<(typeof lasting)[number], string>> = {
  tickets: 'delete from tickets',
  keys: 'delete from keys',
  devices: 'delete from devices',
  users: `update users set "displayName" = 'somebody'`,
  sessions: 'update sessions set generation = generation + 1',
  instance: 'update instance set epoch = epoch + 1',
}

describe.each(databases)('on %s', (kind) => {
  test('U1: a refusal that changes anything is found', async () => {
    const watch = await watchable(kind)
    for (const change of Object.values(changes)) {
      const { there, end } = watch(async (plain, _, query) => {
        await query(change)
        return plain
      })
      await there.send('POST', '/auth/sessions/revoke-others', asked)
      await expect(end()).rejects.toThrow(/^U1 POST .*: csrf_rejected changed what is kept$/)
    }
  })

  test('U7: a secret that is kept is found, whatever stands around it', async () => {
    const open = await openTestGate(kind, refresh)
    const ada = visitor(open.gate)
    await ada.setUp()
    const { secret } = await issue(open, ada)
    const [signature = ''] = (ada.jar.get(`${host}session`) ?? '').split('.').slice(-1)
    const { query, close } = await reach(open.database)
    for (const kept of [secret, signature, setupToken, ada.jar.get(`${host}refresh`) ?? '']) {
      const watching = witness([], true)
      await expect(watching.close({ query, told: [] })).resolves.toBeUndefined()
      await open.query(`update users set "displayName" = 'x${kept}x'`)
      await expect(watching.close({ query, told: [] })).rejects.toThrow(/^U7 the database keeps /)
      await open.query('update users set "displayName" = null')
      const fault = new Error('no', { cause: new Error(`with ${kept}`) })
      await expect(watching.close({ query, told: [fault] })).rejects.toThrow(/^U7 a fault tells /m)
    }
    await close()
  })

  test('LOG-02, U7: no value of a dump is a credential', async () => {
    const { clock } = awake()
    const open = await openTestGate(kind, { ...refresh, clock, lockout: { threshold: 1 } })
    const valuesOf = async () => {
      const found = new Set<string>()
      for (const [, text = ''] of (await everything(open.query)).matchAll(/"([^"\\]{6,2000})"/g))
        for (const one of [text, ...text.split(/[$.\s]/)]) if (one.length >= 6) found.add(one)
      return [...found]
    }
    const stranger = visitor(open.gate)
    for (const json of (await valuesOf()).map((token) => ({
      setupToken: token,
      username: 'eve',
    }))) {
      const got = await stranger.send('POST', '/auth/setup', {
        json: { ...json, password: 'nine green lanterns over the harbour' },
      })
      expect(got.status).not.toBe(201)
    }
    const ada = visitor(open.gate)
    await ada.setUp()
    await ada.send('POST', '/auth/refresh')
    const { key, secret } = await issue(open, ada)
    const { port } = await listening(open.gate)
    const opens = async (ticket: string) => (await dial(port, { ticket })).status
    expect(await opens(await ticketOf(ada))).toBe(101)
    // One is left, and the name rests for whoever is not known.
    await ticketOf(ada)
    await stranger.logIn('ada', 'a password that is wrong')
    const knownBy = async (device: string) => {
      const who = visitor(open.gate)
      who.jar.set(`${host}device`, device)
      return (await who.logIn('ada')).status
    }
    expect(await knownBy(ada.jar.get(`${host}device`) ?? '')).toBe(200)
    expect((await program(open.gate, secret)('GET', '/users')).status).toBe(200)
    const me = async (value: string) => {
      const who = visitor(open.gate)
      who.jar.set(`${host}session`, value)
      return who.send('GET', '/auth/me')
    }
    const token = ada.jar.get(`${host}session`) ?? ''
    expect((await me(token)).status).toBe(200)
    const values = await valuesOf()
    expect(values.length).toBeGreaterThan(40)
    for (const value of values) {
      // As it is, and as the signature of a token whose rest is known.
      for (const one of [value, `${token.split('.').slice(0, 2).join('.')}.${value}`])
        if (!/[^\w.-]/.test(one)) expect([one, (await me(one)).status]).toEqual([one, 401])
      const renewing = visitor(open.gate)
      for (const name of ['session', 'csrf', 'device'])
        renewing.jar.set(`${host}${name}`, ada.jar.get(`${host}${name}`) ?? '')
      if (!/[^\w.-]/.test(value)) renewing.jar.set(`${host}refresh`, value)
      expect((await renewing.send('POST', '/auth/refresh')).status).not.toBe(200)
      if (!/[^\w.-]/.test(value)) {
        expect([value, await opens(value)]).toEqual([value, 401])
        expect([value, await knownBy(value)]).toEqual([value, 429])
      }
      const made = keyText(key.id, Buffer.from(value, 'base64url'))
      for (const one of [value, made])
        if (!/[^\w.-]/.test(one))
          expect((await program(open.gate, one)('GET', '/users')).status).not.toBe(200)
    }
    // As a password only what could be one that is kept: each costs a hash.
    for (const value of values.filter((one) => /argon2|^[\w+/-]{43}$/.test(one)).slice(0, 9))
      expect((await visitor(open.gate).logIn('ada', value)).status).not.toBe(200)
    expect(leaked(`so that the watch is known to see: ${secret}`)).toBeDefined()
  })
})

test('requests of a visitor go to all nodes by turns, those of the next begin elsewhere', async () => {
  const open = await openTestGate()
  const seen: string[] = []
  const nodes = ['a', 'b'].map((name) => ({
    ...open.gate,
    handle: async (...given: Parameters<typeof open.gate.handle>) => {
      seen.push(name)
      return open.gate.handle(...given)
    },
  }))
  const both = byTurns(nodes)
  for (let n = 0; n < 2; n++) {
    const who = visitor(both)
    for (let m = 0; m < 3; m++) await who.send('GET', '/health/live')
  }
  expect([seen.slice(0, 3).join(''), seen.slice(3).join('')].sort()).toEqual(['aba', 'bab'])
})
