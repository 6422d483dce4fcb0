/**
 * Starts that must not happen: exit 2, everything that is wrong in one message on standard error, the
 * port never open, nothing made.
 *
 * @module
 */
import { once } from 'node:events'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { freshPostgres } from './provision/postgres.ts'
import { emptyFolder, type Start, serve, start } from './server/process.ts'

const secret = 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q'
const https = { SALLYPORT_PUBLIC_ORIGIN: 'https://app.example.test' }

/**
 * Runs a start that is to be refused. The port is held by the test: a server that went so far as to
 * open it would complain of that and of nothing else.
 */
async function refused(given: Start): Promise<{ code: number | null; complaints: string[] }> {
  const folder = given.folder ?? emptyFolder()
  if (given.file !== undefined) writeFileSync(join(folder, 'sallyport.config.json'), '')
  const before = readdirSync(folder, { recursive: true })
  const held = createServer().listen(0, '127.0.0.1')
  await once(held, 'listening')
  const { port } = held.address() as AddressInfo

  const started = await start({ ...given, folder, port })
  const { code } = await started.ended
  held.close()
  expect(started.stdout).toEqual([])
  expect(readdirSync(folder, { recursive: true })).toEqual(before)
  const [head, ...complaints] = started.stderr
  if (code === 2) expect(head).toBe('Sallyport cannot start like this:')
  return { code, complaints: code === 2 ? complaints : [...started.stderr] }
}

