/**
 * What the security pages say in numbers and lists, held against the code.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { routes } from '../src/http/routes.ts'
import { settings } from '../src/options.ts'
import { day, hour, minute, second } from '../src/rules/time.ts'
import { openTestGate } from './gate/gate.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const page = read('docs/security/inventory.md')
const entry = read('docs/security/README.md')

/** What stands under a heading. */
const under = (heading: string, text = page) =>
  text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''

test('every column that is kept is in a class, and no other', async () => {
  const { query } = await openTestGate()
  const tables = await query(
    "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'",
  )
  const kept: string[] = []
  for (const { name } of tables) {
    const columns = await query(`select name from pragma_table_info('${name}')`)
    kept.push(...columns.map((column) => `${name}.${column.name}`))
  }
  // What the store itself keeps: nothing about anybody.
  const inner =
    /\.revision$|^audit_(?:checkpoints|boundaries|shipped|keeper)\.|^migrations?\.|^kysely/
  const told = [...under('What is kept').matchAll(/`(\w+)`: ([\w, ]+)/g)].flatMap(
    ([, table, columns = '']) => columns.split(', ').map((column) => `${table}.${column.trim()}`),
  )
  const outer = (all: readonly string[]) => all.filter((one) => !inner.test(one)).sort()
  expect(kept.length).toBeGreaterThan(90)
  expect(outer(told)).toEqual(outer(kept))
})

test('ways in: what takes a credential is in the table', () => {
  const told = under('Ways in')
  const open = routes.filter(({ guard, method }) => guard.caller === 'anyone' && method === 'POST')
  const named = open.map(({ method, path }) => `\`${method} ${path}\``)
  expect(named.filter((one) => !told.includes(one))).toEqual(['`POST /auth/logout`'])
})

test('connections outward, cryptography: each file that is named is there', () => {
  for (const heading of ['Connections outward', 'Cryptography', 'Compared by their digest']) {
    const named = [...under(heading).matchAll(/`(src\/[\w/.-]+)`/g)].map(([, path]) => path ?? '')
    expect(named.length).toBeGreaterThan(2)
    for (const path of named) expect(read(path).length).toBeGreaterThan(0)
  }
})

test('time-outs are those of the code', () => {
  const told = under('Time-outs')
  const of = (text: string, name: string) =>
    new RegExp(`${name}\\W+(?:String\\()?([\\d_]+)(?: \\* second)?`).exec(text)?.[1]
  const serve = read('src/server/serve.ts')
  const server = ['headersTimeout', 'requestTimeout', 'keepAliveTimeout'].map((name) =>
    Number(of(serve, name)?.replace('_', '')),
  )
  expect(told).toContain(`| ${server.map((time) => `${time / second} s`).join(', ')} |`)
  const pool = read('src/stores/postgres-pool.ts')
  const names = [
    ...['connectionTimeoutMillis', 'statement_timeout', 'lock_timeout'],
    ...['idle_in_transaction_session_timeout', 'query_timeout'],
  ]
  expect(told).toContain(`| ${names.map((name) => `${of(pool, name)} s`).join(', ')} |`)
  expect(told).toContain(`${of(pool, 'max')} a node`)
  expect(told).toContain(`${settings.hashing.queue.default} of them`)
})

test('the numbers of guessing are those of the settings', () => {
  const { threshold, window, duration, longest, perAddress, consecutive } = settings.lockout
  const told = under('Guessing passwords', entry)
  const minutes = window.default / minute
  const rests = [
    duration.default / minute,
    (2 * duration.default) / minute,
    longest.default / minute,
  ]
  expect(told).toContain(`${threshold.default} wrong in ${minutes} minutes`)
  expect(told).toContain(`rests ${rests[0]} minutes, then ${rests[1]}, then ${rests[2]}`)
  expect(told).toContain(`${perAddress.default} wrong in ${minutes} minutes`)
  expect(told).toContain(`${consecutive.default} wrong in a row`)
})

test('the numbers of sessions are those of the settings', () => {
  const told = under('Sessions', entry)
  const { session, stepUp, refresh } = settings
  const rows = [
    `| a person | ${session.idle.default / minute} minutes | ${session.absolute.default / hour} hours |`,
    `| an owner, an administrator | ${session.privilegedIdle.default / minute} minutes | ${session.privilegedAbsolute.default / hour} hours |`,
    `| remembered, where that is allowed | ${session.rememberedIdle.default / day} days | ${session.rememberedAbsolute.default / day} days |`,
  ]
  for (const row of rows) expect(told).toContain(row)
  expect(told).toContain(`at most ${session.limit.default} at a time`)
  expect(session.limitPolicy.default).toBe('evict-oldest')
  expect(told).toContain(`${session.accessLifetime.default / minute} minutes`)
  expect(told).toContain(`${refresh.leeway.default / second} s`)
  expect(told).toContain(`${stepUp.window.default / minute} minutes`)
})

test('what is relied on in browsers is written down, with what happens without', () => {
  const told = under('Relied on in browsers', entry)
  for (const word of ['HTTPS', '__Host-', 'SameSite', 'Sec-Fetch-Site', 'Origin', 'Trusted Types'])
    expect(told).toContain(word)
})

test('what costs, risky components and dangerous functions are those there are', () => {
  const manifest = JSON.parse(read('package.json'))
  const all = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
  const risky = ['@node-rs/argon2', 'ws', 'pg', 'hono', '@hono/node-server']
  expect(risky.filter((name) => !all.includes(name))).toEqual([])
  for (const name of risky) expect(under('Risky components')).toContain(`\`${name}\``)
  for (const word of ['restore', 'rotate --emergency', 'retire --lost', 'reset-password'])
    expect(under('Dangerous functions')).toContain(word)
  expect(under('What costs')).toContain('password hash')
})

test('how soon a weakness is mended is written down', () => {
  for (const time of ['48 hours', '7 days', '30 days']) expect(read('SECURITY.md')).toContain(time)
})
