/** Where the root secret comes from: in order, made once, and never from a file others can read. */
import { spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keyIdOf } from '../rules/keys.ts'
import { systemRandom as random } from './random.ts'
import { resolveRootSecret } from './root-secret.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secret-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const drawn = () => random.bytes(32)
const none = { secret: undefined, secretFile: undefined, folder: undefined, random }

/** Writes a secret file and resolves it. */
async function fromFile(text: string, mode = 0o600) {
  const secretFile = join(folder, 'given')
  writeFileSync(secretFile, text, { mode })
  chmodSync(secretFile, mode)
  return resolveRootSecret({ ...none, secretFile })
}

const complaintsOf = async (answer: ReturnType<typeof resolveRootSecret>) => {
  const resolved = await answer
  return resolved.ok ? [] : resolved.complaints
}

describe('in order', () => {
  const [one, two] = [drawn(), drawn()]
  const text = one.toString('base64url')

  test('the text, then the file, then beside SQLite', async () => {
    const secretFile = join(folder, 'given')
    writeFileSync(secretFile, two.toString('hex'), { mode: 0o600 })
    const ids = []
    for (const sources of [
      { secret: text, secretFile, folder },
      { secretFile, folder },
      { folder },
    ]) {
      const resolved = await resolveRootSecret({ ...none, ...sources })
      ids.push(resolved.ok && resolved.ring.active.id)
    }
    expect(ids.slice(0, 2)).toEqual([keyIdOf(one), keyIdOf(two)])
    expect(new Set(ids).size).toBe(3)
    expect(ids[2]).toMatch(/^[\w-]{8}$/)
  })

  test('nothing beside PostgreSQL: the sentence says how to make one', async () => {
    expect(await complaintsOf(resolveRootSecret(none))).toEqual([
      expect.stringMatching(/^secret: with PostgreSQL .*Make one with: node -p /),
    ])
  })

  test('a weak text', async () => {
    const secret = 'changeme'
    expect(await complaintsOf(resolveRootSecret({ ...none, secret, folder }))).toEqual([
      expect.stringMatching(/^secret: is a placeholder/),
    ])
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('a file', () => {
  test('its first line is active, the others check', async () => {
    const [one, two, three] = [drawn(), drawn(), drawn()]
    const text = `# now\r\n${one.toString('base64url')}\r\n\n  ${two.toString('hex')} \n${three.toString('base64')}\n`
    expect(await fromFile(text)).toEqual({
      ok: true,
      ring: {
        active: { id: keyIdOf(one), secret: one },
        verify: [
          { id: keyIdOf(two), secret: two },
          { id: keyIdOf(three), secret: three },
        ],
        passwordsOnly: [],
        auditOnly: [],
      },
    })
  })

  test('a line may say what little it is good for; the first of the others is active', async () => {
    const [leaked, old, one] = [drawn(), drawn(), drawn()]
    const lines = [
      `passwords-only: ${leaked.toString('hex')}`,
      one.toString('hex'),
      `audit-only:${old.toString('base64')}`,
    ]
    expect(await fromFile(lines.join('\n'))).toEqual({
      ok: true,
      ring: {
        active: { id: keyIdOf(one), secret: one },
        verify: [],
        passwordsOnly: [{ id: keyIdOf(leaked), secret: leaked }],
        auditOnly: [{ id: keyIdOf(old), secret: old }],
      },
    })
    expect(await complaintsOf(fromFile(lines.filter((_, n) => n !== 1).join('\n')))).toEqual([
      expect.stringMatching(/ holds no secret$/),
    ])
  })

  const isRoot = process.getuid?.() === 0
  test.runIf(isRoot).each([
    [0o440, true],
    [0o640, true],
    [0o460, false],
    [0o444, false],
  ])('of another owner (%o), as Kubernetes mounts it: taken %s', async (mode, taken) => {
    const secretFile = join(folder, 'mounted')
    writeFileSync(secretFile, drawn().toString('hex'))
    chmodSync(secretFile, mode)
    chownSync(secretFile, 1234, 1234)
    expect((await resolveRootSecret({ ...none, secretFile })).ok).toBe(taken)
  })

  test.runIf(process.platform !== 'win32').each([0o644, 0o640, 0o604, 0o660])(
    'open to others (%o) is refused',
    async (mode) => {
      expect(await complaintsOf(fromFile(drawn().toString('hex'), mode))).toEqual([
        expect.stringMatching(/^secretFile: .* is open to others \(mode 06\d\d\)\. .*chmod 600 /),
      ])
    },
  )

  test.each([0o600, 0o400])('of its owner alone (%o) is taken', async (mode) => {
    expect(await fromFile(drawn().toString('hex'), mode)).toMatchObject({ ok: true })
  })

  test('all complaints at once, each with its line, none with a secret', async () => {
    const one = drawn().toString('base64url')
    const said = await complaintsOf(fromFile(`${one}\nhunter2\n\n${one}\n${'0'.repeat(64)}`, 0o644))
    expect(said).toEqual([
      expect.stringContaining('mode 0644'),
      expect.stringContaining('line 2, is too short'),
      expect.stringContaining('line 4, is the same secret'),
      expect.stringContaining('line 5, follows a pattern'),
    ])
    expect(said.join()).not.toMatch(new RegExp(`${one}|hunter2|000000`))
  })

  test.each(['', '\n\n', '# only words\n'])('without a secret: %j', async (text) => {
    expect(await complaintsOf(fromFile(text))).toEqual([expect.stringMatching(/holds no secret$/)])
  })

  test('that is not there, or a folder', async () => {
    const secretFile = join(folder, 'nowhere')
    expect(await complaintsOf(resolveRootSecret({ ...none, secretFile }))).toEqual([
      `secretFile: ${secretFile} cannot be read (ENOENT)`,
    ])
    expect(await complaintsOf(resolveRootSecret({ ...none, secretFile: folder }))).toEqual([
      `secretFile: ${folder} cannot be read (EISDIR)`,
    ])
  })
})

describe('beside SQLite', () => {
  test('it is made once, for its owner alone, in a folder that need not be there', async () => {
    const inside = join(folder, 'a', 'data')
    const first = await resolveRootSecret({ ...none, folder: inside })
    const second = await resolveRootSecret({ ...none, folder: inside })
    expect(first).toMatchObject({ ok: true, ring: { verify: [] } })
    expect(second).toEqual(first)
    expect(readdirSync(inside)).toEqual(['secret'])
    expect(readFileSync(join(inside, 'secret'), 'utf8')).toMatch(/^[\w-]{43}\n$/)
    if (process.platform !== 'win32') {
      expect(statSync(join(inside, 'secret')).mode & 0o777).toBe(0o600)
    }
  })

  test('a file cut off is a complaint, not a new secret', async () => {
    writeFileSync(join(folder, 'secret'), 'q7Rk', { mode: 0o600 })
    expect(await complaintsOf(resolveRootSecret({ ...none, folder }))).toEqual([
      expect.stringMatching(/^secret: .*, line 1, is too short/),
    ])
    expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe('q7Rk')
  })

  test('a folder that cannot be', async () => {
    writeFileSync(join(folder, 'file'), '')
    const blocked = join(folder, 'file', 'data')
    expect(await complaintsOf(resolveRootSecret({ ...none, folder: blocked }))).toEqual([
      expect.stringMatching(/^secret: .* cannot be made \((?:ENOTDIR|EEXIST)\)$/),
    ])
  })

  test('fifty at once in one process agree', async () => {
    const all = await Promise.all(
      Array.from({ length: 50 }, () => resolveRootSecret({ ...none, folder })),
    )
    expect(new Set(all.map((one) => one.ok && one.ring.active.id)).size).toBe(1)
    expect(readdirSync(folder)).toEqual(['secret'])
  })

  test('four processes at once agree', async () => {
    const at = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)
    // Each waits for the same instant, so that they meet at the empty folder.
    const script = `
      const { resolveRootSecret } = await import(${at('./root-secret.ts')})
      const { systemRandom: random } = await import(${at('./random.ts')})
      while (Date.now() < Number(process.argv[2]));
      const told = await resolveRootSecret({ folder: process.argv[1], random })
      console.log(told.ring.active.id)`
    const start = String(Date.now() + 1_000)
    const ids = await Promise.all(Array.from({ length: 4 }, () => output(script, folder, start)))
    expect(ids[0]).toMatch(/^[\w-]{8}\n$/)
    expect(new Set(ids).size).toBe(1)
    expect(readdirSync(folder)).toEqual(['secret'])
  })
})

/** What a script prints in a process of its own. */
function output(script: string, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, ...args])
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  return new Promise((resolve) => child.on('close', () => resolve(text)))
}