/** One start each: what was said, and how each complaint begins. */
const table: [name: string, given: Start, complaints: string[]][] = [
  [
    'a short secret, http for other machines, SameSite=None, bounds and units, from three places (R4.2, L18, SUP-02, JWT-19)',
    {
      file: {
        publicOrigin: 'http://app.example.test',
        cookies: { sameSite: 'none' },
        session: { idle: 30, absolut: '12h' },
      },
      env: {
        SALLYPORT_SECRET: 'hunter2-hunter2-hunter2',
        SALLYPORT_SESSION_LIMIT: '101',
        SALLYPORT_SESSION_IDEL: '30m',
        SALLYPORT_REFRESH_ENABLED: 'yes',
      },
      flags: ['--hashing-memory', '1', '--nope=hunter2', '--session-absolute', '12 h'],
    },
    [
      '- sallyport.config.json, session.absolut: there is no such setting.',
      '- SALLYPORT_SESSION_IDEL: there is no such setting.',
      '- --nope: there is no such setting.',
      '- sallyport.config.json, cookies.sameSite: "none" is not one of strict, lax.',
      '- --hashing-memory: 1 is not between 19456 and 1048576.',
      '- SALLYPORT_SESSION_LIMIT: 101 is not between 0 and 100.',
      '- sallyport.config.json, session.idle: write a length of time as',
      '- --session-absolute: write a length of time as',
      '- SALLYPORT_REFRESH_ENABLED: write true or false.',
      '- publicOrigin: http is for this machine only',
      '- secret: is too short: 23 bytes where at least 32 are needed.',
    ],
  ],
  [
    'a secret that is a placeholder (JWT-19)',
    { env: { SALLYPORT_SECRET: 'changeme-changeme-changeme-changeme' } },
    ['- secret: is a placeholder, not a secret.'],
  ],
  [
    'a refresh shorter than access, idle longer than absolute (P16)',
    { flags: ['--session-absolute', '5m', '--session-access-lifetime', '5m'] },
    [
      '- session.absolute: what renews an access token must outlive it',
      '- session.idle: not longer than session.absolute.',
    ],
  ],
  [
    'a rest longer than the longest, and fewer failures in a row than fill a name',
    {
      env: { SALLYPORT_LOCKOUT_DURATION: '2h', SALLYPORT_LOCKOUT_THRESHOLD: '20' },
      flags: ['--lockout-consecutive', '19', '--limits-anonymous', '-1'],
    },
    [
      '- --limits-anonymous: write a whole number.',
      '- lockout.duration: not longer than lockout.longest.',
      '- lockout.consecutive: not below lockout.threshold',
    ],
  ],
  [
    'a negative session limit (R1.4)',
    { file: { session: { limit: -1 } } },
    ['- sallyport.config.json, session.limit: -1 is not between 0 and 100.'],
  ],
  [
    'roles of the host’s own that cannot be meant',
    {
      file: { access: { roles: { boss: { below: 'owner' }, clerk: { holds: ['orders:read'] } } } },
    },
    [
      '- sallyport.config.json, access.roles.boss: no role of your own ranks above admin.',
      '- sallyport.config.json, access.roles.clerk: say the role it ranks below, as in below: "admin".',
      '- sallyport.config.json, access.roles.clerk: there is no permission "orders:read".',
    ],
  ],
  [
    'a secret and a file of one',
    { env: { SALLYPORT_SECRET: secret, SALLYPORT_SECRET_FILE: 'secret' } },
    ['- secret, secretFile: give one of the two.'],
  ],
  [
    'a secret file that is not there',
    { env: { SALLYPORT_SECRET_FILE: 'secret' } },
    ['- secretFile: secret cannot be read (ENOENT)'],
  ],
  [
    'other machines, without a public origin they know',
    { flags: ['--host', '0.0.0.0'] },
    ['- host: 0.0.0.0 is reached from other machines, but publicOrigin is this one only.'],
  ],
  [
    'PostgreSQL without a secret',
    { env: { SALLYPORT_DATABASE: 'postgres://nobody:hunter2@127.0.0.1:1/none' } },
    ['- secret: with PostgreSQL one must be given, the same on every node.'],
  ],
  [
    'PostgreSQL elsewhere, in the clear',
    {
      env: {
        SALLYPORT_DATABASE: 'postgres://nobody:hunter2@db.example/none',
        SALLYPORT_SECRET: secret,
      },
    },
    ['- database: PostgreSQL on another machine is reached over TLS that is verified.'],
  ],
  [
    'a port that is none and a log of another kind',
    { flags: ['--port', '80.5'], env: { SALLYPORT_LOG: 'yaml' } },
    ['- --port: write a whole number.', '- SALLYPORT_LOG: "yaml" is not one of json, pretty.'],
  ],
  [
    'origins, hosts, proxies, domain, base path, database and token that cannot be meant',
    {
      env: {
        ...https,
        SALLYPORT_ALLOWED_ORIGINS: 'https://evil.example',
        SALLYPORT_ALLOWED_HOSTS: 'https://app.example.test',
        SALLYPORT_TRUST_PROXY: '0.0.0.0/0,proxy',
        SALLYPORT_COOKIES_DOMAIN: 'other.test',
        SALLYPORT_BASE_PATH: '/api/',
        SALLYPORT_DATABASE: 'mysql://root:hunter2@db/auth',
        SALLYPORT_SETUP_TOKEN: 'hunter2',
      },
    },
    [
      '- basePath:',
      '- database: write sqlite:<path> or postgres://',
      '- setupToken: use 32 characters or more.',
      '- cookies.domain: a domain that publicOrigin is in',
      '- allowedHosts: "https://app.example.test" is not a host',
      '- allowedOrigins: "https://evil.example" is not an origin of the same site',
      '- trustProxy: 0.0.0.0/0 would trust everybody; name your proxies.',
      '- trustProxy: proxy is neither an IP address nor a CIDR range.',
      '- secret:',
    ],
  ],
  ['a file that is no JSON', { file: '{ "secret": "hunter2", }' }, ['- sallyport.config.json: is']],
  ['a file that was named', { flags: ['--config', 'none'] }, ['- none: cannot be read.']],
  ['words after the flags', { flags: ['hunter2'] }, ['- serve: takes flags and nothing else.']],
]

test.each(table)('%s', async (_, given, expected) => {
  const { code, complaints } = await refused(given)
  expect(complaints.map((one, at) => one.slice(0, expected[at]?.length))).toEqual(expected)
  expect(code).toBe(2)
  expect(complaints.join('\n')).not.toContain('hunter2')
})

const statOf = (path: string): number => (existsSync(path) ? statSync(path).mode & 0o777 : 0)

test('a secret file that others can read; closed, it will do (SUP-02)', async () => {
  const folder = emptyFolder()
  const path = join(folder, 'root')
  writeFileSync(path, `${secret}\n`, { mode: 0o644 })
  const given = { folder, env: { SALLYPORT_SECRET_FILE: path } }
  expect(await refused(given)).toEqual({
    code: 2,
    complaints: [
      `- secretFile: ${path} is open to others (mode 0644). Close it with: chmod 600 ${path}`,
    ],
  })
  chmodSync(path, 0o600)
  expect((await serve(given)).claimLink).toBeDefined()
})

