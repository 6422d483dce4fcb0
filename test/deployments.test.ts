/**
 * The ways to put a proxy in front, as `docs/guide/proxies.md` writes them, through real ones: TLS in front, the
 * address replaced or added, two proxies, under a path, IPv6. Clients have addresses of their own by the PROXY
 * protocol, as behind a balancer.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { expect, test } from 'vitest'
import { freePort } from '../scripts/free-port.ts'
import { ask } from './provision/ask.ts'
import { certificate } from './provision/certificate.ts'
import { browser } from './server/browser.ts'
import { emptyFolder, follow, type ServerProcess, serve, unlimited } from './server/process.ts'

const guide = readFileSync(join(import.meta.dirname, '../docs/guide/proxies.md'), 'utf8')
const blocks = [...guide.matchAll(/```(nginx|caddy)\n(.*?)```/gs)].map(([, , text = '']) => text)
const [map = '', one = '', caddyfile = '', inner = '', kept = '', stripped = ''] = blocks

const origin = 'https://app.example'

/** Where a client comes from: said by the PROXY protocol, or an address of this machine. */
type From = { readonly said: string } | { readonly local: string }

/** A browser at a proxy, over TLS that is verified. */
function at(port: number, from: From, ca: string) {
  const six = 'said' in from && from.said.includes(':')
  const agent = new Agent()
  agent.createConnection = () => {
    const raw = connect({
      host: six ? '::1' : '127.0.0.1',
      port,
      ...('local' in from && { localAddress: from.local }),
    })
    if ('said' in from)
      raw.write(`PROXY TCP${six ? 6 : 4} ${from.said} ${six ? '::1' : '127.0.0.1'} 40000 443\r\n`)
    return connectTls({ socket: raw, ca, servername: 'app.example' })
  }
  return browser({ port, origin, agent })
}

/** A block of the page with our ports and certificate. */
const placed = (
  block: string,
  { front, back, cert, key }: { front: number; back: string; cert?: string; key?: string },
) =>
  block
    .replace('listen 443 ssl;', `listen 127.0.0.1:${front} ssl proxy_protocol;`)
    .replace('listen [::]:443 ssl;', `listen [::1]:${front} ssl proxy_protocol;`)
    .replace('listen 8080;', `listen 127.0.0.1:${front};`)
    .replace('/etc/ssl/app.example.pem', cert ?? '')
    .replace('/etc/ssl/app.example.key', key ?? '')
    .replace('127.0.0.1:3000', back)

const withLocation = (location: string) => one.replace(/ {2}location \/ \{.*?\n {2}\}\n/s, location)

/** What a client may say of itself; none of it is true. */
const lies = {
  Forwarded: 'for=203.0.113.9;proto=http;host=evil.example',
  'X-Real-IP': '203.0.113.9',
  'X-Client-IP': '203.0.113.9',
  'X-Forwarded-Host': 'evil.example',
  'X-Forwarded-Port': '80',
  'X-Forwarded-Proto': 'http',
  'X-Forwarded-Method': 'GET',
  'X-Forwarded-Uri': 'https://evil.example/',
  'X-HTTP-Method-Override': 'GET',
  'X-Original-URL': '/api/v1/users',
}
const addresses = [
  '203.0.113.9',
  '127.0.0.1',
  '127.0.0.1, 127.0.0.2',
  '::1',
  '2001:db8:bad::1',
  'junk',
  '203.0.113.9, junk',
  '"',
]

interface Row {
  readonly server: ServerProcess
  readonly front: number
  /** In front of `/api/v1`. */
  readonly prefix: string
  readonly from: From
  /** What is recorded. */
  readonly address: string
  /** What another host is answered: a proxy that knows its own answers that by itself. */
  readonly elsewhere: number
}

