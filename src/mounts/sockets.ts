/**
 * The mount for sockets: `/ws` on a server of plain Node, by the `ws` library.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 * import { createSallyport } from 'sallyport'
 * import { listener } from 'sallyport/node'
 * import { sockets } from 'sallyport/sockets'
 *
 * const gate = await createSallyport({ publicOrigin: 'http://localhost:3000' })
 * const live = sockets(gate)
 * createServer(listener(gate.handlePlain)).on('upgrade', live.upgrade).listen(3000)
 * ```
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Plain } from '../http/plain.ts'
import type { SocketGate } from '../sockets.ts'
import { respelled } from './listener.ts'
import { STATUS_CODES } from './node-http.ts'

/** How long the other side may take to answer a close frame. */
const patience = 2_000
/** Bytes of one message. */
const longest = 64 * 1024

export interface Sockets {
  /** A listener for the `upgrade` event of a server. A host with sockets of its own asks its paths first. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Closes all, 1001. To be called before the server is closed. */
  close(): Promise<void>
}

export interface SocketOptions {
  /** Told of each handshake, with the status of its answer. */
  readonly onUpgrade?: (request: Request, status: number, requestId: string | undefined) => void
}

export function sockets(
  gate: Pick<SocketGate, 'upgrade' | 'goAway' | 'ping'>,
  { onUpgrade = () => {} }: SocketOptions = {},
): Sockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: longest,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has('sallyport') ? 'sallyport' : false),
  })
  /** Those that have not answered since they were last asked. */
  const silent = new WeakSet<WebSocket>()
  const asking = setInterval(() => {
    for (const client of server.clients) {
      if (silent.has(client)) client.terminate()
      else {
        silent.add(client)
        client.ping()
      }
    }
  }, gate.ping).unref()

  async function decide(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const request = requestOf(incoming)
    const { remoteAddress, localPort } = incoming.socket as Socket
    const from = request
      ? { address: remoteAddress ?? '', port: localPort }
      : ({ unreadable: 'malformed_request' } as const)
    const asked = request ?? new Request('http://unreadable.invalid')
    const decided = await gate.upgrade(asked, from)
    if (!decided.ok) {
      onUpgrade(asked, decided.plain.status, String(decided.plain.headers['X-Request-Id']))
      return refuse(socket, decided.plain)
    }
    let open = false
    server.handleUpgrade(incoming, socket, head, (client) => {
      open = true
      onUpgrade(asked, 101, undefined)
      carry(client, decided.connect)
    })
    // Whoever went away meanwhile never gets there.
    if (!open) decided.abandon()
  }

  function carry(client: WebSocket, connect: (Upgrade & { ok: true })['connect']): void {
    const connection = connect({
      send: (text) => client.send(text),
      close: ({ code, reason }) => close(client, code, reason),
      waiting: () => client.bufferedAmount,
    })
    client.on('pong', () => silent.delete(client))
    client.on('message', (data, isBinary) => {
      if (client.readyState !== client.OPEN) return
      if (isBinary) close(client, 1003, 'text only')
      else connection.hear(String(data))
    })
    client.on('close', () => connection.closed())
    // It closes by itself: a message too long, a frame that is none.
    client.on('error', () => {})
  }

  return {
    upgrade(request, socket, head) {
      // Whoever resets the connection while it is decided is no fault.
      socket.on('error', () => socket.destroy())
      decide(request, socket, head).catch(() => socket.destroy())
    },
    async close() {
      clearInterval(asking)
      gate.goAway()
      const open = [...server.clients]
      for (const client of open) close(client, 1001, 'going away')
      await Promise.all(
        open.map((client) =>
          client.readyState === client.CLOSED
            ? undefined
            : new Promise<void>((resolve) => client.once('close', () => resolve())),
        ),
      )
      server.close()
    },
  }
}

type Upgrade = Awaited<ReturnType<SocketGate['upgrade']>>

function close(client: WebSocket, code: number, reason: string): void {
  if (client.readyState === client.OPEN) client.close(code, reason)
  setTimeout(() => client.terminate(), patience).unref()
}

/** As the web has it; nothing when no request can be made of it. */
function requestOf({ method, url = '', rawHeaders }: IncomingMessage): Request | undefined {
  const headers = new Headers()
  try {
    for (let at = 0; at < rawHeaders.length; at += 2)
      headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
    if (respelled.test(url) || !url.startsWith('/')) return undefined
    return new Request(`http://${headers.get('host')}${url}`, { method: method ?? 'GET', headers })
  } catch {
    return undefined
  }
}

function refuse(socket: Duplex, { status, headers, body }: Plain): void {
  const text = typeof body === 'string' ? body : ''
  const lines = Object.entries({
    ...headers,
    'Content-Length': String(Buffer.byteLength(text)),
    Connection: 'close',
  }).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`))
  socket.once('finish', () => socket.destroy())
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', text].join('\r\n'))
}
