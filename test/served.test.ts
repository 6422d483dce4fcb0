/**
 * The standalone server as anybody reaches it: what it serves, and what it does not, for rows of the
 * standards that no attack has.
 *
 * @module
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { openTestGate, setupToken } from './gate/gate.ts'
import { visitor } from './gate/visitor.ts'
import { built } from './provision/built.ts'
import { browser } from './server/browser.ts'
import { serve } from './server/process.ts'

const folder = join(import.meta.dirname, '../dist/dashboard')
beforeAll(built)

test('no file but those of the dashboard is served: no repository, folder, map or settings', async () => {
  const server = await serve()
  const { send } = browser(server)
  const hidden = [
    ...['/.git/config', '/.git/HEAD', '/.env', '/package.json', '/pages.json', '/data/secret'],
    ...['/assets/', '/assets', '/data/', '/data/sallyport.db', '/secret', '/setup-token'],
    ...['/sallyport.config.json', '/index.html.map', '/node_modules/', '/x.php', '/server-status'],
    '/..%2f..%2fpackage.json',
  ]
  for (const path of hidden)
    expect([path, (await send('GET', `/${path}`)).status]).toEqual([
      path,
      path.includes('%2f') ? expect.toBeOneOf([400, 404]) : 404,
    ])
  const shipped = globSync('**/*.*', { cwd: folder }).filter((name) => name !== 'pages.json')
  expect(shipped.filter((name) => !/\.(?:html|js|css|svg|png|ico|woff2|txt)$/.test(name))).toEqual(
    [],
  )
  const asset = `//${shipped.find((name) => name.startsWith('assets/'))}`
  expect((await send('GET', asset)).status).toBe(200)
})

test('a page and its scripts are the same for everybody, and nothing of a page comes from elsewhere', async () => {
  const server = await serve()
  const [ada, nobody] = [browser(server), browser(server)]
  expect((await ada.setUp(server.setupToken)).status).toBe(201)
  const page = (await nobody.send('GET', '//')).text
  const files = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file ?? '')
  expect(files.length).toBeGreaterThan(2)
  expect(files.filter((file) => !/^\/[\w./-]+$/.test(file))).toEqual([])
  for (const path of ['/', '/users', ...files]) {
    const [hers, theirs] = [await ada.send('GET', `/${path}`), await nobody.send('GET', `/${path}`)]
    expect([path, hers.status, hers.text === theirs.text]).toEqual([path, 200, true])
  }
  const styles = globSync('**/*.css', { cwd: folder }).map((name) =>
    readFileSync(join(folder, name), 'utf8'),
  )
  expect(styles.join('').match(/url\(["']?(?:https?:|\/\/)|@import/g)).toBe(null)
})

test('without script a page says what it needs', async () => {
  const { send } = browser(await serve())
  expect((await send('GET', '//')).text).toContain('<noscript>Sallyport needs JavaScript')
})

test('nothing is called back: JSON stays JSON', async () => {
  const { gate } = await openTestGate()
  const { send } = visitor(gate)
  const plain = await send('GET', '/auth/setup')
  for (const name of ['callback', 'jsonp', 'cb']) {
    const asked = await send('GET', `/auth/setup?${name}=alert`)
    expect(asked.headers.get('content-type')).toMatch(/^application\/(?:problem\+)?json/)
    expect(asked.text).not.toContain('alert(')
  }
  expect(plain.status).toBe(200)
})

test('with another base path there is the API and no dashboard, which the log says', async () => {
  const server = await serve({ env: { SALLYPORT_BASE_PATH: '/gate/api/v1' } })
  await server.line(/only the API is served: the dashboard needs basePath/)
  const { send } = browser(server)
  expect((await send('GET', '//gate/api/v1/auth/setup')).json).toMatchObject({ needsOwner: true })
  const page = { headers: { Accept: 'text/html' } }
  for (const path of ['/', '/setup', '/sign-in', '/gate/', '/gate/setup', '/api/v1/auth/setup']) {
    const got = await send('GET', `/${path}`, page)
    expect([path, got.status, got.json.code]).toEqual([path, 404, 'not_found'])
  }
})

test('Content-Length is the length of what is sent', async () => {
  const { origin } = await serve()
  const api = ['/auth/setup', '/auth/me', '/none', '/openapi.json'].map((path) => `/api/v1${path}`)
  for (const path of [...api, '/', '/none']) {
    // Uncompressed, or the client would have unpacked it by the time it is counted.
    const ask = (method: string) =>
      fetch(origin + path, { method, headers: { 'Accept-Encoding': 'identity' } })
    const got = await ask('GET')
    const length = String((await got.arrayBuffer()).byteLength)
    const head = await ask('HEAD')
    const heads = head.headers.get('content-length') ?? length
    expect([path, got.headers.get('content-length'), heads]).toEqual([path, length, length])
    expect([path, head.status, await head.text()]).toEqual([path, got.status, ''])
  }
})

test('cookies stay small, whatever a person is called', async () => {
  const { gate } = await openTestGate('sqlite', { refresh: { enabled: true } })
  const { send } = visitor(gate)
  const signed = await send('POST', '/auth/setup', {
    json: {
      setupToken,
      username: 'a'.repeat(128),
      displayName: '𐍈'.repeat(128),
      password: 'correct horse battery staple',
    },
  })
  expect(signed.status).toBe(201)
  const pairs = signed.set.map((cookie) => cookie.split(';')[0] ?? '')
  expect(pairs).toHaveLength(4)
  for (const pair of pairs) expect(pair.length).toBeLessThan(1_024)
  expect(pairs.join('; ').length).toBeLessThan(2_048)
})
