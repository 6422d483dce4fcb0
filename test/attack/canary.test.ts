/**
 * Secrets stay where they belong (LOG-02, RT-14): after a tour of everything that carries one, none is
 * in a body, a header, an audit record, a fault or the database, down to the bytes of its files. What
 * the log of a server says is looked at in `serve-log.test.ts`.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Fault } from '../../src/http/site.ts'
import { databases, openTestGate, secret, setupToken, type TestGate } from '../gate/gate.ts'
import { type Got, password, type Sending, visitor } from '../gate/visitor.ts'

const guess = 'canary-guess-correct-horse'
const astray = 'canary-typed-where-it-does-not-belong'

interface Toured {
  readonly got: readonly Got[]
  readonly faults: readonly Fault[]
  /** By what they are. */
  readonly secrets: ReadonlyMap<string, string>
  /** Tokens that `GET /auth/csrf` may tell. */
  readonly told: readonly Got[]
}

/** Uses every secret in its place, and in every place that it does not belong. */
async function tour({ gate, query }: TestGate, faults: Fault[]): Promise<Toured> {
  const got: Got[] = []
  const told: Got[] = []
  const secrets = new Map([
    ['the password', password],
    ['a guess', guess],
    ['something typed astray', astray],
    ['the set-up token', setupToken],
    ['the root secret', secret],
    ['the root secret in hex', Buffer.from(secret, 'base64url').toString('hex')],
    ['the root secret in base64', Buffer.from(secret, 'base64url').toString('base64')],
  ])
  const ada = visitor(gate)
  const send = async (method: string, path: string, sending: Sending = {}) => {
    const answer = await ada.send(method, path, sending)
    for (const [name, value] of ada.jar) {
      secrets.set(`${name} ${value.slice(-6)}`, value)
      // Of a token the signature alone would do.
      secrets.set(`${name} ${value.slice(-6)}, signature`, value.split('.').at(-1) ?? value)
      for (const way of ['sha1', 'sha256'])
        for (const form of ['hex', 'base64', 'base64url'] as const)
          secrets.set(
            `${name} ${value.slice(-6)}, ${way} ${form}`,
            createHash(way).update(value).digest(form),
          )
    }
    got.push(answer)
    return answer
  }
  const signIn = (json: unknown) => send('POST', '/auth/login', { json })
  const typed = { 'Content-Type': 'application/json' }

  await send('POST', '/auth/setup', { json: { setupToken: astray, username: astray } })
  await send('POST', '/auth/setup', { json: { setupToken, username: '!', password: guess } })
  await send('POST', '/auth/setup', { json: { setupToken, username: guess, password: guess } })
  await send('POST', '/auth/setup', { json: { setupToken, username: 'ada', password, x: astray } })
  await send('POST', '/auth/setup', { json: { setupToken, username: 'ada', password } })
  await send('POST', '/auth/setup', { json: { setupToken, username: 'ada', password } })

  await signIn({ username: 'ada', password: guess })
  await signIn({ username: astray, password })
  await signIn({ username: password, password })
  await signIn({ username: 'ada', password: { was: astray } })
  await signIn({ username: [guess], password })
  for (const body of [
    `{"username":"ada","password":"${astray}`,
    `${password}`,
    `{"a":1e999,"p":"${guess}"}`,
  ])
    await send('POST', '/auth/login', { body, headers: typed })
  await send('POST', '/auth/login', { body: `username=ada&password=${astray}` })
  await signIn({ username: 'ada', password })

  for (const path of ['/auth/me', '/auth/sessions', '/auth/setup', '/health/ready'])
    await send('GET', path)
  for (const planted of [undefined, astray]) {
    if (planted) ada.jar.set('__Host-csrf', planted)
    told.push(await send('GET', '/auth/csrf', { headers: { 'Sec-Fetch-Site': 'same-origin' } }))
  }
  await send('GET', `/auth/sessions?cursor=${astray}&limit=${astray}`)
  await send('GET', `/auth/me?password=${astray}&token=${astray}`)
  await send('DELETE', `/auth/sessions/${astray}`)
  for (const headers of [
    { 'X-CSRF-Token': astray },
    { Origin: `https://${astray}.test` },
    { Authorization: `Bearer ${astray}` },
    { Cookie: `__Host-session=${astray}; __Host-session=${astray}` },
    { Cookie: `__Host-session=${astray}; __Host-device=${astray}` },
    { Referer: `https://app.example.test/?password=${astray}`, 'X-Request-Id': astray },
    { Cookie: `a=${astray}`, 'X-Forwarded-For': astray, 'X-Session': astray },
  ])
    await send('POST', '/auth/sessions/revoke-others', { headers })

  await query('alter table sessions rename to nowhere')
  await signIn({ username: 'ada', password })
  await send('GET', '/auth/me')
  await query('alter table nowhere rename to sessions')
  await send('POST', '/auth/logout')
  await signIn({ username: 'ada', password })
  const old = new Map(ada.jar)
  expect((await send('POST', '/auth/refresh')).status).toBe(200)
  expect((await send('POST', '/auth/refresh')).status).toBe(200)
  for (const [name, value] of old) ada.jar.set(name, value)
  expect((await send('POST', '/auth/refresh')).status).toBe(401)
  await signIn({ username: 'ada', password })
  expect(faults).toHaveLength(2)
  return { got, told, faults, secrets }
}

