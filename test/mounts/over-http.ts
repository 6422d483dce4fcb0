/**
 * Requests over a real connection: what a `Request` says, sent byte by byte to a port of this machine.
 *
 * @module
 */
import { request as open } from 'node:http'
import { Readable } from 'node:stream'
import type { Sallyport } from '../../src/index.ts'

/** Sends what a gate would have been handed. */
export function overHttp(port: number): Pick<Sallyport, 'handle'> {
  return {
    handle: async (request) => {
      const { host, pathname, search } = new URL(request.url)
      const body = Buffer.from(await request.arrayBuffer())
      const headers: Record<string, string> = { Host: host }
      for (const [name, value] of request.headers) headers[name] = value
      if (body.length > 0) headers['Content-Length'] = String(body.length)
      return new Promise((resolve, reject) => {
        const sent = open({
          host: '127.0.0.1',
          port,
          path: pathname + search,
          method: request.method,
          headers,
          agent: false,
        })
        sent.on('error', reject)
        sent.on('response', (response) => {
          const got = new Headers()
          const raw = response.rawHeaders
          for (let at = 0; at < raw.length; at += 2) got.append(raw[at] ?? '', raw[at + 1] ?? '')
          const { statusCode: status = 0 } = response
          const empty = request.method === 'HEAD' || status === 204 || status === 304
          const stream = Readable.toWeb(response) as ReadableStream<Uint8Array>
          resolve(new Response(empty ? null : stream, { status, headers: got }))
        })
        sent.end(body)
      })
    },
  }
}
