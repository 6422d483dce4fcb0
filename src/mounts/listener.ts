/**
 * The listener underneath the mounts: requests of Node's own server to the gate, and answers back.
 *
 * @module
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Plain } from '../http/plain.ts'
import type { From, Incoming } from '../http/site.ts'
import { lightOf } from './light.ts'
import { STATUS_CODES } from './node-http.ts'

/**
 * Answers a request in either form, or now in one and now in the other. What is asked without a body need
 * not come as the web's `Request`.
 */
export type Answering = (request: Incoming, from: From) => Promise<Response | Plain>

/**
 * Serves over Node's HTTP/1. Nothing global is replaced.
 *
 * @param answer `gate.handlePlain`, or what answers for it and for pages of its own.
 */
export function listener(answer: Answering): RequestListener {
  /** Answers that are there before the library is asked to write them. */
  const answered = new WeakMap<IncomingMessage, Response>()
  let library: Promise<RequestListener> | undefined
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    library ??= libraryListener(answer, answered)
    const listen = await library
    listen(request, response)
  }
  const leave = (request: IncomingMessage, response: ServerResponse, told: Response | Plain) => {
    answered.set(request, asResponse(told))
    void serve(request, response)
  }
  const lightly = async (asked: Incoming, request: IncomingMessage, response: ServerResponse) => {
    try {
      const told = await answer(asked, whence(request))
      if (!sent(told, response)) leave(request, response, told)
    } catch (error) {
      leave(request, response, stumbled(error))
    }
  }
  const light = lightOf()
  return (request, response) => {
    const asked = light(request)
    void (asked ? lightly(asked, request, response) : serve(request, response))
  }
}

/** Makes a `Request` of whatever comes. Loaded when the first comes that needs it: it costs a start 30 ms. */
async function libraryListener(
  answer: Answering,
  answered: WeakMap<IncomingMessage, Response>,
): Promise<RequestListener> {
  const { getRequestListener, RequestError } = await import('@hono/node-server')
  const { RESPONSE_ALREADY_SENT } = await import('@hono/node-server/utils/response')
  const serve = getRequestListener(
    async (request, bindings) => {
      const incoming = bindings.incoming as IncomingMessage
      const there = answered.get(incoming)
      if (there) return there
      if (respelled.test(incoming.url ?? ''))
        return asResponse(await answer(unreadable(), malformed))
      const told = await answer(request, whence(incoming))
      return sent(told, bindings.outgoing as ServerResponse)
        ? RESPONSE_ALREADY_SENT
        : asResponse(told)
    },
    {
      overrideGlobalObjects: false,
      errorHandler: async (error) => {
        // What is no request, a target or a Host that no URL can be made of, is refused by the handler
        // as well, so that it looks like any other refusal.
        if (error instanceof RequestError) return asResponse(await answer(unreadable(), malformed))
        return stumbled(error)
      },
    },
  )
  return (request, response) => {
    void serve(request, response)
  }
}

const whence = ({ socket }: IncomingMessage): From => ({
  address: socket.remoteAddress ?? '',
  port: socket.localPort,
})

/** Ours never throws: it is the host's own code that did. */
function stumbled(error: unknown): Response {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  const away = error instanceof Error && error.name === 'Unavailable'
  return new Response(null, { status: away ? 503 : 500 })
}

/**
 * What is another path by the time it is a URL: dot segments, however they are spelled, backslashes, and
 * whatever stands before a hash. Whoever limits paths in front of us has seen the first.
 *
 * @see RFC 9112 3.2 (a target has no fragment); CVE-2023-45539
 */
export const respelled = /#|^[^?]*(?:\\|\/(?:\.|%2e){1,2}(?:[/?]|$))/i

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

/** Writes a plain answer at once. @returns Whether it did: the rest is left to the library. */
function sent(answer: Response | Plain, outgoing: ServerResponse): boolean {
  if (!isPlain(answer)) return false
  const { status, headers, body } = answer
  // What comes bit by bit is the library's business, and stops when the client goes.
  if (typeof body === 'object') return false
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }
  outgoing.writeHead(status, { ...headers, ...length })
  outgoing.end(body)
  return true
}

/** By its looks: whoever asks what a `Response` is has the platform load it. */
const isPlain = (answer: Response | Plain): answer is Plain => !('bodyUsed' in answer)

function asResponse(answer: Response | Plain): Response {
  if (!isPlain(answer)) return answer
  const { status, headers, body } = answer
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  )
  return new Response(body ?? null, { status, headers: pairs })
}
