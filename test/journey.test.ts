/**
 * The journey by `api.md` alone: a black-box client with a cookie jar of its own against the real
 * server, over a plain socket and, where there is one, with curl.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { browser, password } from './server/browser.ts'
import { emptyFolder, type ServerProcess, serve } from './server/process.ts'

const session = /^session=[\w.-]+; Path=\/; SameSite=Strict; HttpOnly; Max-Age=300$/
const refresh = /^refresh=[\w-]{100}; Path=\/; SameSite=Strict; HttpOnly$/
const device = /^device=[\w-]{74}; Path=\/; SameSite=Strict; HttpOnly; Max-Age=15552000$/
const csrf = /^csrf=[\w-]{22}\.[\w-]{43}; Path=\/; SameSite=Strict$/
const cleared = ['session', 'refresh', 'csrf'].map(
  (name) => `${name}=; Path=/; SameSite=Strict${name === 'csrf' ? '' : '; HttpOnly'}; Max-Age=0`,
)

const page = { headers: { 'Sec-Fetch-Site': 'same-origin' } }

/** What a problem is, wherever it comes from. */
const problem = (status: number, code: string) => ({
  type: `https://sallyport.dev/problems/${code}`,
  title: expect.any(String),
  status,
  detail: expect.any(String),
  instance: expect.stringMatching(/^[\w-]{22}$/),
  code,
  category: expect.any(String),
  retryable: false,
})

const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const id = expect.stringMatching(/^[\w-]{22}$/)
const signed = {
  user: {
    id,
    username: 'ada',
    displayName: null,
    role: 'owner',
    scopes: [],
    disabled: false,
    mustChangePassword: false,
    createdAt: instant,
    lastLoginAt: instant,
  },
  session: {
    id,
    userId: id,
    username: 'ada',
    current: true,
    device: expect.objectContaining({ browser: 'Firefox', os: 'Linux', kind: 'desktop' }),
    address: '127.0.0.1',
    createdAt: instant,
    lastActiveAt: instant,
    idleUntil: instant,
    expiresAt: instant,
    remembered: false,
  },
  permissions: expect.arrayContaining(['users:write', 'audit:read']),
  mustChangePassword: false,
}

test('set up, who am I, wrong password, sign in, sign out, and who am I is 401', async () => {
  const server = await serve()
  const ada = browser(server)
  const status = await ada.send('GET', '/auth/setup')
  expect([status.status, status.json]).toEqual([
    200,
    { needsOwner: true, passwordPolicy: { minLength: 15, maxLength: 128, maxBytes: 1024 } },
  ])
  expect((await ada.setUp('not the token, but long enough')).json).toEqual(
    problem(403, 'forbidden'),
  )

  const claimed = await ada.setUp(server.setupToken)
  expect([claimed.status, claimed.json]).toEqual([201, signed])
  const three = [session, refresh, csrf].map((cookie) => expect.stringMatching(cookie))
  const four = [...three, expect.stringMatching(device)]
  expect(claimed.set).toEqual(four)
  expect(claimed.headers['cache-control']).toBe('no-store')
  const again = await browser(server).setUp(server.setupToken, 'eve')
  expect(again.json).toEqual(problem(409, 'already_set_up'))
  expect((await ada.send('GET', '/auth/setup')).json.needsOwner).toBe(false)

  const me = await ada.send('GET', '/auth/me')
  expect([me.status, me.json, me.set]).toEqual([200, signed, []])
  const wrong = await ada.logIn('ada', 'not the password of ada')
  expect([wrong.json, wrong.set]).toEqual([problem(401, 'invalid_credentials'), []])
  const nobody = await ada.logIn('nobody', 'not the password of ada')
  expect({ ...nobody.json, instance: '' }).toEqual({ ...wrong.json, instance: '' })
  expect((await ada.send('GET', '/auth/me')).status).toBe(200)

  const before = new Map(ada.jar)
  const signedIn = await ada.logIn()
  expect([signedIn.status, signedIn.json]).toEqual([200, signed])
  expect(signedIn.set).toEqual(four)
  const old = browser(server)
  for (const [name, value] of before) old.jar.set(name, value)
  expect((await old.send('GET', '/auth/me')).json).toEqual({
    ...problem(401, 'session_revoked'),
    reason: 'logout',
  })

  // The browser drops the session cookie after five minutes; the refresh cookie brings another.
  ada.jar.delete('session')
  expect((await ada.send('GET', '/auth/me')).json).toEqual(problem(401, 'session_expired'))
  const token = ada.jar.get('csrf')
  expect((await ada.send('GET', '/auth/csrf', page)).json).toEqual({ token })
  const renewed = await ada.send('POST', '/auth/refresh')
  expect([renewed.status, renewed.json, renewed.set]).toEqual([200, signed, three])
  expect(renewed.json.session.id).toBe(signedIn.json.session.id)
  expect(ada.jar.get('csrf')).toBe(token)
  expect((await ada.send('GET', '/auth/me')).status).toBe(200)
  const none = await browser(server).send('POST', '/auth/refresh')
  expect([none.json, none.set]).toEqual([problem(401, 'refresh_token_invalid'), cleared])

  const kept = new Map(ada.jar)
  const out = await ada.send('POST', '/auth/logout')
  expect([out.status, out.text, out.set]).toEqual([204, '', cleared])
  expect(out.headers['clear-site-data']).toBe('"cache", "storage"')
  expect((await ada.send('POST', '/auth/logout')).status).toBe(204)
  const bare = await ada.send('GET', '/auth/me')
  expect([bare.status, bare.json]).toEqual([401, problem(401, 'not_authenticated')])
  expect(bare.headers['content-type']).toBe('application/problem+json')
  expect(bare.headers['x-request-id']).toBe(bare.json.instance)
  // Whoever kept the cookies is told that somebody signed out.
  for (const [name, value] of kept) ada.jar.set(name, value)
  const over = await ada.send('GET', '/auth/me')
  expect([over.json, over.set]).toEqual([
    { ...problem(401, 'session_revoked'), reason: 'logout' },
    [],
  ])
})

