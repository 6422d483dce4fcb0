/**
 * Every command there is, beside a server at work: one JSON document each, none of them in the way of
 * anybody, several at once. And what a terminal shows of long work.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { programOf } from '../src/server/program.ts'
import { browser } from './server/browser.ts'
import { command } from './server/command.ts'
import { serve, unlimited } from './server/process.ts'
import { onTerminal } from './server/terminal.ts'

/** Every command that does something, by its words. */
const leaves = ({ commands }: Command, above = ''): (readonly [name: string, of: Command])[] =>
  commands.flatMap((one) => {
    const name = `${above}${one.name()}`
    return one.commands.length > 0 ? leaves(one, `${name} `) : [[name, one] as const]
  })
const all = leaves(programOf())

test('every command but the server takes --json', () => {
  expect(all.length).toBeGreaterThan(20)
  const without = all.filter(([, { options }]) => !options.some(({ long }) => long === '--json'))
  expect(without.map(([name]) => name)).toEqual(['serve'])
})

/** What stands behind a command: given what the ones before it in its row have told. */
type Behind = (told: Readonly<Record<string, unknown>>) => readonly string[]
const none: Behind = () => []
const bob: Behind = () => ['bob']

/** Three rows that run at once, each in its order. */
const rows: readonly (readonly (readonly [name: string, behind: Behind])[])[] = [
  [
    ['user create', () => ['bob', '--role', 'member']],
    ['user list', none],
    ['user show', bob],
    ['user disable', bob],
    ['user enable', bob],
    ['user role', () => ['bob', 'viewer']],
    ['user unlock', bob],
    ['user reset-password', bob],
    ['session list', none],
    ['session revoke', () => ['--user', 'bob']],
    ['user delete', () => ['bob', '--yes']],
  ],
  [
    ['key issue', () => ['ada', '--name', 'ci', '--scopes', 'users:read']],
    ['key list', () => ['ada']],
    ['key revoke', ({ items }) => ['--', (items as { id: string }[])[0]?.id ?? '']],
    ['user import', () => ['people.jsonl']],
    ['blocklist build', () => ['stolen.txt', 'stolen.bin']],
    ['audit list', none],
    ['audit export', none],
    ['audit verify', none],
  ],
  [
    ['migrate', none],
    ['backup', () => ['copy.db']],
    ['doctor', none],
    ['secret status', none],
    ['secret rotate', none],
    ['secret status', none],
    ['secret retire', ({ generations }) => ['--', (generations as { id: string }[])[1]?.id ?? '']],
    ['restore', () => ['copy.db', '--replace']],
  ],
]

/** What is refused while things are as they are: a secret that a session needs, a server that runs. */
const refused: Readonly<Record<string, RegExp>> = {
  'secret retire': /^Secret [\w-]+ is still needed\.$/,
  restore: /^A server or a command has .+ open\. Stop it first/,
}

test('beside a server at work each does what it does, and says so in one document', {
  timeout: 120_000,
}, async () => {
  expect(new Set(rows.flat().map(([name]) => name))).toEqual(
    new Set(all.map(([name]) => name).filter((name) => name !== 'serve')),
  )
  const server = await serve({ env: { ...unlimited, SALLYPORT_HASHING_MEMORY: '19456' } })
  const { folder } = server
  const ada = browser(server)
  const { id } = (await ada.setUp(server.setupToken)).json.user
  const person = { username: 'carl', passwordHash: `$2b$04$${'a'.repeat(53)}` }
  writeFileSync(join(folder, 'people.jsonl'), `${JSON.stringify(person)}\n`)
  writeFileSync(join(folder, 'stolen.txt'), 'one stolen password\nanother\n')

  let over = false
  let asked = 0
  const atWork = async () => {
    while (!over) {
      const json = { displayName: `Ada ${asked++}` }
      const got = [
        await ada.send('GET', '/auth/me'),
        await ada.send('PATCH', `/users/${id}`, { json }),
      ]
      expect(got.map(({ status, json }) => [status, json.code])).toEqual(
        Array(2).fill([200, undefined]),
      )
    }
  }
  const walk = async (row: (typeof rows)[number]) => {
    let told: Readonly<Record<string, unknown>> = {}
    for (const [name, behind] of row) {
      const [first = [], last = []] = split(behind(told))
      const before = asked
      const done = await command(folder, [...name.split(' '), ...first, '--json', ...last])
      // Nobody had to wait for it to end.
      expect([name, asked > before]).toEqual([name, true])
      const no = refused[name]
      expect([name, done.code, done.stderr]).toEqual([name, no ? 1 : 0, ''])
      if (no)
        expect(done.json).toEqual(expect.objectContaining({ refused: expect.stringMatching(no) }))
      else expect([name, Object.keys(done.json).length]).not.toEqual([name, 0])
      told = done.json
    }
  }
  const working = atWork()
  await Promise.all(rows.map(walk)).finally(() => {
    over = true
  })
  await working
  expect((await browser(server).logIn()).status).toBe(200)
  expect((await command(folder, ['audit', 'verify', '--json'])).json).toMatchObject({
    intact: true,
  })
})

/** Options stand before `--`. */
const split = (words: readonly string[]) => {
  const at = words.indexOf('--')
  return at < 0 ? [words] : [words.slice(0, at), words.slice(at)]
}

test('on a terminal long work says how far it is, and nothing of it is in the answer', {
  timeout: 60_000,
}, async () => {
  const server = await serve()
  const { folder } = server
  expect((await browser(server).setUp(server.setupToken)).status).toBe(201)
  const person = { username: 'carl', passwordHash: `$2b$04$${'a'.repeat(53)}` }
  writeFileSync(join(folder, 'people.jsonl'), `${JSON.stringify(person)}\n`)
  writeFileSync(join(folder, 'stolen.txt'), 'one stolen password\n')
  const gone = '\r\u001b[K'
  for (const [args, shown] of [
    [['audit', 'verify'], '2 records …'],
    [['user', 'import', 'people.jsonl'], '1 lines …'],
    [['blocklist', 'build', 'stolen.txt', 'stolen.bin'], '1 lines …'],
    [['backup', 'copy.db'], 'Copying and checking …'],
  ] as const) {
    const { code, text } = await onTerminal(folder, args)
    expect([args, code, text.includes(shown)]).toEqual([args, 0, true])
    // It is cleared before the answer comes.
    expect(text.slice(text.lastIndexOf(gone) + gone.length)).toMatch(/^[^…]+\r\n$/)
  }
  const into = join(folder, 'copy.jsonl')
  const { text } = await onTerminal(folder, ['audit', 'export'], [], `> ${into}`)
  const [before, shown, ...after] = text.split(gone)
  expect([before, shown, after]).toEqual(['', expect.stringMatching(/^\d+ records …$/), ['']])
  const lines = readFileSync(into, 'utf8').trim().split('\n')
  expect(lines.map((line) => JSON.parse(line).type)).toContain('instance.claimed')
})