test.runIf(process.platform !== 'win32')(
  'SUP-07: a database that others may write to or read, or put files beside; closed, it will do',
  async () => {
    const folder = emptyFolder()
    await (await serve({ folder })).stop()
    const data = join(folder, 'data')
    const file = join(data, 'sallyport.db')
    const modes = ['', '-wal', '-shm'].map((end) => statOf(file + end)).filter((mode) => mode)
    expect(new Set(modes)).toEqual(new Set([0o600]))
    for (const mode of [0o644, 0o660, 0o602]) {
      chmodSync(file, mode)
      const told = `is open to others (mode 0${mode.toString(8)})`
      expect(await refused({ folder })).toEqual({
        code: 2,
        complaints: [
          `- database: ./data/sallyport.db ${told}. Close it with: chmod 600 ./data/sallyport.db`,
        ],
      })
    }
    chmodSync(file, 0o640)
    chmodSync(data, 0o777)
    expect(await refused({ folder })).toEqual({
      code: 2,
      complaints: [
        '- database: everybody may put files into ./data (mode 0777). Close it with: chmod o-w ./data',
      ],
    })
    // Where nobody moves the files of others, and where a group makes backups, is well.
    chmodSync(data, 0o1777)
    expect((await serve({ folder })).claimLink).toBeDefined()
  },
)

test('--check: 0 for settings that are good, 2 with the same words, and nothing is made', async () => {
  const folder = emptyFolder()
  const good = await start({ folder, flags: ['--check'], env: https })
  expect(await good.ended).toEqual({ code: 0, signal: null })
  expect([good.stdout, good.stderr]).toEqual([['Settings are good.'], []])
  const bad = { folder, flags: ['--check', '--session-limit', 'ten'] }
  expect(await refused(bad)).toEqual({
    code: 2,
    complaints: [expect.stringContaining('--session-limit: write a whole number.')],
  })
  expect(readdirSync(folder)).toEqual([])
})

describe('a database that is not ours to serve', () => {
  test('FAULT-13: another secret over the same file: exit 2, the file as it was', async () => {
    const first = await serve()
    await first.stop()
    const { folder } = first
    const given = { folder, env: { SALLYPORT_SECRET: secret } }
    const { code, complaints } = await refused(given)
    expect(code).toBe(2)
    expect(complaints).toEqual([expect.stringMatching(/^- secret: .* made with another secret/)])
    expect((await serve({ folder })).claimLink).toContain(first.setupToken)
  })

  test('a newer schema: exit 1, one sentence, on both databases', async () => {
    const folder = emptyFolder()
    await (await serve({ folder })).stop()
    const file = new DatabaseSync(join(folder, 'data', 'sallyport.db'))
    file.exec("insert into migrations values ('9999-time-travel')")
    file.close()
    const said = { code: 1, complaints: [expect.stringMatching(/newer Sallyport \(9999-time/)] }
    expect(await refused({ folder })).toEqual(said)

    const env = { SALLYPORT_DATABASE: await freshPostgres(), SALLYPORT_SECRET: secret }
    await (await serve({ env })).stop()
    const client = new pg.Client({ connectionString: env.SALLYPORT_DATABASE })
    await client.connect()
    await client.query("insert into sallyport.migrations values ('9999-time-travel')")
    await client.end()
    expect(await refused({ env })).toEqual(said)
  })

  test('a database that is away: exit 1, and its password is not told', async () => {
    const env = {
      SALLYPORT_DATABASE: 'postgres://nobody:hunter2@127.0.0.1:1/none',
      SALLYPORT_SECRET: secret,
    }
    const { code, complaints } = await refused({ env })
    expect([code, complaints.length]).toEqual([1, 1])
    expect(complaints.join()).not.toContain('hunter2')
  })
})

test('the secret that was made is 32 random bytes', async () => {
  const { folder } = await serve()
  const made = readFileSync(join(folder, 'data', 'secret'), 'utf8')
  expect(Buffer.from(made, 'base64url')).toHaveLength(32)
})
