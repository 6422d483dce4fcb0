/**
 * Sockets in tests: a gate behind a real server of Node, and clients that speak WebSocket and HTTP to it.
 *
 * @module
 */
import { createServer, type IncomingMessage, request as open } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { Sallyport } from '../../src/index.ts'
import { listener } from '../../src/mounts/node.ts'
import { sockets } from '../../src/mounts/sockets.ts'
import type { Clock } from '../../src/ports.ts'
import { origin } from './gate.ts'
import type { Visitor } from './visitor.ts'

export const host = new URL(origin).host

/**
 * A clock of which only the wall is set by hand: a machine that seems to have slept for longer than its
 * lease closes what is open, and these tests are not about that.
 */
export function awake() {
  let now = Date.UTC(2026, 0, 1, 12)
  const clock: Clock = { now: () => now, elapsed: () => performance.now() }
  return {
    clock,
    now: clock.now,
    pass: (time: number) => {
      now += time
    },
  }
}

/** A gate that listens. */
export async function listening(gate: Sallyport) {
  const live = sockets(gate)
  const server = createServer(listener(gate.handlePlain)).on('upgrade', live.upgrade)
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(async () => {
    await live.close()
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, live }
}

/** A ticket for whoever is signed in. */
export async function ticketOf(who: Pick<Visitor, 'send'>, json?: object): Promise<string> {
  const got = await who.send('POST', '/auth/ws-ticket', json ? { json } : {})
  if (got.status !== 201) throw new Error(`no ticket: ${got.status} ${got.text}`)
  return String(got.json.ticket)
}

export type Said = Readonly<Record<string, unknown>>

/** How a socket was closed, or why it never opened. */
export interface Closed {
  readonly code: number
  readonly reason: string
  /** When that was, by `performance.now()`. */
  readonly at: number
}

export interface Dialled {
  /** The status of the answer: 101 when it opened. */
  readonly status: number
  /** The problem, where it was refused. */
  readonly problem: Said
  readonly headers: IncomingMessage['headers']
  readonly socket: WebSocket
  /** What was heard so far. */
  readonly heard: Said[]
  readonly closed: Promise<Closed>
  say(said: unknown): void
  /** Waits for something to be heard, or takes what was. */
  hears(is: (said: Said) => boolean): Promise<Said>
}

/** How a handshake is sent. */
export interface Dialling {
  readonly ticket?: string | undefined
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly protocols?: readonly string[]
  readonly path?: string
}

/** Opens a socket, as a page of the public origin does unless said otherwise. */
export function dial(
  port: number,
  { ticket, headers = {}, protocols, path = '/api/v1/ws' }: Dialling = {},
  from: string = origin,
): Promise<Dialled> {
  const offered = protocols ?? ['sallyport', ...(ticket === undefined ? [] : [`ticket.${ticket}`])]
  const sent = { Host: new URL(from).host, Origin: from, ...headers }
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, [...offered], {
    headers: Object.fromEntries(
      Object.entries(sent).filter((pair): pair is [string, string] => pair[1] !== undefined),
    ),
  })
  onTestFinished(() => socket.terminate())
  const heard: Said[] = []
  const waiting = new Set<() => void>()
  socket.on('message', (data) => {
    heard.push(JSON.parse(String(data)) as Said)
    for (const look of waiting) look()
  })
  const closed = new Promise<Closed>((resolve) => {
    socket.on('close', (code, reason) => {
      resolve({ code, reason: String(reason), at: performance.now() })
    })
  })
  const hears: Dialled['hears'] = (is) =>
    new Promise((resolve) => {
      const look = () => {
        const found = heard.find(is)
        if (!found) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  const dialled = { socket, heard, closed, hears, say: (said: unknown) => say(socket, said) }
  return new Promise((resolve, reject) => {
    socket.on('error', (error) => socket.readyState < 2 && reject(error))
    socket.on('upgrade', ({ headers }) =>
      resolve({ ...dialled, status: 101, problem: {}, headers }),
    )
    socket.on('unexpected-response', (_, response) => {
      let text = ''
      response.on('data', (data) => {
        text += String(data)
      })
      response.on('end', () => {
        const problem = text === '' ? {} : (JSON.parse(text) as Said)
        resolve({
          ...dialled,
          status: response.statusCode ?? 0,
          problem,
          headers: response.headers,
        })
      })
    })
  })
}

const say = (socket: WebSocket, said: unknown): void =>
  socket.send(typeof said === 'string' ? said : JSON.stringify(said))

export interface Streamed {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** All text so far. */
  readonly text: () => string
  /** When it ended. */
  readonly ended: Promise<number>
  /** Waits until the text so far matches. */
  hears(pattern: RegExp): Promise<string>
  leave(): void
}

/** Opens an event stream with these cookies. */
export function stream(
  port: number,
  jar: ReadonlyMap<string, string>,
  headers: Readonly<Record<string, string>> = {},
  named: string = host,
): Promise<Streamed> {
  const cookie = [...jar].map((pair) => pair.join('=')).join('; ')
  const asked = open({
    host: '127.0.0.1',
    port,
    path: '/api/v1/events',
    agent: false,
    headers: { host: named, cookie, 'sec-fetch-site': 'same-origin', ...headers },
  })
  onTestFinished(() => void asked.destroy())
  return new Promise((resolve, reject) => {
    asked.on('error', reject)
    asked.on('response', (response) => {
      let text = ''
      const waiting = new Set<() => void>()
      response.on('data', (data) => {
        text += String(data)
        for (const look of waiting) look()
      })
      response.on('error', () => {})
      const ended = new Promise<number>((done) => {
        response.on('close', () => done(performance.now()))
      })
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: () => text,
        ended,
        hears: (pattern) =>
          new Promise((found) => {
            const look = () => {
              if (!pattern.test(text)) return
              waiting.delete(look)
              found(text)
            }
            waiting.add(look)
            look()
          }),
        leave: () => void asked.destroy(),
      })
    })
    asked.end()
  })
}
