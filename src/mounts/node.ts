/**
 * The mount for plain Node: a listener for `http.createServer`.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 * import { createSallyport } from 'sallyport'
 * import { listener } from 'sallyport/node'
 *
 * const gate = await createSallyport({ publicOrigin: 'http://localhost:3000' })
 * createServer(listener(gate.handle)).listen(3000)
 * ```
 *
 * @module
 */
import type { IncomingMessage, RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Handle } from '../http/handler.ts'

/** Serves `handle` over Node's HTTP/1. Nothing global is replaced. */
export function listener(handle: Handle): RequestListener {
  const serve = getRequestListener(
    (request, { incoming }) => {
      const { socket } = incoming as IncomingMessage
      return handle(request, { address: socket.remoteAddress ?? '', port: socket.localPort })
    },
    {
      overrideGlobalObjects: false,
      // What is no request, a target or a Host that no URL can be made of, is refused by the handler
      // as well, so that it looks like any other refusal.
      errorHandler: () => handle(new Request('http://unreadable.invalid'), { unreadable: true }),
    },
  )
  return (request, response) => {
    void serve(request, response)
  }
}
