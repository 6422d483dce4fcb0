/**
 * The listener underneath the mounts: requests of Node's own server to the gate, and answers back.
 *
 * @module
 */
import {
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import type { Duplex } from 'node:stream'
import { getRequestListener, RequestError } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Handle } from '../http/handler.ts'
import type { Plain } from '../http/plain.ts'
import type { From } from '../http/site.ts'

/** Answers a request in either form, or now in one and now in the other. */
export type Answering = (...asked: Parameters<Handle>) => Promise<Response | Plain>

/**
 * Serves over Node's HTTP/1. Nothing global is replaced.
 *
 * @param answer `gate.handlePlain`, or `gate.handle`, which is slower.
 */
export function listener(answer: Answering): RequestListener {
  const serve = getRequestListener(
    async (request, { incoming, outgoing }) => {
      const { socket, url = '' } = incoming as IncomingMessage
      // A path that says `..` is another one by the time it is a URL; whoever limits paths in front of
      // us has seen the first.
      if (dotted.test(url)) return asResponse(await answer(unreadable(), malformed))
      const from = { address: socket.remoteAddress ?? '', port: socket.localPort }
      return sent(await answer(request, from), outgoing as ServerResponse)
    },
    {
      overrideGlobalObjects: false,
      errorHandler: async (error) => {
        // What is no request, a target or a Host that no URL can be made of, is refused by the handler
        // as well, so that it looks like any other refusal.
        if (error instanceof RequestError) return asResponse(await answer(unreadable(), malformed))
        // Ours never throws: this is the host's own code.
        process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
        const away = error instanceof Error && error.name === 'Unavailable'
        return new Response(null, { status: away ? 503 : 500 })
      },
    },
  )
  return (request, response) => {
    void serve(request, response)
  }
}

/** A path with a dot segment, however it is spelled. */
export const dotted = /^[^?]*\/(?:\.|%2e){1,2}(?:[/?]|$)/i

const malformed: From = { unreadable: 'malformed_request' }

const unreadable = () => new Request('http://unreadable.invalid')

/** What Node's parser says of what it cannot read, or does not wait for any longer. */
const faults: Readonly<Record<string, From['unreadable']>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

/**
 * Answers what Node's parser refuses, which never becomes a request: a listener for `clientError`. The
 * connection ends, for nobody knows where the next request on it would begin.
 *
 * @param answer As for {@link listener}.
 */
export function unparsed(answer: Answering) {
  const refused = new WeakSet<Duplex>()
  return (error: NodeJS.ErrnoException, socket: Duplex): void => {
    // What comes after it is told again, and heard no more.
    if (!socket.writable || refused.has(socket)) return
    refused.add(socket)
    const unreadableFor = faults[error.code ?? ''] ?? 'malformed_request'
    void answer(unreadable(), { unreadable: unreadableFor }).then(async (told) => {
      const response = asResponse(told)
      const body = await response.text()
      const { status } = response
      const head = [
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
        ...[...response.headers].map(([name, value]) => `${name}: ${value}`),
        'Connection: close',
        `Content-Length: ${Buffer.byteLength(body)}`,
      ]
      if (socket.writable) socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
    })
  }
}

/** Writes a plain answer at once; a `Response` is left to the library. */
function sent(answer: Response | Plain, outgoing: ServerResponse): Response {
  if (answer instanceof Response) return answer
  const { status, headers, body } = answer
  // What comes bit by bit is the library's business, and stops when the client goes.
  if (typeof body === 'object') return asResponse(answer)
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }
  outgoing.writeHead(status, { ...headers, ...length })
  outgoing.end(body)
  return RESPONSE_ALREADY_SENT
}

function asResponse(answer: Response | Plain): Response {
  if (answer instanceof Response) return answer
  const { status, headers, body } = answer
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  )
  return new Response(body ?? null, { status, headers: pairs })
}
