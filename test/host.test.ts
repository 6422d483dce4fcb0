/**
 * A host application around the gate: its own faults stay its own, the database being away is a no,
 * and no path gets past a limit in front by another spelling.
 *
 * @module
 */
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { expect, onTestFinished, test, vi } from 'vitest'
import { listener } from '../src/mounts/node.ts'
import { openTestGate, origin } from './gate/gate.ts'
import { visitor } from './gate/visitor.ts'

async function served(answer: Parameters<typeof listener>[0]): Promise<number> {
  const server = createServer(listener(answer)).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
  })
  await new Promise((resolve) => server.once('listening', resolve))
  return (server.address() as AddressInfo).port
}

async function raw(port: number, lines: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  // Not ended: whoever has said all is not waited for, and the first request may wait for the library.
  socket.write(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`)
  return text(socket)
}

test('a fault of the host’s own is 500, told once, and asks the host nothing else', async () => {
  const asked: string[] = []
  const port = await served(async (request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`)
    if (request.method === 'POST') throw new Error('the host stumbles')
    return new Response('the landing page')
  })
  const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const answer = await fetch(`http://127.0.0.1:${port}/orders`, { method: 'POST' })
  const lines = told.mock.calls.map(([line]) => String(line))
  told.mockRestore()
  expect([answer.status, await answer.text(), asked]).toEqual([500, '', ['POST /orders']])
  expect(lines).toEqual([expect.stringContaining('the host stumbles')])
})

test.each([
  [
    'throws at once',
    () => {
      throw new Error('the host stumbles')
    },
  ],
  [
    'answers what cannot be sent',
    async () => ({ status: 200, headers: { 'X-Bad': 'a\nb' }, body: 'the host stumbles' }),
  ],
])('a host that %s is 500, and the server goes on', async (_, answer) => {
  const port = await served(answer)
  const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const statuses = [1, 2].map(async () => (await fetch(`http://127.0.0.1:${port}/orders`)).status)
  const seen = await Promise.all(statuses)
  told.mockRestore()
  expect(seen).toEqual([500, 500])
})

test('with the database away nobody is let into a route of the host’s, and it is told as 503', async () => {
  const { gate, database, pass } = await openTestGate('postgres')
  const ada = visitor(gate)
  await ada.setUp()
  const cookie = [...ada.jar].map((pair) => pair.join('=')).join('; ')
  const mine = () => gate.callerOf(new Request(`${origin}/mine`, { headers: { cookie } }))
  expect((await mine()).ok).toBe(true)

  const url = new URL(database)
  const name = url.pathname.slice(1)
  url.pathname = '/postgres'
  const admin = new pg.Client({ connectionString: url.href })
  await admin.connect()
  onTestFinished(() => admin.end())
  await admin.query(`alter database ${name} allow_connections false`)
  await admin.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name like $2',
    [name, 'sallyport%'],
  )
  // As long as the lease lasts it is remembered who stands; then nobody is let in.
  pass(1_000)
  const refused = await mine()
  expect(refused).toMatchObject({ ok: false, code: 'unavailable' })
  expect(
    !refused.ok && [refused.response.status, refused.response.headers.get('Retry-After')],
  ).toEqual([503, '1'])
  await admin.query(`alter database ${name} allow_connections true`)
  expect((await mine()).ok).toBe(true)
})

test.each([
  '/api/v1/x/../auth/setup',
  '/api/v1/%2e/auth/setup',
  '/api/v1/x/%2E%2e/auth/setup',
  '/api/v1/./auth/setup?a=b',
  // A backslash is a slash to a URL, and none to a proxy.
  '/api/v1\\auth/setup',
  '/api/v1/x/..\\auth/setup',
  // To a URL the path ends here; a proxy that takes it for a part of the path finds another (CVE-2023-45539).
  '/api/v1/auth/setup#',
  '/api/v1/auth/setup#/health/live',
  '/api/v1/auth/setup?a=b#c',
])('%s is no request', async (path) => {
  const { gate } = await openTestGate()
  const port = await served(gate.handlePlain)
  const answer = await raw(port, [`GET ${path} HTTP/1.1`, 'Host: app.example.test'])
  expect(answer.split('\r\n')[0]).toBe('HTTP/1.1 400 Bad Request')
  expect(answer).toContain('malformed_request')
  const plain = await raw(port, [
    'GET /api/v1/auth/setup?a=/../b HTTP/1.1',
    'Host: app.example.test',
  ])
  expect(plain.split('\r\n')[0]).toBe('HTTP/1.1 200 OK')
})
