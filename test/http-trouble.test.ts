/**
 * When the world breaks: the database away, a fault, the hashing queue full. Nobody is let in, nothing
 * is told but the request id, and what is well goes on.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { logIn } from '../src/flows/log-in.ts'
import type { Fault } from '../src/http/site.ts'
import { saidIn } from '../src/options.ts'
import { openWorld } from '../src/world.ts'
import { databases, openTestGate, origin, secret, setupToken, type TestGate } from './gate/gate.ts'
import { expectRefused, unharmed } from './gate/refusal.ts'
import { type Got, password, type Visitor, visitor } from './gate/visitor.ts'

const me = (who: Visitor) => who.send('GET', '/auth/me')
const signedOut = { 'X-CSRF-Token': null }

/** Everything a person can do, each of which must be refused while the database is away. */
const deeds: Readonly<Record<string, (who: Visitor) => Promise<Got>>> = {
  'ask about set-up': (who) => who.send('GET', '/auth/setup'),
  'set up': (who) => who.setUp(),
  'sign in': (who) => who.logIn('ada'),
  'sign out': (who) => who.send('POST', '/auth/logout', { headers: signedOut }),
  me,
  'list sessions': (who) => who.send('GET', '/auth/sessions'),
  'end the others': (who) => who.send('POST', '/auth/sessions/revoke-others'),
  'end one': (who) => who.send('DELETE', '/auth/sessions/anything'),
  'go astray': (who) =>
    who.send('POST', '/auth/login', { headers: { Origin: 'https://evil.test' } }),
}

/** Takes the database away from whoever uses it. @returns Gives it back. */
async function takeAway(database: string): Promise<() => Promise<void>> {
  const { pathname } = new URL(database)
  const name = pathname.slice(1)
  const client = new pg.Client({ connectionString: database.replace(pathname, '/postgres') })
  await client.connect()
  onTestFinished(() => client.end())
  const backends = 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1'
  await client.query(backends, [name])
  await client.query(`alter database ${name} rename to ${name}_away`)
  return async () => {
    await client.query(`alter database ${name}_away rename to ${name}`)
  }
}

describe('The database is away', () => {
  test('FAULT-04: PostgreSQL: everything is 503, nobody is let in, and it comes back by itself (R2.5)', async () => {
    const { gate, database } = await openTestGate('postgres', { onFault: () => {} })
    const ada = visitor(gate)
    await ada.setUp()
    const jar = [...ada.jar]
    const giveBack = await takeAway(database)
    for (const [name, deed] of Object.entries(deeds)) {
      expectRefused(await deed(ada), 503, 'unavailable', name)
      expect([...ada.jar]).toEqual(jar)
    }
    expectRefused(await me(visitor(gate)), 401, 'not_authenticated')
    const ready = await ada.send('GET', '/health/ready')
    expect([ready.status, ready.json]).toEqual([
      503,
      { status: 'unavailable', checks: { database: 'unavailable', feed: expect.any(String) } },
    ])
    expect((await ada.send('GET', '/health/live')).status).toBe(200)
    await giveBack()
    expect((await me(ada)).status).toBe(200)
    expect((await ada.send('GET', '/health/ready')).json).toEqual({
      status: 'ok',
      checks: { database: 'ok', feed: expect.any(String) },
    })
  })

  test('SQLite: while another process holds the writer lock nothing is written or let in', async () => {
    const open = await openTestGate('sqlite', { onFault: () => {} })
    const ada = visitor(open.gate)
    await ada.setUp()
    const writer = new DatabaseSync(open.database.slice('sqlite:'.length))
    onTestFinished(() => writer.close())
    writer.exec('begin immediate')
    const said = await unharmed(open, async () => {
      const answers = await Promise.all([
        visitor(open.gate).logIn('ada'),
        visitor(open.gate).logIn('nobody'),
        ada.send('POST', '/auth/logout'),
        ada.send('POST', '/auth/sessions/revoke-others', { headers: signedOut }),
      ])
      for (const answer of answers) expectRefused(answer, 503, 'unavailable')
      expect((await me(ada)).status).toBe(200)
    })
    expect(said).toEqual([])
    writer.exec('rollback')
    expect((await ada.logIn('ada')).status).toBe(200)
  })
})

