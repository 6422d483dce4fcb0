/**
 * Each route that changes something records exactly the events of its table, no more and no fewer; and
 * a server that is killed has recorded what it changed, and nothing else (LOG-04).
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { routes } from '../src/http/routes.ts'
import { auditEvents } from '../src/rules/audit.ts'
import { databases, openTestGate, origin, type TestGate } from './gate/gate.ts'
import { issue } from './gate/keys.ts'
import { addPerson } from './gate/people.ts'
import { ticketOf } from './gate/sockets.ts'
import { type Got, password, visitor } from './gate/visitor.ts'
import { fleet, places } from './server/pair.ts'

const chosen = 'nine green lanterns over the harbour'
const wrong = 'x'.repeat(20)

/** What no route records, and the tests that make sure of it. */
const elsewhere: Readonly<Record<string, string>> = {
  'instance.backed_up': 'backup.test.ts',
  'instance.restored': 'backup.test.ts',
  'secret.rotated': 'secrets.test.ts',
  'secret.retired': 'secrets.test.ts',
  'audit.trimmed': 'audit-tampering.test.ts',
}

/** Does one thing after the other at a gate, and looks what was recorded of each. */
function watching(open: TestGate) {
  const routesOf = new Set<string>()
  const events = new Set<string>()
  const [expected, found]: [string[], string[]] = [[], []]
  async function told<Answer extends Pick<Got, 'status'>>(
    name: string,
    wanted: readonly string[],
    work: () => Promise<Answer>,
  ): Promise<Answer> {
    await open.recorded()
    const got = await work()
    routesOf.add(name)
    const rows = await open.recorded()
    const types = rows.map(({ type }) => type).sort()
    for (const type of types) events.add(type)
    const outcome = got.status < 400 ? 'success' : 'refused'
    expected.push(`${name} ${outcome}: ${[...wanted].sort()}`)
    found.push(`${name} ${outcome}: ${types}`)
    for (const row of rows) {
      expect([row.type, row.address]).toEqual([row.type, '198.51.100.7'])
      expect([row.type, row.outcome]).toEqual([row.type, outcome])
      expect(row.actor).toMatch(/^(?:anonymous|user:[\w-]{22})$/)
    }
    return got
  }
  return { told, routesOf, events, compare: () => expect(found).toEqual(expected) }
}

