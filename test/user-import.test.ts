/**
 * `sallyport user import`: people of another program come with their hashes, on both databases. Bad lines
 * are told and lose nothing, and running it again changes nothing.
 *
 * @module
 */
import { pbkdf2Sync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import bcrypt from 'bcryptjs'
import { expect, test } from 'vitest'
import { databases, freshDatabase, openQuery, secret } from './gate/gate.ts'
import { browser } from './server/browser.ts'
import { command } from './server/command.ts'
import { emptyFolder, serve } from './server/process.ts'

const chosen = 'what they have always typed'
const salt = 'c2FsdHNhbHRzYWx0'
const hash = bcrypt.hashSync(chosen, 4)
const django = `pbkdf2_sha256$1000$${salt}$${pbkdf2Sync(chosen, salt, 1000, 32, 'sha256').toString('base64')}`

test.each(databases)('people come with their hashes, on %s', { timeout: 180_000 }, async (kind) => {
  const folder = emptyFolder()
  const env = { SALLYPORT_DATABASE: await freshDatabase(kind), SALLYPORT_SECRET: secret }
  const server = await serve({ folder, env })
  const ada = browser(server)
  const sallyport = (...args: string[]) => command(folder, args, env)
  const file = join(folder, 'people.jsonl')
  const line = (value: object) => JSON.stringify(value)
  const good = [
    line({ username: 'Bob', passwordHash: hash, displayName: 'Bob B.' }),
    line({ username: 'eve', passwordHash: django, role: 'admin' }),
    line({ username: 'off', passwordHash: hash, disabled: true }),
  ]
  writeFileSync(file, good.join('\n'))
  const early = await sallyport('user', 'import', file)
  expect([early.code, early.stderr]).toEqual([1, expect.stringContaining('no owner yet')])

  expect((await ada.setUp(server.setupToken)).status).toBe(201)
  const bad = [
    ['not json', 'is not JSON.'],
    [line({ passwordHash: hash }), 'username: is missing, or not of its kind.'],
    [line({ username: 'x1', passwordHash: hash, admin: true }), 'has a field that is unknown.'],
    [line({ username: 'x2', passwordHash: 'plain text' }), 'passwordHash: This is no hash'],
    [
      line({
        username: 'x3',
        passwordHash: `12345678$argon2id$v=19$m=19456,t=2,p=1$${salt}$${salt}`,
      }),
      'no hash',
    ],
    [line({ username: '-', passwordHash: hash, role: 'janitor' }), 'role: There is no such role.'],
    ['[]', 'is not an object.'],
  ] as const
  const [first = '', ...rest] = good
  // Whoever is there, ada and the second bob, stays as he is.
  const more = [line({ username: 'ada', passwordHash: hash, role: 'viewer' }), first, '']
  writeFileSync(file, [first, ...bad.map(([text]) => text), ...rest, ...more].join('\r\n'))
  const done = await sallyport('user', 'import', file)
  const told = done.stdout.split('\n')
  for (const [at, [, why]] of bad.entries()) {
    expect(told[at]).toMatch(new RegExp(`^line ${at + 2}: `))
    expect(told[at]).toContain(why)
  }
  expect([done.code, told[bad.length]]).toEqual([1, 'Added 3, there already 2, not usable 7.'])
  expect(done.stdout).not.toContain(hash)

  const query = await openQuery(env.SALLYPORT_DATABASE)
  const people = () =>
    query(`select username, role, "displayName", "passwordHash", "mustChangePassword",
      "temporaryUntil" from users where username <> 'ada' order by username`)
  const kept = await people()
  expect(kept).toMatchObject([
    { username: 'bob', role: 'member', displayName: 'Bob B.', passwordHash: hash },
    { username: 'eve', role: 'admin', displayName: null, passwordHash: django },
    { username: 'off', role: 'member', passwordHash: hash },
  ])
  expect(await query(`select role from users where username = 'ada'`)).toEqual([{ role: 'owner' }])
  const added = await query(`select actor, details from audit where type = 'user.created'`)
  expect(added).toHaveLength(3)
  expect(added[0]).toMatchObject({ actor: expect.stringMatching(/^operator:/) })
  expect(JSON.stringify(await query('select * from audit'))).not.toContain(hash.slice(7))

  // Once more, with the lines mended: nothing that is there moves.
  writeFileSync(file, good.join('\n'))
  const again = await sallyport('user', 'import', file, '--json')
  expect([again.code, again.json]).toEqual([0, { added: 0, present: 3, refused: 0, lines: [] }])
  expect(await people()).toEqual(kept)

  const bob = browser(server)
  expect((await bob.logIn('bob', 'not what he types')).status).toBe(401)
  const signed = await bob.logIn('bob', chosen)
  expect([signed.status, signed.json.mustChangePassword]).toEqual([200, false])
  expect((await browser(server).logIn('eve', chosen)).status).toBe(200)
  expect((await browser(server).logIn('off', chosen)).status).toBe(401)
  expect((await people()).map((one) => String(one.passwordHash).includes('$argon2id$'))).toEqual([
    ...[true, true, false],
  ])
  const none = await sallyport('user', 'import', join(folder, 'nothing.jsonl'))
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('cannot be read (ENOENT)')])
})