test('behind https the cookies are locked to the host', async () => {
  const origin = 'https://app.example.test'
  const server = await serve({ env: { SALLYPORT_PUBLIC_ORIGIN: origin } })
  expect(server.claimLink).toMatch(/^https:\/\/app\.example\.test\/setup#token=/)
  const ada = browser({ port: server.port, origin })
  const secure = (cookie: RegExp) =>
    expect.stringMatching(
      new RegExp(cookie.source.replace('^', '^__Host-').replace('Path=\\/;', 'Path=\\/; Secure;')),
    )
  const three = [session, refresh, csrf].map(secure)
  expect((await ada.setUp(server.setupToken)).set).toEqual([...three, secure(device)])
  expect((await ada.send('POST', '/auth/refresh')).set).toEqual(three)
  expect((await ada.send('GET', '/auth/me')).status).toBe(200)
  // Another host is not ours, whatever the port.
  const elsewhere = { headers: { Host: `localhost:${server.port}` } }
  expect((await ada.send('GET', '/auth/me', elsewhere)).json).toEqual(
    problem(421, 'misdirected_request'),
  )
  expect((await ada.send('POST', '/auth/logout')).set).toEqual(
    cleared.map((cookie) => `__Host-${cookie.replace('Path=/;', 'Path=/; Secure;')}`),
  )
})

describe('what another page can make a browser send changes nothing', () => {
  test('no token, the token of another session, a foreign origin: 403', async () => {
    const server = await serve()
    const ada = browser(server)
    await ada.setUp(server.setupToken)
    const other = browser(server)
    await other.logIn()
    const token = other.jar.get('csrf') ?? ''
    const mine = ada.jar.get('csrf') ?? ''
    const target = '/auth/sessions/revoke-others'
    const before = dump(server)

    const without = { headers: { 'X-CSRF-Token': null } }
    const ofAnother = { headers: { 'X-CSRF-Token': token } }
    const planted = {
      headers: {
        'X-CSRF-Token': token,
        Cookie: `session=${ada.jar.get('session')}; csrf=${token}`,
      },
    }
    const foreign = { headers: { Origin: 'https://evil.example', 'Sec-Fetch-Site': null } }
    const crossSite = { headers: { 'Sec-Fetch-Site': 'cross-site' } }
    const nowhere = { headers: { Origin: null, 'Sec-Fetch-Site': null } }
    const none = { headers: { Origin: 'null', 'Sec-Fetch-Site': null } }
    for (const sending of [without, ofAnother, planted, foreign, crossSite, nowhere, none]) {
      expect((await ada.send('POST', target, sending)).json).toEqual(problem(403, 'csrf_rejected'))
    }
    // Signing in and out pass the same gate, so nobody is signed out, or in as somebody else.
    for (const sending of [foreign, crossSite, nowhere, none]) {
      const out = await ada.send('POST', '/auth/logout', sending)
      expect([out.json, out.set]).toEqual([problem(403, 'csrf_rejected'), []])
      const json = { username: 'ada', password }
      const signedIn = await ada.send('POST', '/auth/login', { ...sending, json })
      expect([signedIn.json, signedIn.set]).toEqual([problem(403, 'csrf_rejected'), []])
    }

    expect(dump(server)).toEqual({ ...before, refused: before.refused + 15 })
    expect((await other.send('GET', '/auth/me')).status).toBe(200)
    // With everything as it should be it does what it is for.
    const done = await ada.send('POST', target, { headers: { 'X-CSRF-Token': mine } })
    expect([done.status, done.json]).toEqual([200, { revoked: 1 }])
    expect((await other.send('GET', '/auth/me')).json.reason).toBe('revoked')
  })
})

/** All that is kept, read past the server; of the audit the refusals of the gates as their number. */
function dump({ folder }: ServerProcess) {
  const file = new DatabaseSync(join(folder, 'data', 'sallyport.db'), { readOnly: true })
  const all = (statement: string) => file.prepare(statement).all()
  try {
    return {
      tables: ['instance', 'users', 'sessions'].map((name) => all(`select * from ${name}`)),
      audit: all("select id from audit where type <> 'csrf.rejected'"),
      refused: all("select id from audit where type = 'csrf.rejected'").length,
    }
  } finally {
    file.close()
  }
}

test.runIf(spawnSync('curl', ['--version']).status === 0)('the same with curl', async () => {
  const server = await serve()
  const jar = join(emptyFolder(), 'cookies')
  const api = `${server.origin}/api/v1`
  const curl = (path: string, ...args: string[]) => {
    const always = ['-s', '-b', jar, '-c', jar, '-w', '\n%{http_code}', '--max-time', '10']
    const { stdout } = spawnSync('curl', [...always, ...args, api + path], { encoding: 'utf8' })
    const [, body, status] = /^([\s\S]*)\n(\d+)$/.exec(stdout) ?? []
    return { status: Number(status), json: body ? JSON.parse(body) : {} }
  }
  const asPage = ['-H', `Origin: ${server.origin}`]
  const send = (value: object) => [
    ...[...asPage, '-H', 'Content-Type: application/json'],
    ...['--data-binary', JSON.stringify(value)],
  ]
  const names = () =>
    readFileSync(jar, 'utf8')
      .split('\n')
      .map((line) => line.split('\t')[5])
      .filter((name) => name !== undefined)
      .sort()

  const { setupToken } = server
  expect(curl('/auth/setup', ...send({ setupToken, username: 'ada', password })).status).toBe(201)
  expect(names()).toEqual(['csrf', 'device', 'refresh', 'session'])
  expect(curl('/auth/me').json.user.username).toBe('ada')
  const wrong = curl('/auth/login', ...send({ username: 'ada', password: 'not it' }))
  expect([wrong.status, wrong.json.code]).toEqual([401, 'invalid_credentials'])
  expect(curl('/auth/login', ...send({ username: 'ada', password })).status).toBe(200)
  expect(curl('/auth/sessions/revoke-others', '-X', 'POST', ...asPage).json.code).toBe(
    'csrf_rejected',
  )
  expect(curl('/auth/logout', '-X', 'POST', ...asPage).status).toBe(204)
  const me = curl('/auth/me')
  expect(me.status).toBe(401)
  // curl 7.88 takes but one of several cookies out of its jar at a time; then it hears more.
  const kept = names().some((name) => name === 'session' || name === 'refresh')
  expect(me.json.code).toBe(kept ? 'session_revoked' : 'not_authenticated')
})
