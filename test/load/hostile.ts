/**
 * Hostile load, a process of its own: everything at once that wears a server out from outside
 * (`security.md` D.3, F10), until it is told that it is over.
 *
 * @module
 */
import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { ask, paced } from './paced.ts'

export interface Hostile {
  readonly port: number
  readonly origin: string
  /** Names that are guessed at besides such as nobody has. */
  readonly known: readonly string[]
  readonly seconds: number
  /** Guesses a second. */
  readonly guesses: number
  /** Connections on which a request comes a byte a second, and on which nothing comes. */
  readonly slow: number
  readonly silent: number
  /** Bodies of a megabyte, and of thousands of names, a second each. */
  readonly heavy: number
}

/** What was done, and how it was answered. */
export type Harm = Readonly<Record<string, number>>

const agent = new Agent({ keepAlive: true, maxSockets: 500 })
/** As many machines guess. */
const machines = 5_000

async function hostile(asked: Hostile): Promise<Harm> {
  const { port, origin, known, seconds } = asked
  const host = new URL(origin).host
  const done: Record<string, number> = {}
  const count = (what: string) => {
    done[what] = (done[what] ?? 0) + 1
  }
  const until = performance.now() + seconds * 1_000
  const post = async (what: string, n: number, body: string) => {
    const machine = n % machines
    const headers = {
      host,
      origin,
      'content-type': 'application/json',
      'x-forwarded-for': `10.66.${machine >> 8}.${machine % 256}`,
    }
    const sent = { port, agent, method: 'POST', path: '/auth/login', headers, body }
    const { status } = await ask(sent)
    count(`${what}: ${status || 'none'}`)
    return status
  }
  const guess = (n: number) => {
    const username = n % 2 ? known[n % known.length] : `nobody${n}`
    return post('guess', n, JSON.stringify({ username, password: `guess number ${n}, no more` }))
  }
  const password = 'x'.repeat(1_000_000)
  const long = (n: number) => post('1 MB', n, JSON.stringify({ username: 'ada', password }))
  const names = Array.from({ length: 4_000 }, (_, at) => `"${at * 65_536}":0`).join(',')
  const many = (n: number) => post('names', n, `{"username":"ada",${names},"password":"x"}`)

  /** One after the other, however often it is cut off. */
  async function held(what: string, speak: (socket: Socket) => Promise<void>): Promise<void> {
    while (performance.now() < until) {
      const socket = connect(port, '127.0.0.1')
      const over = new Promise<void>((resolve) => socket.on('error', () => {}).on('close', resolve))
      const end = setTimeout(() => socket.destroy(), Math.max(0, until - performance.now()))
      socket.resume()
      await Promise.race([over, speak(socket).then(() => over)])
      clearTimeout(end)
      count(what)
    }
  }
  async function slowly(socket: Socket): Promise<void> {
    socket.write(`GET /api/v1/auth/me HTTP/1.1\r\nHost: ${host}\r\nX-Slow: `)
    while (socket.writable) {
      await pause(1_000)
      if (socket.writable) socket.write('x')
    }
  }
  const holding = [
    ...Array.from({ length: asked.slow }, () => held('slow connections', slowly)),
    ...Array.from({ length: asked.silent }, () => held('silent connections', async () => {})),
  ]
  await Promise.all([
    paced(asked.guesses, seconds, guess),
    paced(asked.heavy, seconds, long),
    paced(asked.heavy, seconds, many),
    ...holding,
  ])
  return done
}

process.on('message', async (asked: Hostile) => process.send?.(await hostile(asked)))
