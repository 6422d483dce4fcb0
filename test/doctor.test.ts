/**
 * The doctor on seeded mistakes: each is found, with what mends it, and a healthy instance has none. The
 * mistakes of proxies are made by a real one in front of a real server.
 *
 * @module
 */
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as forward, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { createSallyport, examine, type SallyportOptions, saidIn } from '../src/index.ts'
import { listener } from '../src/mounts/node.ts'
import { doctorPass, ofClock, ofDisk, ofLatency } from '../src/rules/doctor.ts'
import { deriveKeys, rootOf } from '../src/rules/keys.ts'
import { noLimits, openTestGate } from './gate/gate.ts'
import { visitor } from './gate/visitor.ts'
import { freshPostgres } from './provision/postgres.ts'
import { browser } from './server/browser.ts'
import { command } from './server/command.ts'
import { emptyFolder } from './server/process.ts'

const timeout = 60_000
const secret = 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q'
const token = 'a setup token that only this test knows'

type Options = Partial<SallyportOptions> & Record<string, unknown>

/** An instance with its owner, in a folder of its own; `port` of its server, and of the proxy in front. */
async function instance(options: Options = {}, proxy?: (asked: IncomingMessage) => Passed) {
  const folder = emptyFolder()
  const file = join(folder, 'data', 'sallyport.db')
  const front = proxy ? await proxying(proxy) : undefined
  const server = createServer()
  const port = await listening(server)
  front?.lead(port)
  const origin = `http://localhost:${front?.port ?? port}`
  const secretFile = join(folder, 'secret')
  writeFileSync(secretFile, `${secret}\n`, { mode: 0o600 })
  const given = { publicOrigin: origin, database: `sqlite:${file}`, secretFile }
  const gate = await createSallyport({
    ...given,
    ...options,
    setupToken: token,
  } as SallyportOptions)
  const answering = listener((request, from) => gate.handlePlain(request, from))
  server.on('request', answering)
  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    await gate.close()
    server.closeAllConnections()
    server.close()
  }
  onTestFinished(close)
  const direct = browser({ port, origin })
  expect((await direct.setUp(token)).status).toBe(201)
  const look = async (more: Options = {}, url?: string) => {
    const findings = await examine(saidIn({ ...given, ...options, ...more }), url)
    for (const one of findings) expect(one.mend !== undefined).toBe(one.is !== 'good')
    return findings
  }
  return { folder, file, secretFile, origin, gate, look, close, direct }
}

type Instance = Awaited<ReturnType<typeof instance>>
/** Checks that are not good, with how bad. */
const told = (findings: Awaited<ReturnType<Instance['look']>>) =>
  findings.filter(({ is }) => is !== 'good').map(({ check, is }) => `${is} ${check}`)

const change = (file: string, statement: string) => {
  const connection = new DatabaseSync(file, { timeout: 5_000 })
  connection.exec(statement)
  connection.close()
}

test('a healthy instance: nothing to mend, in its settings, its files and through its address', {
  timeout,
}, async () => {
  const { look, origin, direct, file } = await instance()
  const findings = await look({}, origin)
  expect(told(findings)).toEqual([])
  expect(findings.map(({ check }) => check)).toEqual([
    'settings',
    'database',
    'database.latency',
    'database.disk',
    'secret',
    'audit',
    'url',
    'url.clock',
    'url.address',
    'url.origin',
    'url.cookies',
    'url.cache',
  ])
  // The same for the dashboard; and how a request was seen is told to nobody else.
  const { findings: shown } = (await direct.send('GET', '/instance/health')).json as unknown as {
    findings: object[]
  }
  expect(shown).toEqual(
    findings.slice(0, 4).map((one) => expect.objectContaining({ check: one.check })),
  )
  const pass = doctorPass(
    deriveKeys({ active: rootOf(Buffer.alloc(32)), verify: [] }, 'x'),
    Date.now(),
  )
  for (const headers of [{}, { 'X-Sallyport-Doctor': pass }]) {
    const { json } = await direct.send('GET', '/health/live', { headers })
    expect(json).toEqual({ status: 'ok' })
  }
  // A role that no setting knows any more, in a scope of the owner's.
  change(file, `update users set scopes = '[{"role":"clerk","scope":"shop:1"}]'`)
  const stray = { check: 'access', is: 'warning', says: expect.stringContaining('"clerk"') }
  const { json } = await direct.send('GET', '/instance/health')
  expect(json.findings).toContainEqual(expect.objectContaining(stray))
  const known = { access: { roles: { clerk: { below: 'member' } } } }
  expect([told(await look()), told(await look(known))]).toEqual([['warning access'], []])
})

