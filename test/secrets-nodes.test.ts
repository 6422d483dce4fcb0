/**
 * The commands that keep the secret, and rotations under load over two servers that learn of each at
 * another moment: nobody is signed out, nothing is taken for a theft.
 *
 * @module
 */
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { freePort } from '../scripts/free-port.ts'
import { minute, second } from '../src/rules/time.ts'
import { held } from './campaigns/report.ts'
import { databases, freshDatabase, openQuery } from './gate/gate.ts'
import { type Browser, browser, type Got } from './server/browser.ts'
import { command } from './server/command.ts'
import { emptyFolder, type ServerProcess, serve, unlimited } from './server/process.ts'

const campaign = process.env.CAMPAIGN === 'secrets'
/** As often as the design asks for, or enough to see that it still works. */
const rotations = campaign ? 10 : 4
const crowd = campaign ? 50 : 4

const first = 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q'

/** The new text stands there at once, as the command itself does it. */
function deliver(from: string, to: string): void {
  copyFileSync(from, `${to}.copy`)
  renameSync(`${to}.copy`, to)
}

/** One person in front of two servers: what one cannot answer yet is asked again, of either. */
function roaming(ports: readonly number[], origin: string) {
  const jar = new Map<string, string>()
  const told: { status: number; code: unknown; path: string }[] = []
  let turn = 0
  async function send(...asked: Parameters<Browser['send']>): Promise<Got> {
    for (;;) {
      const there = browser({ port: ports[turn++ % ports.length] ?? 0, origin })
      for (const [name, value] of jar) there.jar.set(name, value)
      const got = await there.send(...asked)
      told.push({ status: got.status, code: got.json.code, path: asked[1] })
      if (got.status === 503) continue
      jar.clear()
      for (const [name, value] of there.jar) jar.set(name, value)
      return got
    }
  }
  return { jar, send, told }
}

describe.each(databases)('on %s', (kind) => {
  test(`RT-18, SUP-01: ${rotations} rotations under load, each server picking them up at another moment`, {
    timeout: 10 * minute,
  }, async () => {
    const database = await freshDatabase(kind)
    const folder = emptyFolder()
    const files = [join(folder, 'one'), join(folder, 'other')] as const
    for (const file of files) writeFileSync(file, `${first}\n`, { mode: 0o600 })
    const port = await freePort()
    const origin = `http://localhost:${port}`
    const env = {
      SALLYPORT_DATABASE: database,
      SALLYPORT_PUBLIC_ORIGIN: origin,
      // A crowd at one name from one address: limits and lockout are the subject of other tests.
      ...unlimited,
      SALLYPORT_LOCKOUT_THRESHOLD: '100',
      SALLYPORT_LOCKOUT_PER_ADDRESS: '1000',
    }
    // A person a client, as it were: the limit is another test's.
    const flags = (file: string) => ['--session-limit', '0', '--secret-file', file]
    const nodes = [
      await serve({ folder, port, env, flags: flags(files[0]) }),
      await serve({ folder, env, flags: flags(files[1]) }),
    ]
    const ports = nodes.map((node) => node.port)
    expect((await browser({ port, origin }).setUp(nodes[0]?.setupToken ?? '')).status).toBe(201)

    let over = false
    const people = Array.from({ length: crowd }, () => roaming(ports, origin))
    const living = people.map(async ({ send }) => {
      const json = { username: 'ada', password: 'correct horse battery staple' }
      while (!over) {
        await send('POST', '/auth/login', { json })
        for (let round = 0; round < 8 && !over; round++) {
          await send('GET', '/auth/me')
          await send('POST', '/auth/refresh')
          await send('GET', '/auth/csrf', { headers: { origin } })
        }
      }
    })
    const told = () => people.flatMap((one) => one.told)
    const late = () => told().filter(({ code }) => code === 'unavailable').length

    const ids: unknown[] = []
    for (let round = 0; round < rotations; round++) {
      // Now the one, now the other is behind.
      const [file, other] = round % 2 === 0 ? files : [files[1], files[0]]
      const [node, behind] = round % 2 === 0 ? nodes : [...nodes].reverse()
      const before = late()
      const done = await command(folder, ['secret', 'rotate', '--json', '--secret-file', file], env)
      expect([done.stderr, done.code]).toEqual(['', 0])
      ids.push(done.json.active)
      node?.signal('SIGHUP')
      // It shows that one lacked what the other had.
      await expect.poll(late, { timeout: 20 * second }).toBeGreaterThan(before)
      deliver(file, other)
      behind?.signal('SIGHUP')
      await renewed(behind, String(done.json.active))
      const since = told().length
      await expect.poll(() => told().length, { timeout: 20 * second }).toBeGreaterThan(since + 20)
    }
    over = true
    await Promise.all(living)

    expect(new Set(ids).size).toBe(rotations)
    // 503 may also be a hashing queue that is full on a small machine.
    expect(told().filter(({ status }) => status !== 200 && status !== 503)).toEqual([])
    const query = await openQuery(database)
    const records = await query('select type, subject from audit')
    const types = records.map(({ type }) => type)
    // A node that met the new secret before the command did has recorded it as well.
    const replaced = records.filter(({ type }) => type === 'secret.rotated')
    expect(new Set(replaced.map(({ subject }) => subject)).size).toBe(rotations)
    expect(new Set(types)).toEqual(
      new Set(['instance.claimed', 'auth.signed_in', 'session.replaced', 'secret.rotated']),
    )
    held(kind, { rotations, answers: told().length, 'to come again': late() })

    // With one that has leaked everybody is out at once, also where it has not arrived yet.
    const args = ['secret', 'rotate', '--emergency', '--json', '--secret-file', files[0]]
    const done = await command(folder, args, env)
    expect([done.stderr, done.code]).toEqual(['', 0])
    for (const { jar } of people)
      for (const at of ports) {
        const there = browser({ port: at, origin })
        for (const [name, value] of jar) there.jar.set(name, value)
        const { status, json } = await there.send('GET', '/auth/me')
        expect([status, json.code, json.reason]).toEqual([401, 'session_revoked', 'restored'])
      }

    for (const node of nodes) {
      expect(node.stderr.filter((line) => line.includes('fault'))).toEqual([])
      expect((await node.stop()).code).toBe(0)
    }
  })
})

