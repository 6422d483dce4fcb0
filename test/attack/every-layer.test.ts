/**
 * A refusal is a problem whoever says it: Node's parser, a time limit, the pages of the dashboard. None
 * is bare, and each can be found in the log by the id that was told (HDR-01, HDR-05).
 *
 * @module
 */
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { problems } from '../../src/http/problem.ts'
import { listener, unparsed } from '../../src/mounts/node.ts'
import { openDashboard } from '../../src/server/dashboard.ts'
import { openTestGate, origin } from '../gate/gate.ts'
import { emptyFolder, serve } from '../server/process.ts'

/** Says something to a port, and hears the one answer out. */
async function spoken(port: number, raw: string, stay = false) {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  if (stay) socket.write(raw, 'latin1')
  else socket.end(raw, 'latin1')
  const said = await text(socket)
  const [head = '', body = '', ...more] = said.split('\r\n\r\n')
  expect([more, said.match(/HTTP\/1\.1 \d/g)?.length]).toEqual([[], 1])
  const headers = new Headers(
    head
      .split('\r\n')
      .slice(1)
      .map((line): [string, string] => [line.split(':')[0] ?? '', line.replace(/^[^:]*: ?/, '')]),
  )
  return { status: Number(head.slice(9, 12)), headers, body }
}

type Spoken = Awaited<ReturnType<typeof spoken>>

/** Expects the whole of a problem, headers of the API included. @returns Its id. */
function expectProblem({ status, headers, body }: Spoken, code: keyof typeof problems): string {
  const problem = JSON.parse(body)
  expect(problem).toMatchObject({ code, status, type: `https://sallyport.dev/problems/${code}` })
  expect(status).toBe(problems[code].status)
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': problem.instance,
    'content-security-policy': expect.stringContaining("default-src 'none'"),
  })
  return problem.instance
}

test('what the parser refuses is a problem, and logged', async () => {
  const server = await serve()
  const { port } = server
  const host = `Host: localhost:${port}\r\n\r\n`
  const ids = [
    expectProblem(await spoken(port, 'nonsense\r\n\r\n'), 'malformed_request'),
    expectProblem(await spoken(port, `GET / HTTP/9\r\n${host}`), 'malformed_request'),
    expectProblem(
      await spoken(port, `GET /api/v1/auth/me HTTP/1.1\r\nA: ${'a'.repeat(20_000)}\r\n${host}`),
      'headers_too_large',
    ),
    // Once, however much more comes.
    expectProblem(await spoken(port, 'x\r\n'.repeat(20_000)), 'malformed_request'),
  ]
  await server.stop()
  const lines = server.stderr.map((line) => JSON.parse(line))
  for (const id of ids)
    expect(lines.filter(({ requestId }) => requestId === id)).toMatchObject([
      { status: expect.toBeOneOf([400, 431]) },
    ])
})

test('so is what does not come in time', async () => {
  const { gate } = await openTestGate()
  const server = createServer(
    { connectionsCheckingInterval: 20, headersTimeout: 100, requestTimeout: 200 },
    listener(gate.handlePlain),
  ).on('clientError', unparsed(gate.handlePlain))
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const slow = await spoken(port, 'GET /api/v1/auth/me HTTP/1.1\r\nHost: x\r\nSlow:', true)
  expectProblem(slow, 'request_timeout')
  expect(slow.headers.get('connection')).toBe('close')
})

test('so is what is no page of the dashboard, and no way to ask for one', async () => {
  const { gate } = await openTestGate()
  const folder = emptyFolder()
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), '<!doctype html>')
  writeFileSync(join(folder, 'assets', 'a.js'), '1')
  writeFileSync(join(folder, 'pages.json'), '["/","/users/$id"]')
  const dashboard = openDashboard(folder, gate, { remembers: false })
  const ask = async (path: string, method = 'GET', accept = '*/*') => {
    const request = new Request(`${origin}${path}`, { method, headers: { Accept: accept } })
    const response = dashboard?.(request)
    if (!response) throw new Error('there is no dashboard')
    return { status: response.status, headers: response.headers, body: await response.text() }
  }
  expect((await ask('/')).body).toBe('<!doctype html>')
  expect((await ask('/assets/a.js')).status).toBe(200)
  expect((await ask('/users/a.b')).status).toBe(200)
  for (const path of [
    '/nowhere',
    '/users/',
    '/users/a/b',
    '/pages.json',
    '/assets/b.js',
    '/.env',
    '/assets/',
    '/a.js.map',
  ])
    expectProblem(await ask(path), 'not_found')
  expectProblem(await ask('/a.js', 'GET', 'text/html'), 'not_found')
  for (const [path, method] of [
    ['/', 'POST'],
    ['/sign-in', 'DELETE'],
    ['/assets/a.js', 'OPTIONS'],
  ] as const) {
    const refused = await ask(path, method)
    expectProblem(refused, 'method_not_allowed')
    expect(refused.headers.get('allow')).toBe('GET, HEAD')
  }
  // A person who lost the way is shown a page that says so.
  const page = await ask('/nowhere', 'GET', 'text/html')
  expect([page.status, page.body]).toEqual([404, '<!doctype html>'])
  const head = await ask('/nowhere', 'HEAD')
  expect([head.status, head.body]).toEqual([404, ''])
})