const settings: readonly (readonly [string, Options, string])[] = [
  ['cookies that are not secure', { publicOrigin: 'http://app.example.test' }, 'bad settings'],
  ['no such setting', { sesion: 1 }, 'bad settings'],
  ['a weak secret', { secretFile: undefined, secret: 'short' }, 'bad settings'],
  ['a secret that cannot be rotated', { secretFile: undefined, secret }, 'warning settings.secret'],
  ['everybody is a proxy', { trustProxy: ['0.0.0.0/0'] }, 'bad settings'],
  ['half the world is a proxy', { trustProxy: ['128.0.0.0/1'] }, 'bad settings.trustProxy'],
  ['limits are off', { limits: noLimits }, 'warning settings.limits'],
  ['short passwords', { password: { minLength: 8 } }, 'warning settings.password'],
  ['weak hashes', { hashing: { memory: 8_192 } }, 'bad settings'],
  ['links sign in', { cookies: { sameSite: 'lax' } }, 'warning settings.sameSite'],
  ['a set-up token left', { setupToken: token }, 'warning settings.setupToken'],
  ['a database without TLS', { insecureDatabaseConnection: true }, 'warning settings.database'],
  [
    'an audit in the clear',
    { audit: { sink: 'tcp://logs.example:601' } },
    'warning settings.audit',
  ],
  ['open to the network', { insecureCookiesForLocalhost: true }, 'warning settings.host'],
]

test('settings that cost something', { timeout }, async () => {
  const { look } = await instance()
  for (const [name, more, expected] of settings)
    expect([name, told(await look(more))]).toEqual([name, [expected]])
  const shared = { publicOrigin: 'https://app.example.test', cookies: { domain: 'example.test' } }
  expect(told(await look(shared))).toEqual(['warning settings.cookies'])
})

const spoilt: readonly (readonly [string, (at: Instance) => void, string])[] = [
  ['a secret others can read', ({ secretFile }) => chmodSync(secretFile, 0o644), 'bad settings'],
  ['a database others can write', ({ file }) => chmodSync(file, 0o666), 'bad settings'],
  ['no database', ({ file }) => rmSync(file), 'bad database'],
  [
    'no database at all',
    ({ file }) => writeFileSync(file, 'rubbish'.repeat(999)),
    'bad database.file',
  ],
  [
    'a newer schema',
    ({ file }) => change(file, `insert into migrations values ('9999-later')`),
    'bad database.migrations',
  ],
  [
    'a migration to do',
    ({ file }) => change(file, `delete from migrations where name like '0008%'`),
    'warning database.migrations',
  ],
  [
    'no write-ahead log',
    ({ file }) => change(file, 'pragma journal_mode = delete'),
    'bad database.journal',
  ],
  [
    'another secret',
    ({ secretFile }) => writeFileSync(secretFile, `${secret.toLowerCase()}\n`),
    'bad secret',
  ],
  [
    'a record that was altered',
    ({ file }) => change(file, `update audit set actor = 'nobody' where type = 'instance.claimed'`),
    'bad audit',
  ],
  [
    'a record that was removed',
    ({ file }) => change(file, `delete from audit where type = 'instance.claimed'`),
    'bad audit',
  ],
  [
    'a role that settings do not know',
    ({ file }) => change(file, `update users set role = 'clerk'`),
    'warning access',
  ],
  [
    'nobody has claimed it',
    ({ file }) => change(file, 'update instance set claimedAt = null'),
    'warning owner',
  ],
]

