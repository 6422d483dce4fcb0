/**
 * The backup drill (P9): copied under load, put back, and looked through. Whatever was acknowledged
 * before the copy is in it, and nothing that was issued before is believed any more.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { ask } from './provision/ask.ts'
import { startPostgres } from './provision/postgres-server.ts'
import { type Browser, browser, password } from './server/browser.ts'
import { command } from './server/command.ts'
import { places } from './server/pair.ts'
import { serve, unlimited } from './server/process.ts'

const timeout = 120_000

/** Whether the browser is let in, and why not. */
const me = async (who: Browser) => {
  const { status, json } = await who.send('GET', '/auth/me')
  return [status, json.code, json.reason]
}

async function open(env: Readonly<Record<string, string>> = {}) {
  const server = await serve({ env: { ...unlimited, SALLYPORT_SESSION_LIMIT: '0', ...env } })
  const ada = browser(server)
  expect((await ada.setUp(server.setupToken)).status).toBe(201)
  const sallyport = (...args: string[]) => command(server.folder, args, env)
  return {
    server,
    ada,
    sallyport,
    again: () => serve({ ...server, env: { ...unlimited, ...env } }),
  }
}

test('copied under load, put back: everything acknowledged is there, and no trust', {
  timeout,
}, async () => {
  const { server, ada, sallyport, again } = await open()
  const made = await sallyport('user', 'create', 'bob', '--role', 'member', '--json')
  const { temporaryPassword } = made.json as { temporaryPassword: string }
  const issued = await sallyport(
    ...['key', 'issue', 'ada', '--name', 'ci', '--scopes', 'users:read', '--json'],
  )
  const { secret } = issued.json as { secret: string }

  // Sign-ins and sign-outs without end, each noted once it is answered.
  const opened: string[] = []
  let loaded = true
  const load = Array.from({ length: 3 }, async () => {
    while (loaded) {
      const one = browser(server)
      const { status, json } = await one.logIn()
      expect(status).toBe(200)
      opened.push(json.session.id)
      if (opened.length % 3 === 0) expect((await one.send('POST', '/auth/logout')).status).toBe(204)
    }
  })
  while (opened.length < 3) await ada.send('GET', '/auth/me')
  const before = [...opened]
  const copied = await sallyport('backup', 'copy.db', '--json')
  const during = opened.length - before.length
  loaded = false
  await Promise.all(load)
  expect([copied.code, copied.json.file]).toEqual([0, 'copy.db'])
  // It did meet.
  expect(during).toBeGreaterThan(0)
  const copy = join(server.folder, 'copy.db')
  expect(statSync(copy).mode & 0o777).toBe(0o600)
  const rows = new DatabaseSync(copy, { readOnly: true })
  const ids = new Set(
    rows
      .prepare('select id from sessions')
      .all()
      .map(({ id }) => id),
  )
  expect(before.filter((id) => !ids.has(id))).toEqual([])
  rows.close()

  // Neither over a file, nor under a server, also one that stands still, nor over a database.
  expect((await sallyport('backup', 'copy.db')).stderr).toBe('There is a file copy.db already.\n')
  server.signal('SIGSTOP')
  const under = await sallyport('restore', 'copy.db', '--replace')
  expect([under.code, under.stderr]).toEqual([1, expect.stringContaining('has ./data/')])
  server.signal('SIGCONT')
  expect(await me(ada)).toEqual([200, undefined, undefined])
  await server.kill()
  const over = await sallyport('restore', 'copy.db')
  expect([over.code, over.stderr]).toEqual([1, expect.stringContaining('--replace')])

  const back = await sallyport('restore', 'copy.db', '--replace', '--json')
  expect([back.code, back.stderr]).toEqual([0, ''])
  expect(readdirSync(join(server.folder, 'data')).sort()).toEqual([
    'sallyport.db',
    expect.stringMatching(/^sallyport\.db\.before-\d{8}T\d{6}Z$/),
    'secret',
  ])

  const anew = await again()
  const cookies = new Map(ada.jar)
  expect(await me(ada)).toEqual([401, 'session_revoked', 'restored'])
  const refresh = browser(anew)
  for (const [name, value] of cookies) refresh.jar.set(name, value)
  expect((await refresh.send('POST', '/auth/refresh')).status).toBe(401)
  expect((await browser(anew).logIn('bob', temporaryPassword)).status).toBe(401)
  const key = { headers: { Authorization: `Bearer ${secret}`, Origin: null } }
  expect((await browser(anew).send('GET', '/users', key)).status).toBe(200)

  const later = browser(anew)
  for (const [name, value] of cookies) if (name === 'device') later.jar.set(name, value)
  expect((await later.logIn('ada', password)).status).toBe(200)
  const { items } = (await later.send('GET', '/auth/devices')).json as unknown as {
    items: object[]
  }
  expect(items).toHaveLength(1)
  const told = (await later.send('GET', '/audit?type=instance')).json as unknown as {
    items: { type: string; actor: string }[]
  }
  // That it was taken is in the copy as well.
  expect(told.items.map(({ type }) => type)).toEqual([
    ...['instance.restored', 'instance.backed_up', 'instance.claimed'],
  ])
  for (const { actor } of told.items.slice(0, 2)) expect(actor).toMatch(/^operator:/)
  const checked = (await later.send('GET', '/audit/verify')).json as unknown as { intact: boolean }
  expect(checked.intact).toBe(true)
})

