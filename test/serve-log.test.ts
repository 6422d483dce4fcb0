/**
 * The log of a real server after a tour of everything that carries a secret, and of everything that
 * tries to write lines of its own: one JSON object a line, and no secret in any.
 *
 * @module
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { freshPostgres } from './provision/postgres.ts'
import { browser, password } from './server/browser.ts'
import { serve } from './server/process.ts'

/** What must not be in the log, besides every cookie and token that went over the wire. */
const typed = ['hunter2', 'Tr0ub4dor', password]
const rootSecret = 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q'
const red = '\u001b[31m'

const places = {
  SQLite: async () => ({}),
  PostgreSQL: async () => ({ SALLYPORT_DATABASE: await freshPostgres() }),
}

test.each(Object.entries(places))('on %s', async (_, place) => {
  const env = { ...(await place()), SALLYPORT_SECRET: rootSecret }
  const server = await serve({ env })
  const { port, setupToken } = server
  const ada = browser(server)
  const secrets = new Set<string>([...typed, rootSecret, setupToken])
  const post = (path: string, body: string, headers = {}) =>
    ada.send('POST', path, { body, headers: { 'Content-Type': 'application/json', ...headers } })

  // Set-up and sign-in, wrong in every way and right.
  await post('/auth/setup', `{"setupToken":"${setupToken}","password":"hunter2`)
  await post('/auth/setup', `{"setupToken":"hunter2","username":"ada","password":"${password}"}`)
  await ada.send('POST', '/auth/setup', {
    json: { setupToken, username: 'hunter2', password: 'a' },
  })
  expect((await ada.setUp(setupToken)).status).toBe(201)
  await ada.send('POST', '/auth/login', { json: { username: 'Tr0ub4dor', password: 'hunter2' } })
  await ada.send('POST', '/auth/login', { json: { username: ['hunter2'], hunter2: 1 } })
  await post('/auth/login', '{"username":"ada","password":"hunter2"}}')
  await post('/auth/login', 'username=ada&password=hunter2', {
    'Content-Type': 'application/x-www-form-urlencoded',
  })
  expect((await ada.logIn()).status).toBe(200)
  for (const value of ada.jar.values()) secrets.add(value)
  expect((await ada.send('GET', '/auth/me')).status).toBe(200)

  // Secrets where none belong.
  await ada.send('GET', '/auth/sessions?cursor=hunter2&password=hunter2')
  await ada.send('GET', '//setup?token=hunter2')
  await ada.send('GET', '/auth/me', { headers: { Authorization: 'Bearer hunter2' } })
  await ada.send('GET', '/auth/me', { headers: { Cookie: 'session=hunter2; session=hunter2' } })
  await ada.send('POST', '/auth/sessions/revoke-others', {
    headers: { 'X-CSRF-Token': 'hunter2', Referer: 'http://localhost/?hunter2' },
  })
  await ada.send('POST', '/auth/logout', { headers: { Origin: 'https://hunter2.example' } })

  // Lines of their own: JSON may say anything, a path only escaped, a header neither CR nor LF.
  await ada.send('POST', '/auth/login', {
    json: { username: `ada\r\n{"level":60}${red}`, password: 'hunter2\r\n' },
  })
  await ada.send('GET', '//a%0d%0a{"level":60,"msg":"forged"}%1b[31m%00')
  const host = `Host: localhost:${port}\r\nConnection: close\r\n\r\n`
  for (const raw of [
    `GET /api/v1/auth/me HTTP/1.1\r\nUser-Agent: ${red}"}{"level":60}\r\n${host}`,
    `GET /${red} HTTP/1.1\r\n${host}`,
    `GET /\r\n{"level":60}${red} HTTP/9\r\nX-Password: hunter2\r\n\r\n`,
    'GET http://ada:hunter2@[/?hunter2 HTTP/1.1\r\nHost: hunter2:x\r\n\r\n',
    `GET http://ada:hunter2@localhost:${port}/?hunter2 HTTP/1.1\r\n${host}`,
  ])
    expect(await spoken(port, raw)).toMatch(/^HTTP\/1\.1 [234]\d\d /)

  expect((await ada.send('POST', '/auth/logout')).status).toBe(204)
  await server.stop()

  expect(server.stderr.length).toBeGreaterThan(20)
  for (const line of server.stderr) {
    const said = JSON.parse(line)
    expect([line, said.level]).toEqual([line, expect.toBeOneOf([30, 40])])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for.
    expect(line).not.toMatch(/[\u0000-\u001f\u007f\u2028\u2029]/)
    for (const secret of secrets) expect(line).not.toContain(secret)
  }
  // Nor on the other stream, but for the claim link itself.
  expect(server.stdout).toHaveLength(2)
})

test('whoever is refused for want of a session is in the log, with the id that was told (R4.8, P11)', async () => {
  const server = await serve()
  const asked = [
    {},
    { Cookie: 'session=planted' },
    { Cookie: 'session=a.b.c; refresh=planted' },
    { Authorization: 'Bearer planted' },
    { Authorization: 'Basic planted' },
  ]
  const ids: unknown[] = []
  for (const headers of asked) {
    const got = await browser(server).send('GET', '/auth/me', { headers })
    expect(got.status).toBe(401)
    ids.push(got.json.instance)
  }
  await server.stop()
  const lines = server.stderr.map((line) => JSON.parse(line))
  expect(lines.filter(({ status }) => status === 401).map(({ requestId }) => requestId)).toEqual(
    ids,
  )
})

/** Says something to a port, whether or not it is HTTP, and hears the answer out. */
async function spoken(port: number, raw: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.end(raw)
  return text(socket)
}
