/**
 * Event streams read with `fetch`, which, unlike the browser's own `EventSource`, can send a CSRF
 * header and a body, and can tell a refusal from a broken line.
 */

import { UnreachableError } from './errors.ts'
import { type Fetch, inJson, type Method } from './transport.ts'

/** `data` is what was sent as JSON; a message that is not JSON is left out, with a warning. */
export interface StreamEvent<T = unknown> {
  /** `message` when the server gave it no name. */
  readonly event: string
  readonly id?: string | undefined
  readonly data: T
}

export const eventStream = 'text/event-stream'

export interface StreamOptions {
  /** Default `POST`. */
  readonly method?: Method
  /** Sent as JSON when given. */
  readonly body?: unknown
  /** Ends it early; reading then throws the signal's own reason. */
  readonly signal?: AbortSignal | undefined
  /** The event that says all is told. */
  readonly until?: string
}

/** @param ask Throws what the server refuses. */
export async function* readStream<T>(
  ask: Fetch,
  url: string,
  { method = 'POST', body, signal, until }: StreamOptions = {},
): AsyncGenerator<StreamEvent<T>> {
  try {
    const init = inJson(method, eventStream, body)
    const response = await ask(url, { ...init, signal: signal ?? null })
    for await (const event of readEvents(bodyOf(response))) {
      // The one cast: as for any call, the shape is trusted.
      yield event as StreamEvent<T>
      if (event.event === until) return
    }
  } catch (error) {
    throw signal?.aborted ? signal.reason : error
  }
  if (until !== undefined) throw new UnreachableError('incomplete')
}

/** The body of an answer that is a stream; whatever else came is not from our server. */
export function bodyOf({ status, headers, body }: Response): ReadableStream<Uint8Array> {
  const isStream = headers.get('content-type')?.startsWith(eventStream)
  if (body && isStream) return body
  throw new UnreachableError('foreign', { cause: `status ${status}` })
}

/**
 * The events of a body, as they come in, however they are cut into pieces.
 *
 * @param alive Told of every piece, comments included.
 * @see HTML Living Standard 9.2.6, interpreting an event stream
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  alive: () => void = () => {},
): AsyncGenerator<StreamEvent> {
  // The one cast: the two kinds of pairs of streams are the same at run time.
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream).getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      alive()
      const messages = (rest + value).split(/\r\n\r\n|\n\n|\r\r/)
      rest = messages.pop() ?? ''
      for (const message of messages) {
        const said: Record<string, string> = {}
        for (const [, name = '', text = ''] of message.matchAll(/^(data|event|id)(?:: ?(.*))?$/gm))
          said[name] = name in said && name === 'data' ? `${said.data}\n${text}` : text
        const { data, event = 'message', id } = said
        const read = parsed(data)
        if (read) yield { ...read, event, id }
      }
    }
  } catch (cause) {
    throw new UnreachableError('incomplete', { cause })
  } finally {
    // Whoever stops reading does not want the rest.
    reader.cancel().catch(() => {})
  }
}

function parsed(data: string | undefined): { data: unknown } | undefined {
  try {
    return data === undefined ? data : { data: JSON.parse(data) }
  } catch {
    // biome-ignore lint/suspicious/noConsole: a developer must be able to see what is left out.
    console.warn('sallyport: a message of a stream is not JSON')
    return undefined
  }
}