test('what is no backup is not put back, and what is there stays', { timeout }, async () => {
  const { server, ada, sallyport, again } = await open()
  await sallyport('backup', 'copy.db')
  await server.stop()
  const copy = join(server.folder, 'copy.db')
  writeFileSync(join(server.folder, 'rubbish.db'), 'no database')
  new DatabaseSync(join(server.folder, 'other.db')).exec('create table t (a)')
  for (const name of ['nothing.db', 'rubbish.db', 'other.db']) {
    const { code, stderr } = await sallyport('restore', name, '--replace')
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${name} cannot be restored: `)])
  }
  truncateSync(copy, statSync(copy).size / 2)
  const cut = await sallyport('restore', 'copy.db', '--replace')
  expect([cut.code, cut.stderr]).toEqual([1, expect.stringContaining('cannot be restored: ')])
  expect((await sallyport('restore')).code).toBe(2)
  expect(readdirSync(join(server.folder, 'data')).sort()).toEqual(['sallyport.db', 'secret'])
  await again()
  expect((await me(ada))[0]).toBe(200)
})

test('PostgreSQL: its own tools for the copy; put back in place, every session is over', {
  timeout,
}, async () => {
  const env = await places['one PostgreSQL']()
  const { ada, sallyport } = await open(env)
  const copied = await sallyport('backup', 'copy.dump')
  expect([copied.code, copied.stderr]).toEqual([
    1,
    expect.stringMatching(
      /pg_dump --format=custom --schema=sallyport --file='copy.dump' 'postgres/,
    ),
  ])
  const done = await sallyport('restore', '--in-place')
  expect([done.code, done.stderr]).toEqual([0, ''])
  // The server that was running knows, too.
  expect(await me(ada)).toEqual([401, 'session_revoked', 'restored'])
  expect((await ada.logIn()).status).toBe(200)
})

test('PostgreSQL: copied under load by pg_dump and put back by pg_restore, as the guide says', {
  // It may have to be installed on the way.
  timeout: 300_000,
}, async () => {
  const tools = await ask('/postgres-tools')
  const postgres = await startPostgres({ durable: false, programs: tools })
  onTestFinished(() => postgres.stop())
  const database = await postgres.fresh()
  const env = { ...(await places['one PostgreSQL']()), SALLYPORT_DATABASE: database }
  const { server, ada, sallyport, again } = await open(env)
  const issued = await sallyport(
    ...['key', 'issue', 'ada', '--name', 'ci', '--scopes', 'users:read', '--json'],
  )
  const made = await sallyport('user', 'create', 'bob', '--role', 'member', '--json')
  const { temporaryPassword } = made.json as { temporaryPassword: string }
  const guide = readFileSync(join(import.meta.dirname, '../docs/guide/backup.md'), 'utf8')
  const [dump = '', restore = ''] = ['pg_dump', 'pg_restore'].map(
    (tool) => new RegExp(`^${tool} .+"\\$SALLYPORT_DATABASE".*$`, 'm').exec(guide)?.[0],
  )
  const shell = (line: string) =>
    promisify(execFile)('sh', ['-c', line], {
      cwd: server.folder,
      env: { PATH: `${tools}:${process.env.PATH}`, SALLYPORT_DATABASE: database },
    })

  let loaded = true
  let opened = 0
  const load = Array.from({ length: 3 }, async () => {
    while (loaded) {
      expect((await browser(server).logIn()).status).toBe(200)
      opened += 1
    }
  })
  while (opened < 3) await ada.send('GET', '/auth/me')
  const before = opened
  await shell(dump)
  expect(opened).toBeGreaterThan(before)
  loaded = false
  await Promise.all(load)
  expect((await sallyport('user', 'create', 'late', '--role', 'member')).code).toBe(0)

  await server.stop()
  await shell(restore)
  expect((await sallyport('restore', '--in-place')).code).toBe(0)
  const anew = await again()
  expect(await me(ada)).toEqual([401, 'session_revoked', 'restored'])
  expect((await browser(anew).logIn('bob', temporaryPassword)).status).toBe(401)
  const { secret } = issued.json as { secret: string }
  const key = { headers: { Authorization: `Bearer ${secret}`, Origin: null } }
  const { items } = (await browser(anew).send('GET', '/users', key)).json as unknown as {
    items: { username: string }[]
  }
  expect(items.map(({ username }) => username).sort()).toEqual(['ada', 'bob'])
  expect((await ada.logIn()).status).toBe(200)
  const checked = (await ada.send('GET', '/audit/verify')).json as unknown as { intact: boolean }
  expect(checked.intact).toBe(true)
})

test('migrate makes a database, and says what there is to do', { timeout }, async () => {
  const { folder, stop } = await serve()
  await stop()
  const elsewhere = { SALLYPORT_DATABASE: 'sqlite:./other/sallyport.db' }
  const early = await command(folder, ['migrate', '--status', '--json'], elsewhere)
  expect([early.code, early.json]).toMatchObject([1, { done: [], unknown: [] }])
  expect(readdirSync(folder)).not.toContain('other')
  const made = await command(folder, ['migrate', '--json'], elsewhere)
  expect([made.code, made.json.done]).toEqual([0, early.json.pending])
  const after = await command(folder, ['migrate', '--status', '--json'], elsewhere)
  expect([after.code, after.json]).toEqual([
    0,
    { done: early.json.pending, pending: [], unknown: [] },
  ])
  expect((await command(folder, ['migrate'], elsewhere)).stdout).toBe('Up to date.\n')
})
