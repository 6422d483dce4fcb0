/**
 * `sallyport serve` as an operator meets it, through real processes: what it prints, what it leaves
 * on disk, how it stops.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { Agent, request as open } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { freshPostgres } from './provision/postgres.ts'
import { browser, password } from './server/browser.ts'
import { emptyFolder, serve, start } from './server/process.ts'

/** Whether the dashboard is built is not the matter here. */
const notOfDashboard = (line: string) => !line.includes('dashboard is not built')
const modeOf = (...path: string[]) => (statSync(join(...path)).mode & 0o777).toString(8)

test('the first start says how to claim it and where it listens, once each', async () => {
  const { stdout, stderr, folder, origin, port } = await serve()
  expect(stdout).toEqual([
    expect.stringMatching(
      new RegExp(`^Claim this instance: http://localhost:${port}/setup#token=[\\w-]{43}$`),
    ),
    `Listening on ${origin}`,
  ])
  expect(stderr.filter(notOfDashboard)).toEqual([])
  expect(modeOf(folder, 'data')).toBe('700')
  const files = readdirSync(join(folder, 'data')).sort()
  expect(files).toEqual(expect.arrayContaining(['sallyport.db', 'secret', 'setup-token']))
  for (const file of files) expect([file, modeOf(folder, 'data', file)]).toEqual([file, '600'])
})

test('claimed, it forgets the token; sessions outlive a restart', async () => {
  const first = await serve()
  const ada = browser(first)
  const { folder, port } = first
  const tokenFile = join(folder, 'data', 'setup-token')
  expect((await ada.setUp(first.setupToken)).status).toBe(201)
  expect(existsSync(tokenFile)).toBe(false)
  expect((await first.stop()).code).toBe(0)

  writeFileSync(tokenFile, 'left behind')
  const second = await serve({ folder, port })
  expect(second.stdout).toEqual([`Listening on ${second.origin}`])
  expect(existsSync(tokenFile)).toBe(false)
  expect((await ada.send('GET', '/auth/me')).json.user.username).toBe('ada')
})

test('unclaimed, the link stays the same and the token file is its owner’s again', async () => {
  const { stop, claimLink, folder, port, setupToken } = await serve()
  await stop()
  const tokenFile = join(folder, 'data', 'setup-token')
  chmodSync(tokenFile, 0o644)
  const second = await serve({ folder, port })
  expect(second.claimLink).toBe(claimLink)
  expect(modeOf(tokenFile)).toBe('600')
  expect(second.setupToken).toBe(setupToken)
})

test('a given token claims it; a token file that cannot be written stops nothing', async () => {
  const folder = emptyFolder()
  writeFileSync(join(folder, 'data'), 'a file where the folder should be')
  const setupToken = 'given to an installer, 32 or more'
  const server = await serve({
    folder,
    env: {
      SALLYPORT_DATABASE: await freshPostgres(),
      SALLYPORT_SECRET: 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q',
      SALLYPORT_SETUP_TOKEN: setupToken,
    },
  })
  expect(server.claimLink).toMatch(
    /[/]setup#token=given%20to%20an%20installer%2C%2032%20or%20more$/,
  )
  expect(server.stderr.join()).toContain('could not be written')
  expect((await browser(server).setUp(setupToken)).status).toBe(201)
})

test('a port that is taken: exit 1, one sentence', async () => {
  const { port } = await serve()
  const second = await start({ port })
  expect((await second.ended).code).toBe(1)
  expect(second.stdout).toEqual([])
  expect(second.stderr.filter(notOfDashboard)).toEqual([
    expect.stringContaining(`127.0.0.1:${port}`),
  ])
})

test('SIGTERM: what is in flight is answered, nobody else is let in, exit 0 (FAULT-12)', async () => {
  // Long hashes: all are in flight when the stop comes, and none waits for its turn.
  const slow = { SALLYPORT_HASHING_MEMORY: '131072', SALLYPORT_HASHING_PASSES: '4' }
  const server = await serve({ env: { ...slow, SALLYPORT_HASHING_WORKERS: '3' } })
  await browser(server).setUp(server.setupToken)
  const { port, origin } = server

  let answered = 0
  const agent = new Agent({ keepAlive: true })
  const inFlight = Array.from({ length: 3 }, async () => {
    const body = JSON.stringify({ username: 'ada', password })
    const sent = open({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/api/v1/auth/login',
      agent,
    })
    sent.setHeader('Host', new URL(origin).host)
    sent.setHeader('Origin', origin)
    sent.setHeader('Content-Type', 'application/json')
    sent.setHeader('Content-Length', body.length)
    sent.setHeader('Expect', '100-continue')
    sent.flushHeaders()
    // The server has the request; what it is asked for it gets now.
    await once(sent, 'continue')
    sent.end(body)
    const answer = once(sent, 'response').then(async ([response]) => {
      answered += 1
      await textOf(response)
      return [response.statusCode, response.headers.connection]
    })
    return { answer }
  })
  const sent = await Promise.all(inFlight)
  // One that asked nothing, as browsers keep in store, and one between two requests.
  const idle = connect(port, '127.0.0.1')
  await once(idle, 'connect')
  await browser({ port, agent }).send('GET', '/health/live')

  server.signal('SIGTERM')
  await server.line(/"msg":"stopping"/)
  while (await isLetIn(port));
  expect(answered).toBe(0)
  const answers = await Promise.all(sent.map(({ answer }) => answer))
  expect(answers).toEqual(Array(3).fill([200, 'close']))
  const lastAnswer = performance.now()
  expect(await server.ended).toEqual({ code: 0, signal: null })
  // The open connections did not keep it.
  expect(performance.now() - lastAnswer).toBeLessThan(2_000)
})

async function isLetIn(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

test('the launcher on a Node that is too old: exit 1, one sentence', async () => {
  // Away from the Node this checkout brings along, and claiming to be the old one itself.
  const folder = emptyFolder()
  cpSync(join(import.meta.dirname, '../bin'), join(folder, 'bin'), { recursive: true })
  writeFileSync(
    join(folder, 'older.cjs'),
    "Object.defineProperty(process, 'version', { value: 'v20.20.2' })",
  )
  const args = ['--require', './older.cjs', 'bin/sallyport.cjs', 'serve']
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const [said, printed, [code]] = await Promise.all([
    textOf(child.stderr),
    textOf(child.stdout),
    once(child, 'close'),
  ])
  expect([code, printed, said]).toEqual([
    1,
    '',
    'Sallyport needs Node.js 24.15 or newer, or 22.23 or newer in the 22 line; this is v20.20.2.\n',
  ])
})
