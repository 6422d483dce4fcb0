/**
 * What is recorded is carried to the sink, in order and to the last: over TCP, TLS, UDP and standard output.
 *
 * @module
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { saidIn } from '../src/options.ts'
import { openGate } from '../src/sallyport.ts'
import { auditSink } from '../src/system/audit-sink.ts'
import {
  databases,
  freshDatabase,
  noLimits,
  openQuery,
  origin,
  secret,
  setupToken,
} from './gate/gate.ts'
import { visitor } from './gate/visitor.ts'
import { certificate } from './provision/certificate.ts'
import { browser } from './server/browser.ts'
import { emptyFolder, serve } from './server/process.ts'

interface Told {
  readonly id?: string
  readonly type?: string
  readonly checkpoint?: { readonly chain: string }
}

/** Opens a node that carries the audit there. */
async function openTo(database: string, sink: string) {
  const gate = await openGate(
    saidIn({
      publicOrigin: origin,
      database,
      secret,
      setupToken,
      limits: noLimits,
      audit: { sink },
    }),
    { onChore: () => {} },
  )
  return gate
}

/** The messages in what came over TCP: each says how long it is. */
function messagesIn(bytes: Buffer): string[] {
  const found: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(' ', at)
    const length = Number(bytes.toString('latin1', at, space))
    found.push(bytes.toString('utf8', space + 1, space + 1 + length))
    at = space + 1 + length
  }
  return found
}

const syslog =
  /^<1(?:08|09)>1 \d{4}-\d\d-\d\dT[\d:.]+Z [!-~]+ sallyport \d+ [a-z_.]{1,32} - (\{.+\})$/
const told = (messages: readonly string[]): Told[] =>
  messages.map((one) => JSON.parse(syslog.exec(one)?.[1] ?? `{"unread":${JSON.stringify(one)}}`))
const ids = (all: readonly Told[]) => all.flatMap(({ id }) => id ?? [])

test.each(databases)(
  'over TCP, also what came while nobody took it, on %s',
  async (kind) => {
    const database = await freshDatabase(kind)
    let received = Buffer.alloc(0)
    const server = createServer((socket) => {
      socket.on('data', (data) => {
        received = Buffer.concat([received, data])
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    const sink = `tcp://127.0.0.1:${port}`

    const early = await openTo(database, sink)
    await visitor(early).setUp()
    const query = await openQuery(database)
    // Nobody listens: what was recorded stays to be carried.
    await early.close()
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())

    const gate = await openTo(database, sink)
    await visitor(gate).logIn('ada', 'müßig und falsch \u{1f511}')
    await gate.close()
    const all = async () =>
      (await query('select id from audit order by at, chain, seq')).map(({ id }) => String(id))
    const kept = await all()
    expect(kept.length).toBeGreaterThan(2)
    await expect.poll(() => ids(told(messagesIn(received))).sort()).toEqual(kept.sort())
    const before = received.length

    // Nothing is sent again by whoever comes next.
    const later = await openTo(database, sink)
    await visitor(later).logIn('ada')
    await later.close()
    const more = (await all()).filter((id) => !kept.includes(id))
    await expect.poll(() => ids(told(messagesIn(received.subarray(before))))).toEqual(more)
    // The checkpoints go the same way.
    expect(told(messagesIn(received)).some(({ checkpoint }) => checkpoint)).toBe(true)
  },
  30_000,
)

test('over UDP, a message each', async () => {
  const messages: string[] = []
  const socket = createSocket('udp4').on('message', (message) => messages.push(String(message)))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  const database = await freshDatabase('sqlite')
  const gate = await openTo(database, `udp://127.0.0.1:${socket.address().port}`)
  await visitor(gate).setUp()
  await gate.close()
  const kept = await (await openQuery(database))('select id from audit order by seq')
  await expect.poll(() => ids(told(messages))).toEqual(kept.map(({ id }) => id))
}, 30_000)

test('on standard output, as JSON lines', { timeout: 60_000 }, async () => {
  const server = await serve({ env: { SALLYPORT_AUDIT_SINK: 'stdout' } })
  expect((await browser(server).setUp(server.setupToken)).status).toBe(201)
  await server.stop()
  const lines = server.stdout.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  expect(lines.map(({ type, checkpoint }) => type ?? typeof checkpoint)).toEqual([
    'instance.claimed',
    'auth.signed_in',
    'object',
  ])
})

const carried = {
  line: '{"id":"one"}',
  at: '2026-01-01T12:00:00.000Z',
  name: 'auth.refused',
  refused: true,
} as const

test('over TLS, to whom the certificate is of; to nobody else', { timeout: 60_000 }, async () => {
  const folder = emptyFolder()
  const own = certificate(folder, 'localhost')
  const other = certificate(folder, 'logs.example')
  const six = certificate(folder, '::1')
  const receive = async ({ cert, key }: typeof own) => {
    let bytes = Buffer.alloc(0)
    const server = createTlsServer(
      { cert: readFileSync(cert), key: readFileSync(key) },
      (socket) => {
        socket
          .on('error', () => {})
          .on('data', (data) => {
            bytes = Buffer.concat([bytes, data])
          })
      },
    )
    server.on('tlsClientError', () => {}).listen(0)
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return { port: (server.address() as AddressInfo).port, bytes: () => bytes }
  }
  const [right, wrong, byAddress] = [await receive(own), await receive(other), await receive(six)]
  // What is not signed by anybody known is not spoken to.
  const unknown = auditSink(`tls://localhost:${right.port}`)
  await expect(unknown.ship([carried])).rejects.toThrow('self-signed certificate')

  const bundle = join(folder, 'authorities.pem')
  writeFileSync(bundle, [own, other, six].map(({ cert }) => readFileSync(cert, 'utf8')).join(''))
  const to = (where: string) =>
    serve({ env: { NODE_EXTRA_CA_CERTS: bundle, SALLYPORT_AUDIT_SINK: where } })
  const [trusted, addressed, misnamed, numbered, astray] = await Promise.all([
    to(`tls://localhost:${right.port}`),
    to(`tls://[::1]:${byAddress.port}`),
    // Of somebody known, but of another name; and of no address.
    to(`tls://localhost:${wrong.port}`),
    to(`tls://127.0.0.1:${right.port}`),
    to(`tls://[::1]:${wrong.port}`),
  ])
  const all = [trusted, addressed, misnamed, numbered, astray]
  for (const server of all)
    expect((await browser(server).setUp(server.setupToken)).status).toBe(201)
  await Promise.all(all.map((server) => server.stop()))
  for (const server of [misnamed, numbered, astray])
    expect(server.stderr.join('\n')).toMatch(/does not match certificate|not in the cert's list/)
  expect(wrong.bytes()).toHaveLength(0)
  for (const { bytes } of [right, byAddress]) {
    const types = told(messagesIn(bytes())).map(({ type }) => type)
    expect(types.filter((type) => type !== undefined)).toEqual([
      'instance.claimed',
      'auth.signed_in',
    ])
  }
})

test('over TCP to an address of IPv6', async () => {
  let received = ''
  const server = createServer((socket) => {
    socket.on('data', (data) => {
      received += data
    })
  }).listen(0, '::1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const sink = auditSink(`tcp://[::1]:${(server.address() as AddressInfo).port}`)
  await sink.ship([carried])
  await sink.close()
  await expect.poll(() => received).toMatch(/^\d+ <108>1 .* auth\.refused - \{"id":"one"\}$/)
})
