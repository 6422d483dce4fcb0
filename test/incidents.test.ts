/**
 * Incidents, played: a thief gets in with what he has; the commands of `docs/security/incidents.md` are
 * followed; he is out, and everybody else is where the page says.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { issueToken } from '../src/rules/access-token.ts'
import { deriveKeys, rootOf } from '../src/rules/keys.ts'
import { dial } from './gate/sockets.ts'
import { type Browser, browser, password } from './server/browser.ts'
import { command } from './server/command.ts'
import { follow } from './server/playbook.ts'
import { type ServerProcess, serve, unlimited } from './server/process.ts'

const timeout = { timeout: 120_000 }

/** An instance with ada, its owner, and bob, signed in, each in a browser of the own. */
async function instance() {
  const server = await serve({ env: unlimited })
  const [ada, bob] = [browser(server), browser(server)]
  expect((await ada.setUp(server.setupToken)).status).toBe(201)
  const given = 'a first password for bob'
  const added = { username: 'bob', role: 'member', password: given }
  expect((await ada.send('POST', '/users', { json: added })).status).toBe(201)
  expect((await bob.logIn('bob', given)).status).toBe(200)
  const chosen = { currentPassword: given, newPassword: bobs }
  expect((await bob.send('POST', '/auth/change-password', { json: chosen })).status).toBe(200)
  return { server, ada, bob }
}

const bobs = 'eleven herons over the weir'

const me = async (who: Browser) => {
  const { status, json } = await who.send('GET', '/auth/me')
  return json.reason ? [status, json.reason] : status
}
const sessionOf = async (who: Browser) => (await who.send('GET', '/auth/me')).json.session.id

/** A browser with all the cookies of another. */
function copied(server: ServerProcess, from: Browser): Browser {
  const thief = browser(server)
  for (const [name, value] of from.jar) thief.jar.set(name, value)
  return thief
}

/** What a key opens. */
const byKey = async (server: ServerProcess, secret: string) =>
  (await browser(server).send('GET', '/users', { headers: { Authorization: `Bearer ${secret}` } }))
    .status

async function issued(by: Browser, name = 'ci') {
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString()
  const asked = { name, scopes: ['users:read'], expiresAt }
  const { status, json } = await by.send('POST', '/auth/api-keys', { json: asked })
  expect(status).toBe(201)
  const { key, secret } = json as unknown as { key: { id: string }; secret: string }
  return { id: key.id, secret }
}

/** A token that whoever has the secret can write for a session he knows the id of. */
function forged(secretFile: string, genuine: string): string {
  const [root = ''] = readFileSync(secretFile, 'utf8').split('\n')
  const claims = JSON.parse(Buffer.from(genuine.split('.')[1] ?? '', 'base64url').toString())
  const secret = Buffer.from(root, 'base64url')
  const keys = deriveKeys({ active: rootOf(secret), verify: [] }, claims.aud)
  const iat = Math.floor(Date.now() / 1_000)
  const jti = randomBytes(16).toString('base64url')
  return issueToken(keys, { ...claims, jti, iat, exp: iat + 300 })
}

/** A browser that has this as its session cookie, and nothing else. */
function carrying(server: ServerProcess, session: string): Browser {
  const thief = browser(server)
  thief.jar.set('session', session)
  return thief
}

test('a session cookie leaked', timeout, async () => {
  const { server, ada, bob } = await instance()
  const elsewhere = browser(server)
  expect((await elsewhere.logIn()).status).toBe(200)
  const [thief, id] = [copied(server, ada), await sessionOf(ada)]
  expect(await me(thief)).toBe(200)
  const { json } = await thief.send('POST', '/auth/ws-ticket')
  const socket = await dial(server.port, { ticket: String(json.ticket) }, server.origin)
  expect(socket.status).toBe(101)
  const made = await issued(thief, 'backdoor')

  const said = await follow('A session cookie or a refresh token leaked', server.folder, {
    NAME: 'ada',
    SESSION: id,
  })
  expect(await me(thief)).toEqual([401, 'revoked'])
  expect((await thief.send('POST', '/auth/refresh')).status).toBe(401)
  expect(await socket.closed).toMatchObject({ code: 4401, reason: 'revoked' })
  expect([await me(elsewhere), await me(bob)]).toEqual([200, 200])
  // What it was used for is named, and still there.
  expect(said).toContain('"type":"key.issued"')
  expect(await byKey(server, made.secret)).toBe(200)
})

test('an API key leaked', timeout, async () => {
  const { server, ada } = await instance()
  const [leaked, other] = [await issued(ada), await issued(ada, 'other')]
  expect(await byKey(server, leaked.secret)).toBe(200)
  const said = await follow('An API key leaked', server.folder, { KEY: leaked.id })
  expect([await byKey(server, leaked.secret), await byKey(server, other.secret)]).toEqual([
    401, 200,
  ])
  expect(await me(ada)).toBe(200)
  expect(said).toContain('"type":"key.issued"')
  expect(said).toContain('"type":"key.revoked"')
})

test('the set-up token leaked', timeout, async () => {
  const server = await serve()
  const leaked = server.setupToken
  const wrong = await browser(server).send('POST', '/auth/setup', {
    json: { setupToken: leaked, username: 'eve', password: 'short' },
  })
  // The token is good: it is the password that is refused.
  expect(wrong.status).toBe(422)
  await follow('The set-up token leaked', server.folder)
  expect((await server.stop()).code).toBe(0)
  const again = await serve({ folder: server.folder, port: server.port })
  expect((await browser(again).setUp(leaked, 'eve')).status).toBe(403)
  expect((await browser(again).setUp(again.setupToken)).status).toBe(201)
})

