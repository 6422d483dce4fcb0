/**
 * What it takes to install the package, beside better-auth with its database driver; and how much of the client
 * goes over the line.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { buildIfStale } from '../scripts/building.ts'
import { root } from '../scripts/tool.ts'
import { median, shown, table } from './figures.ts'
import { ratios, reached, type Told } from './told.ts'

interface Installed {
  readonly seconds: number
  readonly megabytes: number
  readonly packages: number
}

function npm(cwd: string, ...args: readonly string[]): string {
  const path = process.env.npm_execpath
  const done = path
    ? spawnSync(process.execPath, [path, ...args], { cwd, encoding: 'utf8' })
    : spawnSync('npm', args, { cwd, encoding: 'utf8', shell: true })
  if (done.status !== 0) throw new Error(`npm ${args.join(' ')}: ${done.stderr}`)
  return done.stdout
}

function install(packages: readonly string[]): Installed {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }')
    const began = performance.now()
    // What was fetched once is not fetched again: the network is not what is compared.
    npm(folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages)
    const seconds = (performance.now() - began) / 1_000
    const files = globSync('node_modules/**', { cwd: folder, withFileTypes: true })
    const bytes = files
      .filter((file) => file.isFile())
      .reduce((all, { parentPath, name }) => all + statSync(join(parentPath, name)).size, 0)
    const note = join(folder, 'node_modules/.package-lock.json')
    const { packages: listed } = JSON.parse(readFileSync(note, 'utf8')) as { packages: object }
    return { seconds, megabytes: bytes / 1e6, packages: Object.keys(listed).length }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param rounds Of both, after one that fills npm's cache. */
export async function benchInstalls(rounds: number): Promise<Told> {
  await buildIfStale()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  try {
    const packed = npm(root, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder)
    const [{ filename = '' } = {}] = JSON.parse(packed) as { filename?: string }[]
    const own = [join(folder, filename)]
    const theirs = ['better-auth@1.7.24', 'better-sqlite3@13.2.0']
    const [ours, others]: [Installed[], Installed[]] = [[], []]
    for (const packages of [own, theirs]) install(packages)
    for (let n = 0; n < rounds; n++) {
      ours.push(install(own))
      others.push(install(theirs))
    }
    const of = (all: readonly Installed[], what: keyof Installed) => all.map((one) => one[what])
    const row = (name: string, all: readonly Installed[]) => [
      name,
      ...(['seconds', 'megabytes', 'packages'] as const).map((what) =>
        shown(median(of(all, what))),
      ),
    ]
    const size = ratios(of(ours, 'megabytes'), of(others, 'megabytes'))
    const time = ratios(of(ours, 'seconds'), of(others, 'seconds'))
    return {
      text: `\`npm install\` into an empty folder from npm's own cache, ${rounds} interleaved rounds. Nothing is compiled
in either.

${table(['what', 's', 'MB', 'packages'], [row('sallyport', ours), row(theirs.join(' + '), others)])}`,
      goals: [
        reached(
          { goal: 'G15', what: 'installed bytes × better-auth’s', most: 1, unit: '×' },
          size,
          median(size),
        ),
        reached(
          { goal: 'G15', what: 'time of the install × better-auth’s', most: 1, unit: '×' },
          time,
          median(time),
        ),
      ],
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The client, bundled and minified as an application does it. */
export async function benchClient(): Promise<Told> {
  const application = join(root, 'application.ts')
  const made = await build({
    root,
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'application',
        resolveId: (id) => (id === 'application' ? application : undefined),
        load: (id) =>
          id === application ? "export { createClient } from './src/client/client.ts'" : undefined,
      },
    ],
    build: {
      write: false,
      minify: true,
      modulePreload: { polyfill: false },
      // What an application exports nobody imports: it would all be left out.
      rolldownOptions: { input: 'application', preserveEntrySignatures: 'strict' },
    },
  })
  const outputs = (Array.isArray(made) ? made : [made]).flatMap((one) =>
    'output' in one ? one.output : [],
  )
  const code = outputs.map((one) => (one.type === 'chunk' ? one.code : '')).join('\n')
  const bytes = gzipSync(code).length
  return {
    text: `\`createClient\`, bundled, minified and compressed: ${shown(bytes)} bytes.`,
    goals: [
      reached(
        { goal: 'G14', what: 'the client over the line', most: 5_000, unit: 'bytes' },
        [bytes],
        bytes,
      ),
    ],
  }
}