describe.each(databases)('on %s', (kind) => {
  test('A fault is 500 with its request id and nothing else; the host hears all of it (LOG-03)', async () => {
    const faults: Fault[] = []
    const open = await openTestGate(kind, { onFault: (fault) => faults.push(fault) })
    const ada = visitor(open.gate)
    await ada.setUp()
    await open.query('alter table sessions rename to nowhere')
    const got = [
      await me(ada),
      await ada.send('POST', '/auth/logout'),
      await visitor(open.gate).logIn('ada'),
    ]
    expect(await open.recorded()).toHaveLength(2)
    for (const answer of got) expectRefused(answer, 500, 'internal')
    expect(faults).toEqual(
      [
        ['GET', '/api/v1/auth/me'],
        ['POST', '/api/v1/auth/logout'],
        ['POST', '/api/v1/auth/login'],
      ].map(([method, path], n) => ({
        method,
        path,
        requestId: got[n]?.json.instance,
        error: expect.any(Error),
      })),
    )
    expect(JSON.stringify(faults.map(({ error }) => String(error)))).not.toContain(password)
    await open.query('alter table nowhere rename to sessions')
    expect((await me(ada)).status).toBe(200)
  })

  test('When no event can be recorded nothing is changed, and nobody given a cookie (LOG-06, R3.3, R4.3)', async () => {
    const open = await openTestGate(kind, { onFault: () => {} })
    const ada = visitor(open.gate)
    await ada.setUp()
    const before = await open.dump()
    await open.query('alter table audit rename to elsewhere')
    const refused = [
      await ada.logIn('ada'),
      await ada.send('POST', '/auth/logout'),
      await visitor(open.gate).logIn('ada', 'wrong'),
    ]
    for (const answer of refused) expectRefused(answer, 500, 'internal')
    expect(await open.dump()).toBe(before)
    await open.query('alter table elsewhere rename to audit')
    expect((await ada.send('POST', '/auth/logout')).status).toBe(204)
  })

  test('A password that is changed while it is checked lets nobody in, and that is recorded', async () => {
    const open = await openTestGate(kind)
    await visitor(open.gate).setUp()
    await open.recorded()
    const written = { publicOrigin: origin, database: open.database, secret, setupToken }
    const { world, close } = await openWorld(saidIn(written), undefined)
    onTestFinished(close)
    const { hasher } = world
    const slow: typeof hasher = {
      ...hasher,
      async verify(...asked) {
        const done = await hasher.verify(...asked)
        await open.query(`update users set "passwordHash" = 'another', version = version + 1,
          revision = 'another'`)
        return done
      },
    }
    const from = { address: '192.0.2.1', bucket: '192.0.2.1', userAgent: '', came: undefined }
    const asked = { username: 'ada', password, remember: false }
    const refused = await logIn({ ...world, hasher: slow }, asked, from)
    expect(refused).toMatchObject({ ok: false, code: 'invalid_credentials' })
    expect(await open.recorded()).toMatchObject([
      { type: 'auth.refused', reason: 'changed_meanwhile', session: null },
    ])
  })
})

/** Many sign-ins at once, each of another name and from the address it is given. */
function crowd({ gate }: TestGate, addresses: readonly string[]): Promise<Got[]> {
  return Promise.all(addresses.map((from, n) => visitor(gate, from).logIn(`nobody${n}`)))
}

const slowly = { passes: 4, workers: 1 }
const told = (answers: readonly Got[]) =>
  answers.map(({ status }) => status).toSorted((a, b) => a - b)

describe('The hashing queue', () => {
  test('Full, it refuses at once with 503 busy, and whoever is signed in notices nothing', async () => {
    const open = await openTestGate('sqlite', { hashing: { ...slowly, queue: 3 } })
    const ada = visitor(open.gate)
    await ada.setUp()
    const strangers = crowd(
      open,
      Array.from({ length: 8 }, (_, n) => `192.0.2.${n}`),
    )
    expect((await me(ada)).status).toBe(200)
    const got = await strangers
    expect(told(got)).toEqual([401, 401, 401, 401, 503, 503, 503, 503])
    const busy = got.filter(({ status }) => status === 503)
    for (const one of busy) expectRefused(one, 503, 'busy')
    expect((await ada.logIn('ada')).status).toBe(200)
  })

  test('One address, or one /64 of IPv6, holds at most eight places', async () => {
    const open = await openTestGate('sqlite', { hashing: slowly })
    await visitor(open.gate).setUp()
    const neighbours = Array.from({ length: 10 }, (_, n) => `2001:db8:0:1::${n + 1}`)
    const got = await crowd(open, [...neighbours, '2001:db8:0:2::1'])
    expect(told(got.slice(0, 10)).slice(-2)).toEqual([503, 503])
    expect(told(got).filter((status) => status === 503)).toHaveLength(2)
    expect(got.at(-1)?.status).toBe(401)
  })
})
