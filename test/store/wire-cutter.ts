/**
 * A wire to PostgreSQL that can be cut and mended: a proxy that passes bytes on, refuses to connect,
 * or says nothing at all.
 *
 * @module
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Wire {
  /** The place as it is reached over the wire. */
  readonly place: string
  /** Breaks every connection and refuses new ones. */
  cut(): Promise<void>
  /** Keeps every connection, passes nothing on, and takes new ones without a word. */
  hush(): void
  mend(): Promise<void>
}

export async function wireTo(place: string): Promise<Wire> {
  const target = new URL(place)
  const open = new Set<Socket>()
  let silent = false
  let server: Server
  let port = 0

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
      near.on('data', (bytes) => silent || far.write(bytes))
      far.on('data', (bytes) => silent || near.write(bytes))
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
    mend: async () => {
      silent = false
      if (!server.listening) await listen()
    },
  }
}