test.each(spoilt)('%s', { timeout }, async (_, spoil, expected) => {
  const open = await instance()
  await open.close()
  spoil(open)
  const found = told(await open.look())
  expect(found).toContain(expected)
  // It has mended nothing, either.
  expect(told(await open.look())).toEqual(found)
})

/** What a proxy makes of a request and of its answer; nothing is the same as it came. */
interface Passed {
  readonly path?: string
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly set?: (cookie: string) => string | undefined
  /** Of the answer. */
  readonly answered?: Readonly<Record<string, string>>
}

const appended = ({ headers }: IncomingMessage) => `${headers['x-forwarded-for']}, 198.51.100.7`
const throughProxy: readonly (readonly [
  string,
  Options,
  (asked: IncomingMessage) => Passed,
  string[],
])[] = [
  [
    'one that adds the address and is trusted',
    { trustProxy: ['127.0.0.1', '::1'] },
    (asked) => ({ headers: { 'x-forwarded-for': appended(asked) } }),
    [],
  ],
  [
    'one that replaces the address and is trusted',
    { trustProxy: ['127.0.0.1', '::1'] },
    () => ({ headers: { 'x-forwarded-for': '198.51.100.7' } }),
    [],
  ],
  [
    'one that is not trusted',
    {},
    (asked) => ({ headers: { 'x-forwarded-for': appended(asked) } }),
    ['bad url.address'],
  ],
  [
    'one that does not say for whom',
    {},
    () => ({ headers: { via: '1.1 proxy' } }),
    ['bad url.address'],
  ],
  [
    'one that passes on what it was told',
    { trustProxy: ['127.0.0.1', '::1'] },
    () => ({}),
    ['bad url.address'],
  ],
  [
    'one that asks for another host',
    {},
    () => ({ headers: { host: 'backend.internal' } }),
    ['bad url.host'],
  ],
  [
    'one that changes the origin',
    {},
    () => ({ headers: { origin: 'http://backend.internal' } }),
    ['bad url.origin'],
  ],
  ['one that drops cookies', {}, () => ({ set: () => undefined }), ['bad url.cookies']],
  [
    'one that moves cookies',
    {},
    () => ({ set: (cookie) => cookie.replace('Path=/', 'Path=/app') }),
    ['bad url.cookies'],
  ],
  [
    'one that lets answers be kept',
    {},
    () => ({ answered: { 'cache-control': 'public, max-age=60' } }),
    ['bad url.cache'],
  ],
  [
    'one whose clock is an hour late',
    {},
    () => ({ answered: { date: new Date(Date.now() - 3_600_000).toUTCString() } }),
    ['bad url.clock'],
  ],
  [
    'one that asks for another path',
    {},
    ({ url = '' }) => ({ path: url.replace('/api', '') }),
    ['bad url'],
  ],
]

test.each(throughProxy)('behind %s', { timeout }, async (_, options, proxy, expected) => {
  const { look, origin } = await instance(options, proxy)
  expect(told(await look({}, origin))).toEqual(expected)
})

test('another address than the public one, one that nobody answers, and none', {
  timeout,
}, async () => {
  const { look, origin } = await instance()
  const other = origin.replace('localhost', '127.0.0.1')
  expect(told(await look({}, other))).toEqual(['bad url.publicOrigin', 'bad url.origin'])
  expect(told(await look({}, 'http://127.0.0.1:1'))).toEqual(['bad url'])
  expect(told(await look({}, 'app.example'))).toEqual(['bad url'])
})

