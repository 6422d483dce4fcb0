/**
 * Stopping: no new requests, the ones in flight answered, and nobody who only holds a connection
 * open kept waiting for.
 *
 * @module
 */
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** A server that can be stopped in order. */
export interface Stoppable {
  /** Does `work`, which a stop waits for, also when the client has gone meanwhile. */
  working<T>(work: () => Promise<T>): Promise<T>
  /** Stops; what is not answered within `patience` milliseconds is cut off. */
  stop(patience: number): Promise<void>
}

/** Follows a server's connections from before it listens. */
export function stoppable(server: Server): Stoppable {
  /** Connections on which nothing was asked yet: a browser opens one ahead, and may never use it. */
  const silent = new Set<Socket>()
  const answering = new Set<ServerResponse>()
  let atWork = 0
  let whenDone = () => {}

  server.on('connection', (socket) => {
    silent.add(socket)
    socket.once('close', () => silent.delete(socket))
  })
  server.prependListener('request', ({ socket }, response) => {
    silent.delete(socket)
    answering.add(response)
    response.once('close', () => answering.delete(response))
  })

  return {
    async working(work) {
      atWork += 1
      try {
        return await work()
      } finally {
        atWork -= 1
        if (atWork === 0) whenDone()
      }
    },
    async stop(patience) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const giveUp = setTimeout(() => server.closeAllConnections(), patience)
      server.closeIdleConnections()
      for (const socket of silent) socket.destroy()
      // Or the connection would stay open for the next request.
      for (const response of answering)
        if (!response.headersSent) response.setHeader('Connection', 'close')
      await closed
      clearTimeout(giveUp)
      if (atWork === 0) return
      await new Promise<void>((resolve) => {
        whenDone = resolve
      })
    },
  }
}
