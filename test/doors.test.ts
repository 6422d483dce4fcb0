/**
 * The doors of the package: each leads somewhere, the browser's carry nothing of the server, and
 * what would be published is well formed and nothing more.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { build } from 'vite'
import { beforeAll, describe, expect, test } from 'vitest'
import { built } from './provision/built.ts'

const root = join(import.meta.dirname, '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const doors: readonly (readonly [door: string, file: string])[] = Object.entries<{
  default: string
}>(manifest.exports)
  .filter(([door]) => door !== './package.json')
  .map(([door, { default: file }]) => [door, file])

test.each(doors)('%s has a source', (_, file) => {
  const source = file.replace('./dist/', 'src/').replace(/\.js$/, '')
  const candidates = [`${source}.ts`, `${source}.tsx`]
  expect(candidates.filter((path) => existsSync(join(root, path)))).toHaveLength(1)
})

const forbidden = ['node:', 'kysely', 'argon2', 'process.env', 'zod']

/** What a browser would get of an application that is `source`, frameworks left out. */
async function bundle(source: string, minify: boolean): Promise<string> {
  const made = await build({
    root,
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'application',
        resolveId: (id) => (id === 'application' ? join(root, 'application.ts') : undefined),
        load: (id) => (id === join(root, 'application.ts') ? source : undefined),
      },
    ],
    build: {
      write: false,
      minify,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: 'application',
        external: /^react(\/|$)/,
        // What an application exports nobody imports: it would all be left out.
        preserveEntrySignatures: 'strict',
      },
    },
  })
  const outputs = (Array.isArray(made) ? made : [made]).flatMap((one) =>
    'output' in one ? one.output : [],
  )
  return outputs.map((one) => (one.type === 'chunk' ? one.code : '')).join('\n')
}

test.for([
  ['the client', "export { createClient } from './src/client/client.ts'", 5_000],
  ['the door to React', "export * from './src/client/react.tsx'", 6_000],
] as const)('%s bundles alone, for browsers', async ([name, source, most], { annotate }) => {
  const code = await bundle(source, false)
  expect(code.length).toBeGreaterThan(100)
  expect(forbidden.filter((word) => code.includes(word))).toEqual([])

  const size = gzipSync(await bundle(source, true)).length
  await annotate(`${name}: ${size} bytes minified and compressed`)
  expect(size).toBeLessThan(most)
})

test('a call of one list is all of the administrator’s calls that a page carries', async () => {
  const made = await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: { write: false, rolldownOptions: { input: 'one-call', treeshake: true } },
    plugins: [
      {
        name: 'one-call',
        resolveId: (id) => (id === 'one-call' ? id : undefined),
        load: (id) =>
          id === 'one-call'
            ? `import { listLockouts } from ${JSON.stringify(join(root, 'src/client/admin.ts'))}
               listLockouts(globalThis.client)`
            : undefined,
      },
    ],
  })
  const outputs = (Array.isArray(made) ? made : [made]).flatMap((one) =>
    'output' in one ? one.output : [],
  )
  const code = outputs.map((one) => (one.type === 'chunk' ? one.code : '')).join('\n')
  expect(code).toContain('/lockouts')
  expect(code).not.toMatch(/reset-password|revoke-sessions|unlock/)
})

describe('the package', () => {
  beforeAll(built)

  test('holds what users need and nothing else (SUP-04)', () => {
    const [{ files }] = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        shell: process.platform === 'win32',
      }),
    )
    const paths: string[] = files.map(({ path }: { path: string }) => path)
    const wanted = /^(bin|dist|docs)\/|^(package\.json|LICENSE|(README|CHANGELOG|SECURITY)\.md)$/
    const unwanted = /(^|\/)(test\/|\.)|\.test\.|\.map$/
    expect(paths.filter((path) => !wanted.test(path) || unwanted.test(path))).toEqual([])
    expect(paths).toEqual(
      expect.arrayContaining([
        'bin/sallyport.cjs',
        'dist/dashboard/index.html',
        'dist/server/main.js',
        ...doors.map(([, file]) => file.slice(2)),
      ]),
    )
  })

  test('opens its dashboard with less than 250 kB', async ({ annotate }) => {
    const folder = join(root, 'dist/dashboard')
    const page = readFileSync(join(folder, 'index.html'), 'utf8')
    const files = [...page.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, file]) => file ?? '')
    expect(files.length).toBeGreaterThan(2)
    const sizes = ['index.html', ...files].map(
      (file) => gzipSync(readFileSync(join(folder, file))).length,
    )
    const size = sizes.reduce((sum, one) => sum + one)
    await annotate(`first load: ${size} bytes compressed`)
    expect(size).toBeLessThan(250_000)
  })

  test('is well formed', async () => {
    const { messages, pkg } = await publint({ pkgDir: root, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
  })
})
