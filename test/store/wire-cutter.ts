/**
 * A wire to PostgreSQL that can be cut and mended: a proxy that passes bytes on, refuses to connect,
 * or says nothing at all.
 *
 * @module
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

export interface Wire {
  /** The place as it is reached over the wire. */
  readonly place: string
  /** Breaks every connection and refuses new ones. */
  cut(): Promise<void>
  /** Keeps every connection, passes nothing on, and takes new ones without a word. */
  hush(): void
  /** Passes everything on so many milliseconds late, each way. */
  slow(by: number): void
  mend(): Promise<void>
}

export async function wireTo(place: string): Promise<Wire> {
  const target = new URL(place)
  const open = new Set<Socket>()
  let silent = false
  let late = 0
  let server: Server
  let port = 0

  /** In the order they came, also while it becomes slower or faster. */
  const pass = (from: Socket, to: Socket) => {
    let before = Promise.resolve()
    from.on('data', (bytes) => {
      if (silent) return
      const due = performance.now() + late
      before = before.then(async () => {
        const rest = due - performance.now()
        if (rest > 0) await pause(rest)
        to.write(bytes)
      })
    })
  }
  const listen = async () => {
    server = createServer((near) => {
      const far = connect(Number(target.port), target.hostname)
      for (const socket of [near, far]) {
        open.add(socket)
        socket.on('error', () => undefined)
        socket.on('close', () => {
          open.delete(socket)
          near.destroy()
          far.destroy()
        })
      }
      pass(near, far)
      pass(far, near)
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    const address = server.address()
    port = address && typeof address !== 'string' ? address.port : 0
  }
  const cut = async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of open) socket.destroy()
    await closed
  }

  await listen()
  onTestFinished(cut)
  const near = new URL(place)
  near.port = String(port)
  return {
    place: near.href,
    cut,
    hush: () => {
      silent = true
    },
    slow: (by) => {
      late = by
    },
    mend: async () => {
      silent = false
      late = 0
      if (!server.listening) await listen()
    },
  }
}
