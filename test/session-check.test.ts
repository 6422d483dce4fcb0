/**
 * A session check in the steady state reads no database and awaits nothing; and every other way to the
 * same answer reads.
 *
 * @module
 */
import { StatementSync } from 'node:sqlite'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { authenticate } from '../src/flows/authenticate.ts'
import { cookieJar, heardCookies } from '../src/http/cookies.ts'
import { credentialsOf, passCaller } from '../src/http/guard.ts'
import type { Site } from '../src/http/site.ts'
import { saidIn } from '../src/options.ts'
import { openWorld } from '../src/world.ts'
import { databases, openTestGate, origin, secret, setupToken } from './gate/gate.ts'
import { issue } from './gate/keys.ts'
import { visitor } from './gate/visitor.ts'

/** Counts the statements that read who stands, whoever sends them. */
function counting() {
  const seen: string[] = []
  // As the query builder writes them; a node's look at the feed names none of these so.
  const note = (text: string) => {
    if (/"(?:sessions|users|instance|keys)"/.test(text)) seen.push(text)
  }
  const { all } = StatementSync.prototype
  StatementSync.prototype.all = function (this: StatementSync, ...values: unknown[]) {
    note(this.sourceSQL)
    return Reflect.apply(all, this, values)
  }
  const { query } = pg.Client.prototype
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
    const [asked] = given as [string | { text: string }]
    note(typeof asked === 'string' ? asked : asked.text)
    return Reflect.apply(query, this, given)
  }
  onTestFinished(() => {
    StatementSync.prototype.all = all
    pg.Client.prototype.query = query
  })
  return seen
}

describe.each(databases)('a session check on %s', (kind) => {
  test('reads nothing, a hundred times over; then something is revoked, and it reads', async () => {
    const { gate } = await openTestGate(kind)
    const ada = visitor(gate)
    const other = visitor(gate)
    await ada.setUp()
    await other.logIn('ada')
    await ada.send('GET', '/auth/me')
    await other.send('GET', '/auth/me')

    const statements = counting()
    for (let n = 0; n < 100; n++) {
      expect((await ada.send('GET', '/auth/me')).status).toBe(200)
      expect((await other.send('GET', '/auth/me')).status).toBe(200)
    }
    expect(statements).toEqual([])

    const stolen = [...other.jar]
    await other.send('POST', '/auth/logout')
    for (const [name, value] of stolen) other.jar.set(name, value)
    statements.length = 0
    expect((await other.send('GET', '/auth/me')).status).toBe(401)
    expect(statements).not.toEqual([])
    statements.length = 0
    // Whoever was not revoked is remembered still.
    expect((await ada.send('GET', '/auth/me')).status).toBe(200)
    expect(statements).toEqual([])
  })

  test('by API key it reads nothing either, until that is revoked', async () => {
    const open = await openTestGate(kind)
    const ada = visitor(open.gate)
    await ada.setUp()
    const { key, secret: text } = await issue(open, ada)
    const headers = { Authorization: `Bearer ${text}` }
    const check = () => open.gate.callerOf(new Request(`${origin}/mine`, { headers }))
    for (let n = 0; n < 3; n++) expect((await check()).ok).toBe(true)
    const statements = counting()
    for (let n = 0; n < 100; n++) expect((await check()).ok).toBe(true)
    expect(statements).toEqual([])
    await ada.send('DELETE', `/auth/api-keys/${key.id}`)
    expect((await check()).ok).toBe(false)
    expect(statements).not.toEqual([])
  })

  test('awaits nothing: caller and guard are there at once, for reading and for writing', async () => {
    const { gate, database } = await openTestGate(kind)
    const ada = visitor(gate)
    await ada.setUp()
    const clock = { now: () => Date.UTC(2026, 0, 1, 12), elapsed: () => 0 }
    const written = { publicOrigin: origin, database, secret, setupToken }
    const { world, policy, close } = await openWorld(
      saidIn({ ...written, refresh: { enabled: false } }),
      clock,
    )
    onTestFinished(close)
    const jar = cookieJar({ origin: new URL(origin), sameSite: 'strict' })
    const site = { world, jar, heard: heardCookies(jar.names), basePath: policy.basePath } as Site
    const request = (method: string) =>
      new Request(`${origin}/api/v1/auth/sessions`, {
        method,
        headers: {
          Cookie: [...ada.jar].map((pair) => pair.join('=')).join('; '),
          'X-CSRF-Token': ada.jar.get('__Host-csrf') ?? '',
        },
      })
    const guard = { caller: 'signed-in', restricted: false } as const
    const ask = (method: string) => {
      const credentials = credentialsOf(request(method), site)
      if (!credentials.ok) throw new Error(credentials.code)
      return passCaller(request(method), site, guard, credentials, () => '')
    }
    const first = ask('GET')
    expect(first).toBeInstanceOf(Promise)
    expect(await first).toMatchObject({ ok: true, user: { username: 'ada' } })
    expect(ask('GET')).toMatchObject({ ok: true, user: { username: 'ada' } })
    expect(ask('POST')).toMatchObject({ ok: true, user: { username: 'ada' } })
    expect(authenticate(world, { session: ada.jar.get('__Host-session') ?? '' })).toMatchObject({
      ok: true,
      session: { kind: 'full' },
    })
    expect(world.standing.state()).toMatchObject({ remembered: 3, read: 1, fresh: true })
  })

  test('activity of others is not heard of, and a session in use is never taken for idle', async () => {
    const open = await openTestGate(kind, { session: { privilegedIdle: '10m' } })
    const there = await open.another()
    const ada = visitor(open.gate)
    const abroad = visitor(there)
    await ada.setUp()
    for (const [name, value] of ada.jar) abroad.jar.set(name, value)
    await abroad.send('GET', '/auth/me', { headers: { 'X-Sallyport-Passive': '1' } })
    for (let n = 0; n < 3; n++) {
      open.pass(4 * 60_000)
      expect((await ada.send('GET', '/auth/me')).status).toBe(200)
    }
    // It read the session twelve minutes ago, when it was to be idle after ten.
    expect((await abroad.send('GET', '/auth/me')).status).toBe(200)
    const rows = await open.query('select "lastActiveAt", "idleUntil" from sessions')
    expect(Number(rows[0]?.idleUntil) - Number(rows[0]?.lastActiveAt)).toBe(10 * 60_000)
  })
})