describe.each(databases)('on %s', (kind) => {
  const recordedHere = new Set<string>()

  test('LOG-04: every route, and every refusal that is recorded', { timeout: 90_000 }, async () => {
    const options = { refresh: { enabled: true }, lockout: { threshold: 1 } }
    const open = await openTestGate(kind, options)
    const { gate } = open
    const { told, routesOf, events, compare } = watching(open)
    const [ada, second, third] = [visitor(gate), visitor(gate), visitor(gate)]
    const post = (who: typeof ada, path: string, json?: unknown) =>
      who.send('POST', path, json === undefined ? {} : { json })

    await told('POST /auth/setup', ['instance.claimed', 'auth.signed_in'], () => ada.setUp())
    await told('POST /auth/login', ['auth.signed_in'], () => second.logIn('ada'))
    // A renewal is counted, not recorded; and so is a ticket.
    await told('POST /auth/refresh', [], () => post(second, '/auth/refresh'))
    await told('POST /auth/ws-ticket', [], () => post(ada, '/auth/ws-ticket', {}))
    await told('POST /auth/step-up', ['auth.stepped_up'], () =>
      post(ada, '/auth/step-up', { password }),
    )
    const made = await told('POST /users', ['user.created'], () =>
      post(ada, '/users', { username: 'bob', role: 'member' }),
    )
    const { id: bob } = made.json.user
    const patch = (json: unknown) => () => ada.send('PATCH', `/users/${bob}`, { json })
    await told('PATCH /users/{id}', ['user.updated'], patch({ displayName: 'Bob' }))
    await told('PATCH /users/{id}', ['user.updated'], patch({ role: 'viewer' }))
    await told('PATCH /users/{id}', ['user.disabled'], patch({ disabled: true }))
    await told('PATCH /users/{id}', ['user.enabled'], patch({ disabled: false }))

    await told('POST /auth/login', ['auth.locked'], () => visitor(gate).logIn('bob', wrong))
    await told('POST /auth/login', ['auth.refused'], () => visitor(gate).logIn('bob', wrong))
    await told('POST /users/{id}/unlock', ['auth.unlocked'], () =>
      post(ada, `/users/${bob}/unlock`),
    )

    const carl = await addPerson(open, 'carl')
    const other = (await third.logIn('carl')).json.session.id
    const carls = visitor(gate)
    await carls.logIn('carl')
    await told('DELETE /auth/sessions/{id}', ['session.revoked'], () =>
      carls.send('DELETE', `/auth/sessions/${other}`),
    )
    await third.logIn('carl')
    await told('POST /auth/sessions/revoke-others', ['session.revoked'], () =>
      post(carls, '/auth/sessions/revoke-others'),
    )
    await told('GET /users', ['access.refused'], () => carls.send('GET', '/users'))
    await told('POST /auth/logout', ['csrf.rejected'], () =>
      carls.send('POST', '/auth/logout', { headers: { Origin: 'https://evil.test' } }),
    )
    await told('POST /users/{id}/revoke-sessions', ['session.revoked'], () =>
      post(ada, `/users/${carl}/revoke-sessions`),
    )
    await told('POST /users/{id}/reset-password', ['password.reset'], () =>
      post(ada, `/users/${carl}/reset-password`),
    )
    await told('DELETE /users/{id}', ['user.deleted'], () => ada.send('DELETE', `/users/${carl}`))

    const devices = (await ada.send('GET', '/auth/devices')).json.items as { id: string }[]
    await told('DELETE /auth/devices/{id}', ['device.forgotten'], () =>
      ada.send('DELETE', `/auth/devices/${devices[0]?.id}`),
    )
    const expiresAt = new Date(open.now() + 86_400_000).toISOString()
    await told('POST /auth/api-keys', ['key.issued'], () =>
      post(ada, '/auth/api-keys', { name: 'ci', scopes: ['users:read'], expiresAt }),
    )
    const { key, secret } = await issue(open, ada)
    await told('POST /auth/api-keys/{id}/rotate', ['key.rotated'], () =>
      post(ada, `/auth/api-keys/${key.id}/rotate`),
    )
    await told('DELETE /auth/api-keys/{id}', ['key.revoked'], () =>
      ada.send('DELETE', `/auth/api-keys/${key.id}`),
    )
    await told('GET /users', ['key.refused'], () =>
      visitor(gate).send('GET', '/users', { headers: { Authorization: `Bearer ${secret}` } }),
    )
    await told('GET /auth/me', ['credentials.refused'], () => {
      const cookie = `__Host-session=${ada.jar.get('__Host-session')}`
      return visitor(gate).send('GET', '/auth/me', { headers: { Cookie: `${cookie}; ${cookie}` } })
    })
    await told('GET /audit/export', ['audit.exported'], () => ada.send('GET', '/audit/export'))
    await told('POST /auth/change-password', ['password.changed'], () =>
      post(ada, '/auth/change-password', { currentPassword: password, newPassword: chosen }),
    )
    await told('POST /auth/logout', ['auth.signed_out'], () => post(ada, '/auth/logout'))
    // Once more is nothing more.
    await told('POST /auth/logout', [], () => post(ada, '/auth/logout'))

    compare()
    for (const type of events) recordedHere.add(type)
    const unsafe = routes.flatMap(({ method, path }) =>
      method === 'GET' ? [] : [`${method} ${path}`],
    )
    // A new route is to be put in here.
    expect(unsafe.filter((name) => !routesOf.has(name))).toEqual([])
  })

  test('LOG-04: what a sign-in ends, what comes again, and proofs that are wrong', {
    timeout: 90_000,
  }, async () => {
    const open = await openTestGate(kind, {
      ...{ refresh: { enabled: true }, session: { limit: 1 } },
      allowedOrigins: ['https://other.example.test'],
    })
    const { gate } = open
    const { told, events, compare } = watching(open)
    const [ada, second] = [visitor(gate), visitor(gate)]
    const post = (who: typeof ada, path: string, json?: unknown) =>
      who.send('POST', path, json === undefined ? {} : { json })
    const signIn = 'POST /auth/login'
    await ada.setUp()
    await told('POST /auth/setup', ['auth.refused'], () => visitor(gate).setUp())
    await told(signIn, ['auth.signed_in', 'session.replaced'], () => ada.logIn('ada'))
    await told(signIn, ['auth.signed_in', 'session.evicted'], () => second.logIn('ada'))
    await told(signIn, ['auth.refused'], () => visitor(gate).logIn('nobody', wrong))
    await told('POST /auth/refresh', ['refresh.refused'], () => post(ada, '/auth/refresh'))

    await told('POST /auth/step-up', ['password.refused'], () =>
      post(second, '/auth/step-up', { password: wrong }),
    )
    await told('POST /auth/change-password', ['password.refused'], () =>
      post(second, '/auth/change-password', { currentPassword: wrong, newPassword: chosen }),
    )
    const ticket = await ticketOf(second, { origin: 'https://other.example.test' })
    await told('GET /ws', ['socket.refused'], async () => {
      const admitted = await gate.admit(ticket, origin, { address: '198.51.100.7' })
      return { status: admitted.ok ? 200 : admitted.response.status }
    })
    const owner = (await second.send('GET', '/auth/me')).json.user.id
    // The last owner stays.
    await told('PATCH /users/{id}', ['access.refused'], () =>
      second.send('PATCH', `/users/${owner}`, { json: { role: 'member' } }),
    )
    // A name that is taken is no matter of who may.
    await told('POST /users', [], () => post(second, '/users', { username: 'ada', role: 'member' }))

    await addPerson(open, 'eve', { role: 'admin' })
    const eve = visitor(gate)
    await eve.logIn('eve')
    await told('DELETE /users/{id}', ['access.refused'], () =>
      eve.send('DELETE', `/users/${owner}`),
    )

    const old = new Map(second.jar)
    await told('POST /auth/refresh', [], () => post(second, '/auth/refresh'))
    open.pass(60_000)
    for (const [name, value] of old) second.jar.set(name, value)
    await told('POST /auth/refresh', ['refresh.replayed'], () => post(second, '/auth/refresh'))
    compare()
    for (const type of events) recordedHere.add(type)
  })

  test('LOG-04: each event there is has been recorded, or is no route’s', () => {
    const known = Object.keys(auditEvents)
    const left = known.filter((type) => !recordedHere.has(type))
    expect(left.sort()).toEqual(Object.keys(elsewhere).sort())
    for (const [type, file] of Object.entries(elsewhere))
      expect(readFileSync(join(import.meta.dirname, file), 'utf8')).toContain(`'${type}'`)
  })
})