/** Signs in and out as a person would, and again with everything a client may lie about. */
async function holds({ front, prefix, from, address, elsewhere }: Row, ca: string): Promise<void> {
  const under = (path: string) => `/${prefix}/api/v1${path}`
  const ada = at(front, from, ca)
  const json = { username: 'ada', password: 'correct horse battery staple' }
  const lying = { ...lies, 'X-Forwarded-For': addresses.join(', ') }
  const shapes: unknown[] = []
  for (const headers of [{}, lying]) {
    ada.jar.clear()
    const signed = await ada.send('POST', under('/auth/login'), { json, headers })
    const { status, set } = signed
    expect([status, signed.json.session]).toEqual([200, expect.objectContaining({ address })])
    expect([...ada.jar.keys()].sort()).toEqual(
      ['csrf', 'device', 'refresh', 'session'].map((name) => `__Host-${name}`),
    )
    for (const cookie of set) expect(cookie).toMatch(/; Path=\/; Secure; SameSite=Strict/)
    expect(signed.headers['strict-transport-security']).toMatch(/^max-age=\d{8}/)

    const me = await ada.send('GET', under('/auth/me'), { headers })
    expect([me.status, me.json.session.current]).toEqual([200, true])
    // Neither the method nor the host is what a header says.
    const bare = { ...headers, 'X-CSRF-Token': null }
    const unsafe = await ada.send('POST', under('/auth/step-up'), { json, headers: bare })
    expect([unsafe.status, unsafe.json.code]).toEqual([403, 'csrf_rejected'])
    const astray = { ...headers, Host: 'evil.example', 'X-Forwarded-Host': 'app.example' }
    const lost = await ada.send('GET', under('/auth/me'), { headers: astray })
    expect([lost.status, lost.json.user]).toEqual([elsewhere, undefined])
    const refreshed = await ada.send('POST', under('/auth/refresh'), { headers })
    expect(refreshed.status).toBe(200)
    shapes.push(
      [signed, me, refreshed].map(({ headers, set }) => [
        Object.keys(headers),
        set.map(attributes),
      ]),
    )
  }
  expect(shapes[1]).toEqual(shapes[0])

  // Each lie by itself, recorded with where it really came from.
  for (const forwarded of addresses) {
    const headers = { ...lies, 'X-Forwarded-For': forwarded, Origin: 'https://evil.example' }
    expect((await ada.send('POST', under('/auth/logout'), { headers })).status).toBe(403)
  }
  const read = async (type: string, limit: number) => {
    const told = await ada.send('GET', under(`/audit?type=${type}&limit=${limit}`))
    const { items } = told.json as unknown as { items: { address: string }[] }
    return items.map((one) => one.address)
  }
  expect(await read('csrf.rejected', addresses.length)).toEqual(addresses.map(() => address))
  expect(await read('auth.signed_in', 2)).toEqual([address, address])
  expect((await ada.send('POST', under('/auth/logout'))).status).toBe(204)
  expect([...ada.jar.keys()]).toEqual(['__Host-device'])
}

const attributes = (cookie: string) => cookie.replace(/=[^;]*/, '')