/** Everything the database keeps, table by table. */
async function everythingIn({ query }: TestGate, kind: string): Promise<string> {
  const tables =
    kind === 'sqlite'
      ? `select name from sqlite_schema where type = 'table'`
      : `select table_name as name from information_schema.tables where table_schema = 'sallyport'`
  const rows: unknown[] = []
  for (const { name } of await query(tables))
    rows.push([name, await query(`select * from ${name}`)])
  return JSON.stringify(rows)
}

function expectNone(where: string, text: string, { secrets }: Toured, but: readonly string[] = []) {
  const found = [...secrets].filter(([, value]) => text.includes(value) && !but.includes(value))
  expect([where, found]).toEqual([where, []])
}

describe.each(databases)('on %s', (kind) => {
  test('LOG-02, RT-14: no secret is told, recorded or kept (L10)', async () => {
    const faults: Fault[] = []
    const open = await openTestGate(kind, {
      onFault: (fault) => faults.push(fault),
      refresh: { enabled: true },
    })
    const toured = await tour(open, faults)
    const { got, told } = toured
    expect(new Set(got.map(({ status }) => status))).toEqual(
      new Set([200, 201, 204, 400, 401, 403, 404, 409, 415, 422, 500]),
    )
    expect(toured.secrets.size).toBeGreaterThan(12)
    for (const answer of got) {
      const tokens = told.includes(answer) ? [String(answer.json.token)] : []
      const signatures = tokens.map((token) => token.split('.').at(-1) ?? '')
      expectNone(answer.text, answer.text, toured, [...tokens, ...signatures])
      const headers = [...answer.headers].filter(([name]) => name !== 'set-cookie')
      expectNone('headers', JSON.stringify(headers), toured)
    }
    for (const { error, path } of faults) {
      const { message, stack, cause } = error as Error
      expectNone(
        'a fault',
        [message, stack, path, String(cause), JSON.stringify(error)].join(),
        toured,
      )
    }
    const audit = await open.recorded()
    expect(audit.length).toBeGreaterThan(10)
    expectNone('audit', JSON.stringify(audit), toured)

    // What was typed astray is in no table, neither as it is nor as a plain digest of it.
    const kept = await everythingIn(open, kind)
    expect(kept).toContain('auth.signed_in')
    expect(kept).toContain('$argon2id$')
    expectNone('tables', kept, toured)
    if (kind !== 'sqlite') return
    const path = open.database.slice('sqlite:'.length)
    const files = ['', '-wal', '-shm'].map((end) => readFileSync(path + end))
    const bytes = Buffer.concat(files)
    expect(bytes.length).toBeGreaterThan(50_000)
    expect(bytes.toString('latin1')).toContain('auth.signed_in')
    expectNone('the files', bytes.toString('latin1'), toured)
    expect(bytes.includes(Buffer.from(secret, 'base64url'))).toBe(false)
  })

  test('LOG-01: what is sent to break lines or hide is kept as it was sent, and shown as JSON', async () => {
    const { gate, recorded } = await openTestGate(kind)
    const ada = visitor(gate)
    await ada.setUp()
    const evil = 'x"}\t\u00a0{"type":"auth.signed_in"}\u0085\u001b[31m'
    const headers = { 'User-Agent': evil.replaceAll('\u001b', ''), Accept: evil.slice(0, 9) }
    const signed = await ada.send('POST', '/auth/login', {
      json: { username: 'ada', password },
      headers,
    })
    expect(signed.json.session.device.userAgent).toBe(headers['User-Agent'])
    for (const name of [evil, 'a\r\nb', 'a\u2028b', 'x'.repeat(1_024)])
      expect((await ada.logIn(name)).status).toBe(401)
    const long = { 'User-Agent': 'y'.repeat(8_000) }
    const cut = await ada.send('POST', '/auth/login', {
      json: { username: 'ada', password },
      headers: long,
    })
    expect(cut.json.session.device.userAgent).toBe('y'.repeat(512))
    const lines = await recorded()
    for (const line of lines)
      expect(JSON.stringify(Object.values(line))).not.toMatch(/x"}|x{9}|y{9}|\\r|\u2028/)
  })
})