/** Waits until a server has told that it uses secret `id`. */
const renewed = (node: ServerProcess | undefined, id: string) =>
  node?.line(new RegExp(`"is":"renewed","ids":\\["${id}"`))

describe('sallyport secret', () => {
  test('status, rotate and retire, in words and as JSON, beside a running server', {
    timeout: 2 * minute,
  }, async () => {
    const node = await serve()
    const { folder } = node
    const file = join(folder, 'data', 'secret')
    const run = (...args: string[]) => command(folder, ['secret', ...args])

    const alone = await run('status')
    expect([alone.code, alone.stderr]).toEqual([0, ''])
    expect(alone.stdout).toMatch(/^The secret stands in data\/secret\.\n[\w-]{8} {2}in use\n$/)
    const [before] = (await run('status', '--json')).json.generations as { id: string }[]

    const ada = browser(node)
    await ada.setUp(node.setupToken)
    const rotated = await run('rotate')
    expect([rotated.code, rotated.stderr]).toEqual([0, ''])
    const [active = ''] = /[\w-]{8}(?= is in use)/.exec(rotated.stdout) ?? []
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600')
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(3)
    // Nobody told it.
    await renewed(node, active)
    expect((await ada.send('POST', '/auth/refresh')).status).toBe(200)

    expect((await run('retire', '--', active)).stderr).toBe(
      `Secret ${active} is the one in use. Rotate first.\n`,
    )
    const old = before?.id ?? ''
    const needed = await run('retire', '--', old)
    expect(needed.code).toBe(1)
    expect(needed.stderr).toMatch(/ is still needed\.\nIt is needed by 1 live session, until 2\d/)
    const refused = await run('retire', '--json', '--', old)
    expect([refused.code, refused.stderr]).toEqual([1, ''])
    expect(refused.json).toMatchObject({
      refused: `Secret ${old} is still needed.`,
      uses: { sessions: { count: 1 }, passwords: 1 },
    })

    const emergency = await run('rotate', '--emergency', '--json')
    expect(emergency.json).toMatchObject({ emergency: true, file: 'data/secret' })
    const me = await ada.send('GET', '/auth/me')
    expect([me.json.code, me.json.reason]).toEqual(['session_revoked', 'restored'])
    await renewed(node, String(emergency.json.active))
    expect((await ada.logIn()).status).toBe(200)
    // The first one made the password's hash, which the sign-in has made anew.
    expect((await run('retire', '--', old)).code).toBe(0)
    expect((await run('status')).stdout).toMatch(/retired: checks records/)

    const lost = String(emergency.json.active)
    expect((await run('rotate')).code).toBe(0)
    const lines = readFileSync(file, 'utf8').split('\n')
    writeFileSync(file, `${lines[0]}\n${lines.slice(2).join('\n')}`)
    const lacking = await run('rotate')
    expect([lacking.code, lacking.stderr]).toEqual([
      1,
      expect.stringContaining(`--lost -- ${lost}`),
    ])
    const given = await run('retire', '--lost', '--', lost)
    expect([given.code, given.stdout]).toEqual([
      0,
      `Secret ${lost} is given up.\nPasswords that are worth nothing now, until somebody resets them: 1. API keys: 0.\n`,
    ])
    expect((await run('rotate')).code).toBe(0)
  })

  test.each<[string, number, Record<string, string>]>([
    ['secret', 2, {}],
    ['secret retire', 2, {}],
    ['secret status --nope', 2, {}],
    ['secret status --session-limit many', 2, {}],
    ['secret status --database sqlite:elsewhere/auth.db', 2, {}],
    ['secret rotate', 2, { SALLYPORT_SECRET: first }],
  ])('`%s` exits with %i where nothing is', async (line, code, env) => {
    const folder = emptyFolder()
    const done = await command(folder, line.split(' '), env)
    expect([done.code, done.stdout]).toEqual([code, ''])
    expect(readdirSync(folder)).toEqual([])
    expect(done.stderr).not.toBe('')
    expect(done.stderr).not.toContain(first)
  })

  test('`secret rotate` exits with 1 where the secret is given as text', async () => {
    const folder = emptyFolder()
    const env = { SALLYPORT_SECRET: first }
    expect((await command(folder, ['migrate'], env)).code).toBe(0)
    const done = await command(folder, ['secret', 'rotate'], env)
    expect([done.code, done.stdout]).toEqual([1, ''])
    expect(done.stderr).toContain('secretFile')
    expect(done.stderr).not.toContain(first)
  })
})