test('as the guide writes it: signed in, the address is right, and no header changes it', {
  // They may have to be installed on the way.
  timeout: 300_000,
}, async () => {
  const [nginx = '', caddy = ''] = (await ask('/proxies')).split(',')
  const folder = emptyFolder()
  mkdirSync(join(folder, 'logs'))
  const pair = certificate(folder, 'app.example')
  const ca = readFileSync(pair.cert, 'utf8')
  const open = (trusted: string, more: { env?: Record<string, string>; flags?: string[] } = {}) =>
    serve({
      ...more,
      env: {
        ...unlimited,
        SALLYPORT_PUBLIC_ORIGIN: origin,
        SALLYPORT_TRUST_PROXY: trusted,
        SALLYPORT_SESSION_LIMIT: '0',
        ...more.env,
      },
    })
  const [near, far, under, six] = await Promise.all([
    open('127.0.0.1'),
    open('127.0.0.1,127.0.0.2'),
    open('127.0.0.1', { env: { SALLYPORT_BASE_PATH: '/gate/api/v1' } }),
    open('::1', { flags: ['--host', '::1'], env: { SALLYPORT_LIMITS_ANONYMOUS: '60' } }),
  ])

  const servers: string[] = []
  const put = async (block: string, back: string) => {
    const front = await freePort()
    servers.push(placed(block, { ...pair, front, back }))
    return front
  }
  const of = ({ port }: ServerProcess) => `127.0.0.1:${port}`
  const adds = one.replace('$remote_addr', '$proxy_add_x_forwarded_for')
  // The outer one has another address than the inner one.
  const outer = one.replace('location / {', 'location / { proxy_bind 127.0.0.2;')
  const behind = async (server: ServerProcess) =>
    put(outer, `127.0.0.1:${await put(inner, of(server))}`)
  const usual = {
    elsewhere: 421,
    prefix: '',
    from: { said: '198.51.100.7' },
    address: '198.51.100.7',
  }
  const rows: Readonly<Record<string, Row>> = {
    replaced: { ...usual, server: near, front: await put(one, of(near)) },
    added: { ...usual, server: near, front: await put(adds, of(near)) },
    'two proxies': { ...usual, server: far, front: await behind(far) },
    'two, the outer one not trusted': {
      ...{ ...usual, server: near, front: await behind(near) },
      address: '127.0.0.2',
    },
    'under a path': {
      ...{ ...usual, server: under, prefix: '/gate' },
      front: await put(withLocation(kept), of(under)),
    },
    'under a path that is taken away': {
      ...{ ...usual, server: near, prefix: '/gate' },
      front: await put(withLocation(stripped), of(near)),
    },
    IPv6: {
      ...{ ...usual, server: six, front: await put(one, `[::1]:${six.port}`) },
      from: { said: '2001:db8:0:1:0:0:0:7' },
      address: '2001:db8:0:1::7',
    },
    'IPv6, added': {
      ...{ ...usual, server: six, front: await put(adds, `[::1]:${six.port}`) },
      from: { said: '2001:DB8:0:1::7' },
      address: '2001:db8:0:1::7',
    },
    Caddy: {
      ...{ prefix: '', elsewhere: 200, server: near, front: await freePort() },
      ...{ from: { local: '127.0.0.9' }, address: '127.0.0.9' },
    },
  }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${name};`)
    .join(' ')
  const conf = join(folder, 'nginx.conf')
  writeFileSync(
    conf,
    `worker_processes 1; pid nginx.pid; error_log stderr warn; events {}
http {
  access_log off; ${temporary}
  set_real_ip_from 127.0.0.1; set_real_ip_from ::1; real_ip_header proxy_protocol;
  ${map}${servers.join('\n')}
}`,
  )
  const caddyFront = rows.Caddy?.front ?? 0
  const caddyConf = join(folder, 'Caddyfile')
  writeFileSync(
    caddyConf,
    `{\n\tadmin off\n\tauto_https off\n}\n${caddyfile
      .replace(
        'app.example {',
        `https://app.example:${caddyFront} {\n\tbind 127.0.0.1\n\ttls ${pair.cert} ${pair.key}`,
      )
      .replace('127.0.0.1:3000', of(near))}`,
  )
  const env = { PATH: process.env.PATH ?? '', HOME: folder, XDG_DATA_HOME: folder }
  const asRoot = process.getuid?.() === 0 ? ' user root;' : ''
  const run = (program: string, args: readonly string[]) => {
    const started = follow(spawn(program, args, { cwd: folder, env }), folder, 0)
    void started.ended.then(() => {
      failed = `${program} ended:\n${started.stderr.join('\n')}`
    })
  }
  let failed: string | undefined
  run(nginx, ['-p', folder, '-c', conf, '-g', `daemon off; master_process off;${asRoot}`])
  run(caddy, ['run', '--adapter', 'caddyfile', '--config', caddyConf])

  const claimed = new Set<ServerProcess>()
  for (const [name, row] of Object.entries(rows)) {
    const { server, front, from, prefix } = row
    const first = at(front, from, ca)
    const live = () => first.send('GET', `/${prefix}/api/v1/health/live`)
    while ((await live().catch(() => ({ status: 0 }))).status !== 200) {
      if (failed) throw new Error(failed)
      await pause(20)
    }
    if (!claimed.has(server)) {
      const json = {
        setupToken: server.setupToken,
        username: 'ada',
        password: 'correct horse battery staple',
      }
      const got = await first.send('POST', `/${prefix}/api/v1/auth/setup`, { json })
      expect([name, got.status]).toEqual([name, 201])
      claimed.add(server)
    }
    await holds(row, ca).catch((error: Error) => {
      throw new Error(`${name}: ${error.message}\n${server.stderr.slice(-3).join('\n')}`, {
        cause: error,
      })
    })
  }

  // A customer has a whole /64, and one count.
  const front = rows.IPv6?.front ?? 0
  const asks = (said: string) => at(front, { said }, ca).send('GET', '/auth/setup')
  let refused: number | undefined
  for (let n = 1; n <= 300 && refused === undefined; n += 1)
    if ((await asks(`2001:db8:0:2::${n.toString(16)}`)).status === 429) refused = n
  expect(refused).toBeGreaterThan(30)
  expect((await asks('2001:db8:0:3::1')).status).toBe(200)
})