test.each(Object.entries(places))(
  'LOG-04: killed between change and record there are neither or both, on %s',
  { timeout: 120_000 },
  async (_, place) => {
    const { nodes, tab, query, again } = await fleet(1, place, {
      SALLYPORT_SESSION_LIMIT: '0',
      SALLYPORT_HASHING_MEMORY: '19456',
    })
    expect((await tab(0).setUp(nodes[0]?.setupToken ?? '')).status).toBe(201)
    const answered: string[] = []
    for (let round = 0; round < 3; round++) {
      const before = answered.length
      const signingIn = Array.from({ length: 4 }, async () => {
        for (;;) {
          const got = await tab(0)
            .logIn()
            .catch(() => undefined)
          if (!got) return
          answered.push(got.json.session.id)
        }
      })
      while (answered.length < before + 3 + round) await pause(5)
      await nodes[0]?.kill()
      await Promise.all(signingIn)
      await again(0)
    }
    const of = async (statement: string) =>
      (await query(statement)).map(({ id }) => String(id)).sort()
    const sessions = await of('select id from sessions')
    expect(await of(`select session as id from audit where type = 'auth.signed_in'`)).toEqual(
      sessions,
    )
    expect(answered.filter((id) => !sessions.includes(id))).toEqual([])
    const got = await tab(0).logIn()
    expect(got.status).toBe(200)
  },
)