test('PostgreSQL: well, and away', { timeout }, async () => {
  const database = await freshPostgres()
  const open = await openTestGate('postgres')
  await visitor(open.gate).setUp()
  const said = { publicOrigin: 'https://app.example.test', secret, database: open.database }
  const found = told(await examine(saidIn(said)))
  // The server of the tests keeps nothing over a loss of power, and its gate has a clock of its own.
  expect(found.filter((one) => !one.includes('durability'))).toEqual(['warning settings.secret'])
  expect(told(await examine(saidIn({ ...said, database })))).toContain(
    'warning database.migrations',
  )
  const [{ name } = {}] = await open.query('select current_database() as name')
  await open.query(`alter database "${name}" set default_transaction_read_only = on`)
  expect(told(await examine(saidIn(said)))).toContain('bad database.writable')
  const away = database.replace(/:\d+\//, ':1/')
  expect(told(await examine(saidIn({ ...said, database: away })))).toContain('bad database')
})

test('disk, clock and latency by their numbers', () => {
  const mb = 1_048_576
  const disk = (free: number) => ofDisk({ free: free * mb, total: 50_000 * mb }, '/data').is
  expect([disk(99), disk(900), disk(2_000)]).toEqual(['bad', 'warning', 'good'])
  const clock = (differs: number) => ofClock('clock', differs, 'it').is
  expect([clock(-31_000), clock(4_000), clock(-900)]).toEqual(['bad', 'warning', 'good'])
  expect([ofLatency(80).is, ofLatency(3).is]).toEqual(['warning', 'good'])
})

test('the command says the worst first, and exits 1 for what is bad', { timeout }, async () => {
  const { file, secretFile, close, origin } = await instance()
  await close()
  const env = {
    SALLYPORT_DATABASE: `sqlite:${file}`,
    SALLYPORT_SECRET_FILE: secretFile,
    SALLYPORT_PUBLIC_ORIGIN: origin,
  }
  const well = await command(emptyFolder(), ['doctor'], env)
  expect([well.code, well.stdout.split('\n').at(-2)]).toEqual([0, 'All is well.'])
  const bad = await command(emptyFolder(), ['doctor', '--json'], {
    ...env,
    SALLYPORT_TRUST_PROXY: '8000::/1',
    SALLYPORT_LIMITS_LOGIN: '0',
  })
  expect([bad.code, bad.json]).toMatchObject([
    1,
    {
      well: false,
      findings: [
        { check: 'settings.trustProxy' },
        { check: 'settings.limits' },
        {},
        {},
        {},
        {},
        {},
      ],
    },
  ])
  const none = await command(emptyFolder(), ['doctor'], { ...env, SALLYPORT_PORT: 'x' })
  expect([none.code, none.stdout]).toEqual([
    1,
    expect.stringContaining('✗ settings: SALLYPORT_PORT'),
  ])
  const exposed = await command(emptyFolder(), ['doctor'], { ...env, SALLYPORT_HOST: '0.0.0.0' })
  expect([exposed.code, exposed.stdout]).toEqual([
    1,
    expect.stringContaining('✗ settings: host: 0.0.0.0 is reached from other machines'),
  ])
})

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, resolve))
  return (server.address() as AddressInfo).port
}

/** A proxy in front of a server that is not there yet. */
async function proxying(pass: (asked: IncomingMessage) => Passed) {
  let behind = 0
  const server = createServer((asked, answer) => {
    const { path = asked.url, headers = {}, set = (cookie) => cookie, answered } = pass(asked)
    const all = Object.entries({ ...asked.headers, ...headers })
    const sent = Object.fromEntries(all.filter(([, value]) => value !== undefined))
    const going = forward({ port: behind, path, method: asked.method, headers: sent }, (came) => {
      const cookies = (came.headers['set-cookie'] ?? []).flatMap((one) => set(one) ?? [])
      const back = { ...came.headers, ...answered, 'set-cookie': cookies }
      answer.writeHead(came.statusCode ?? 502, back)
      came.pipe(answer)
    })
    asked.pipe(going)
  })
  const port = await listening(server)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    port,
    lead(to: number) {
      behind = to
    },
  }
}
