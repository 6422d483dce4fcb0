/**
 * The documentation is run: every fenced block of every page is claimed by something that tries it, and every
 * link leads somewhere. How to mark a block: `docs/house.md`, Pages.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { allPaths } from '../src/server/configuration.ts'
import { at, type Block, pages, read, root } from './documentation/blocks.ts'
import { claimed, type Kind, played } from './documentation/kinds.ts'
import { deadLinks, reachedFrom } from './documentation/links.ts'
import { furnish, runPage } from './documentation/shell.ts'
import { complaints, isServer, programEndsWell, serverLetsIn } from './documentation/typescript.ts'
import { ask } from './provision/ask.ts'
import { built } from './provision/built.ts'
import { freshPostgres } from './provision/postgres.ts'
import { command } from './server/command.ts'
import { emptyFolder } from './server/process.ts'

const all = pages.flatMap((page) => claimed(page))
const of = (kind: Kind): readonly Block[] =>
  all.filter((one) => one.kind === kind).map(({ block }) => block)
const timeout = 120_000

test('every block of every page is tried by something', () => {
  expect(pages.length).toBeGreaterThan(25)
  expect(all.length).toBeGreaterThan(60)
  expect(all.filter(({ kind }) => kind === undefined).map(({ block }) => at(block))).toEqual([])
  const strange = ['```go', '```ts', '```', '<!-- skip -->\n```sh'].map(
    (open) => `${open}\n\n\`\`\`\n`,
  )
  expect(strange.map((source) => claimed('README.md', source)[0]?.kind)).toEqual([
    undefined,
    'typescript',
    undefined,
    undefined,
  ])
})

test('every link leads to a file, and to a heading of it', () => {
  expect(pages.flatMap((page) => deadLinks(page))).toEqual([])
  const bad =
    '[a](nowhere.md) [b](docs/house.md#nothing) [c](docs/house.md#habits) [d](#here)\n# Here'
  expect(deadLinks('README.md', bad)).toEqual([
    'README.md: nowhere.md: no file',
    'README.md: docs/house.md#nothing: no such heading',
  ])
})

test('every page is reached from the front page by links', () => {
  const reached = reachedFrom('README.md')
  const missing = pages.filter((page) => page.startsWith('docs/') && !reached.has(page))
  expect(missing).toEqual([])
  expect([...reachedFrom('CHANGELOG.md')]).toEqual(['CHANGELOG.md'])
})

describe('TypeScript', () => {
  beforeAll(built)

  test('fits the public doors', { timeout }, async () => {
    expect(await complaints(of('typescript'))).toEqual([])
    const wrong = { page: 'README.md', line: 7, heading: '', language: 'ts', mark: undefined }
    const text =
      "import { createSallyport } from 'sallyport'\nawait createSallyport({ nothing: 1 })\n"
    expect(await complaints([{ ...wrong, text }])).toEqual([
      expect.stringMatching(/^README\.md:8 .*'nothing' does not exist/),
      ...Array(0),
    ])
  })

  // The same program on two pages is started once.
  const servers = new Map(
    of('typescript')
      .filter(isServer)
      .map((block) => [block.text, at(block)]),
  )
  test.for([...servers].map(([source, where]) => [where, source] as const))(
    '%s: a server lets in who is signed in',
    { timeout },
    ([, source]) => serverLetsIn(source),
  )

  const programs = of('typescript').filter(({ mark }) => mark === 'run')
  test.for(programs.map((block) => [at(block), block] as const))('%s', { timeout }, ([, block]) =>
    programEndsWell(block),
  )

  test('the examples are those of the guide', () => {
    const guide = read('docs/guide/mounts.md')
    for (const name of ['node', 'fastify', 'express', 'hono'])
      expect(guide).toContain(`\`\`\`ts\n${read(`examples/${name}.ts`)}\`\`\``)
  })
})

test('what pages say to type works, and says what they say', { timeout: 240_000 }, async () => {
  const furnished = await furnish()
  const waiting = [...new Set(of('shell').map(({ page }) => page))]
  const wrong: string[] = []
  const walk = async () => {
    for (let page = waiting.shift(); page !== undefined; page = waiting.shift()) {
      const blocks = all.filter(({ block }) => block.page === page).map(({ block }) => block)
      wrong.push(...(await runPage(furnished, blocks, freshPostgres)))
    }
  }
  await Promise.all([walk(), walk(), walk()])
  expect(wrong).toEqual([])
})

const sections = new Set(allPaths.map((path) => path.split('.')[0]))
test('JSON is JSON; settings are settings', async () => {
  for (const block of of('json')) {
    const lines = block.mark?.endsWith('.jsonl') ? block.text.trim().split('\n') : [block.text]
    for (const line of lines) expect(() => JSON.parse(line), at(block)).not.toThrow()
    const value = JSON.parse(lines[0] ?? '')
    const keys = Object.keys(value)
    if (keys.length === 0 || !keys.every((key) => sections.has(key) || key === 'access')) continue
    const folder = emptyFolder()
    writeFileSync(join(folder, 'sallyport.config.json'), block.text)
    const { code, stderr } = await command(folder, ['serve', '--check'])
    expect([at(block), code, stderr]).toEqual([at(block), 0, ''])
  }
})

test('YAML is YAML, and what is scraped is there', () => {
  for (const block of of('yaml')) {
    const value = parse(block.text)
    expect(value, at(block)).toBeTypeOf('object')
    const [, path] = /metrics_path: (\S+)/.exec(block.text) ?? []
    if (path) expect(path).toBe('/api/v1/metrics')
  }
})

test('proxies take what they are given', { timeout: 300_000 }, async () => {
  const [nginx = '', caddy = ''] = (await ask('/proxies')).split(',')
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  for (const block of of('proxy')) {
    const folder = emptyFolder()
    const file = join(folder, 'proxy.conf')
    const env = { PATH: process.env.PATH ?? '', HOME: folder }
    if (block.language === 'caddy') {
      // A block of directives belongs into a site; a site begins with its address.
      const site = /^[\w.:*/{$-]+(?:, \S+)* \{$/m.test(block.text.split('\n', 1)[0] ?? '')
      const inside = /^(?:route|handle|forward_auth|reverse_proxy)\b/m.exec(block.text)?.index === 0
      writeFileSync(file, site && !inside ? block.text : `:8000 {\n${block.text}}\n`)
      execFileSync(caddy, ['validate', '--adapter', 'caddyfile', '--config', file], {
        env,
        stdio: 'pipe',
      })
    } else {
      const [, first = ''] = /^(\w+)/m.exec(block.text) ?? []
      const server = /^(?:server|upstream|map|geo|limit_req_zone)$/.test(first)
        ? block.text
        : `server { listen 8000;\n${block.text}}`
      const whole = first === 'events' ? block.text : `events {}\nhttp {\n${server}}`
      writeFileSync(file, whole)
      execFileSync(
        nginx,
        [
          '-t',
          '-q',
          '-p',
          folder,
          '-e',
          join(folder, 'e'),
          '-c',
          file,
          '-g',
          `pid ${folder}/pid; ${user}`,
        ],
        { env, stdio: 'pipe' },
      )
    }
  }
})

test('Python is Python', () => {
  for (const { text } of of('python'))
    execFileSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], { input: text })
})

test('what the program is quoted with stands in its source', () => {
  const source = globSync('src/**/*.ts', { cwd: root })
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n')
  for (const block of of('said')) {
    const pieces = block.text
      .split(/[\d.:/]*\d[\d.:/]*|…|\n|: |[✗→!✓]/)
      .map((piece) => piece.trim())
      .filter((piece) => piece.length > 11)
    expect(pieces.length).toBeGreaterThan(0)
    for (const piece of pieces) expect(source, at(block)).toContain(piece)
  }
})

test('what another test plays it reads from the page, heading by heading', () => {
  for (const block of of('played')) {
    const by = (played[block.page]?.by ?? []).map(read).join('\n')
    expect(by, at(block)).toContain(block.page.split('/').at(-1))
    if (block.language === 'sh') expect(by, at(block)).toContain(block.heading)
  }
})

test('drawings name what there is', () => {
  for (const block of of('drawing'))
    for (const [name] of block.text.matchAll(/[\w.]+\.ts\b/g))
      expect(globSync(`src/**/${name}`, { cwd: root }), at(block)).not.toEqual([])
})