test('the root secret leaked', timeout, async () => {
  const { server, ada, bob } = await instance()
  const key = await issued(ada)
  const file = join(server.folder, 'data/secret')
  const stolen = join(server.folder, 'stolen')
  copyFileSync(file, stolen)
  const forge = (who: Browser) => carrying(server, forged(stolen, who.jar.get('session') ?? ''))
  expect(await me(forge(ada))).toBe(200)

  await follow('The root secret leaked', server.folder)
  expect([await me(forge(ada)), await me(ada), await me(bob)]).toEqual([
    [401, 'restored'],
    [401, 'restored'],
    [401, 'restored'],
  ])
  // It takes sign-ins once it has looked at the file.
  await expect.poll(async () => (await ada.logIn()).status, { timeout: 30_000 }).toBe(200)
  expect((await bob.logIn('bob', bobs)).status).toBe(200)
  expect([await me(ada), await me(bob), await byKey(server, key.secret)]).toEqual([200, 200, 200])
  expect(await me(forge(ada))).toEqual([401, 'restored'])
})

test('the database leaked: nothing in it lets anybody in', timeout, async () => {
  const { server, ada } = await instance()
  const key = await issued(ada)
  await ada.send('POST', '/auth/ws-ticket')
  expect((await command(server.folder, ['backup', 'stolen.db'])).code).toBe(0)
  const file = new DatabaseSync(join(server.folder, 'stolen.db'))
  const tables = file.prepare("select name from sqlite_master where type = 'table'").all()
  const values = tables.flatMap(({ name }) =>
    file
      .prepare(`select * from ${name}`)
      .all()
      .flatMap((row) => Object.values(row))
      .filter((value): value is string => typeof value === 'string' && value.length > 15),
  )
  file.close()
  const tried = [...new Set(values)]
  expect(tried.length).toBeGreaterThan(40)
  const headers = [
    (value: string) => ({ Cookie: `session=${value}` }),
    (value: string) => ({ Authorization: `Bearer ${value}` }),
    (value: string) => ({ Authorization: `Bearer sp_${key.id}_${value}` }),
  ]
  for (const value of tried.filter((one) => /^[\x21-\x7e]+$/.test(one))) {
    for (const header of headers) {
      const got = await browser(server).send('GET', '/auth/me', { headers: header(value) })
      expect([value, got.status]).toEqual([value, expect.toBeOneOf([400, 401])])
    }
  }
})

test('the database leaked, with the root secret', timeout, async () => {
  const { server, ada, bob } = await instance()
  // Guessed at home, where nobody counts.
  const thief = browser(server)
  expect((await thief.logIn('bob', bobs)).status).toBe(200)
  const said = await follow('With the root secret', server.folder, { NAMES: 'bob' })
  expect([await me(thief), await me(ada)]).toEqual([
    [401, 'restored'],
    [401, 'restored'],
  ])
  await expect.poll(async () => (await ada.logIn()).status, { timeout: 30_000 }).toBe(200)
  expect((await thief.logIn('bob', bobs)).status).toBe(401)
  const temporary = /Temporary password: (\S+)/.exec(said)?.[1]
  const signed = await bob.logIn('bob', temporary)
  expect([signed.status, signed.json.mustChangePassword]).toEqual([200, true])
})

test('somebody has written to the database', timeout, async () => {
  const { server, ada, bob } = await instance()
  const file = new DatabaseSync(join(server.folder, 'data/sallyport.db'))
  file.exec("update users set role = 'owner', revision = 'x' where username = 'bob'")
  file.exec('update feed set head = head + 1')
  file.close()
  const everybody = async () => (await bob.send('GET', '/users')).status
  await expect.poll(everybody, { timeout: 30_000 }).toBe(200)
  const said = await follow('Somebody may have written to it', server.folder, { NAME: 'bob' })
  expect(said).toMatch(/^bob +owner/m)
  expect([await me(bob), await me(ada)]).toEqual([[401, 'user_disabled'], 200])
  const told = await command(server.folder, ['audit', 'list', '--type', 'user.updated'])
  expect(told.stdout).not.toContain('user.updated')
})

test('an administrator’s laptop was stolen', timeout, async () => {
  const { server, ada, bob } = await instance()
  const key = await issued(ada)
  const thief = copied(server, ada)
  const mallory = { username: 'mallory', role: 'admin', password: 'a door at the back of it' }
  expect((await thief.send('POST', '/users', { json: mallory })).status).toBe(201)
  expect(await byKey(server, key.secret)).toBe(200)

  const known = { NAME: 'ada', KEY: key.id }
  const said = await follow("An administrator's laptop was stolen", server.folder, known)
  expect(await me(thief)).toEqual([401, 'password_changed'])
  expect((await thief.logIn('ada', password)).status).toBe(401)
  expect(await byKey(server, key.secret)).toBe(401)
  expect(await me(bob)).toBe(200)
  // Its deed is named, goes on, and is undone.
  expect(said).toMatch(/"type":"user\.created".*"username":"mallory"/)
  expect(said).toMatch(/^mallory +admin/m)
  expect((await browser(server).logIn('mallory', mallory.password)).status).toBe(200)
  expect((await command(server.folder, ['user', 'delete', 'mallory', '--yes'])).code).toBe(0)
  expect((await browser(server).logIn('mallory', mallory.password)).status).toBe(401)
  const temporary = /Temporary password: (\S+)/.exec(said)?.[1]
  const signed = await browser(server).logIn('ada', temporary)
  expect([signed.status, signed.json.mustChangePassword]).toEqual([200, true])
})
