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
  /** Some work begins, which a stop waits for, also when the client has gone meanwhile; */
  begin(): void
  /** it is done. */
  end(): void
  /** Stops; what is not answered within `patience` milliseconds is cut off. */
  stop(patience: number): Promise<void>
}

/** Follows a server's connections from before it listens. */
export function stoppable(server: Server): Stoppable {
  /**
   * What each connection was last asked for is answered by. Nothing yet where a browser opened one ahead,
   * which it may never use.
   */
  const answering = new Map<Socket, ServerResponse | undefined>()
  let atWork = 0
  let whenDone = () => {}

  server.on('connection', (socket) => {
    answering.set(socket, undefined)
    socket.once('close', () => answering.delete(socket))
  })
  server.prependListener('request', ({ socket }, response) => {
    // One that has gone already would never be forgotten.
    if (answering.has(socket)) answering.set(socket, response)
  })

  return {
    begin() {
      atWork += 1
    },
    end() {
      atWork -= 1
      if (atWork === 0) whenDone()
    },
    async stop(patience) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const giveUp = setTimeout(() => server.closeAllConnections(), patience)
      server.closeIdleConnections()
      for (const [socket, response] of answering) {
        if (!response) socket.destroy()
        // Or the connection would stay open for the next request.
        else if (!response.headersSent) response.setHeader('Connection', 'close')
      }
      await closed
      clearTimeout(giveUp)
      if (atWork === 0) return
      await new Promise<void>((resolve) => {
        whenDone = resolve
      })
    },
  }
}
