/**
 * Bodies: read whole, small and in one way only. The type is checked before a byte is read, the size
 * before a byte too many is kept, and the text before anything looks at a value.
 *
 * @module
 */
import { type Refusal, refuse } from '../rules/refusal.ts'
import type { Incoming } from './site.ts'
import { parseStrictJson } from './strict-json.ts'

/** Bytes. */
const largestBody = 64 * 1024

/** Not more of RFC 9110 8.3.1 than is needed: one parameter, in any case, quoted or not. */
const jsonType = /^application\/json[ \t]*(?:;[ \t]*(?:charset=("?)utf-8\1)?)?$/i

export type Read<T> = { readonly ok: true; readonly value: T } | Refusal

/**
 * Reads a body that must be a JSON object.
 *
 * @returns `unsupported_media_type` for another type or an encoded body, `payload_too_large` over
 *   64 KB, `malformed_request` for what strict JSON refuses and for anything but an object.
 * @see OWASP ASVS 5.0 V1.5.3, V4.1.1, V15.3.6
 */
export async function readJson(request: Incoming): Promise<Read<Record<string, unknown>>> {
  if (!isJson(request) || isEncoded(request)) return refuse('unsupported_media_type')
  const bytes = await readBytes(request)
  return bytes.ok ? objectIn(bytes.value) : bytes
}

/**
 * Reads the body of a route that takes none: empty, or `{}`.
 *
 * @returns `malformed_request` for any other; `unsupported_media_type` when `{}` comes under another
 *   type than JSON's, since a foreign form could send that.
 */
export async function readNothing(request: Incoming): Promise<Read<undefined>> {
  const bytes = await readBytes(request)
  if (!bytes.ok) return bytes
  if (bytes.value.length === 0) return { ok: true, value: undefined }
  if (isEncoded(request)) return refuse('unsupported_media_type')
  const body = objectIn(bytes.value)
  if (!body.ok || Object.keys(body.value).length > 0) {
    return refuse('malformed_request', { why: 'body_not_empty' })
  }
  const typed = request.headers.get('content-type') !== null
  return typed && !isJson(request)
    ? refuse('unsupported_media_type')
    : { ok: true, value: undefined }
}

/** Reads a body as {@link readJson} does, where nothing at all says the same as `{}`. */
export async function readOptional(request: Incoming): Promise<Read<Record<string, unknown>>> {
  if (request.headers.get('content-type') !== null) return readJson(request)
  const nothing = await readNothing(request)
  return nothing.ok ? { ok: true, value: {} } : nothing
}

function isJson(request: Incoming): boolean {
  return jsonType.test(request.headers.get('content-type') ?? '')
}

function isEncoded(request: Incoming): boolean {
  return (request.headers.get('content-encoding') ?? 'identity').toLowerCase() !== 'identity'
}

async function readBytes(request: Incoming): Promise<Read<Buffer>> {
  if (Number(request.headers.get('content-length')) > largestBody) {
    return refuse('payload_too_large')
  }
  if (!request.body) return { ok: true, value: Buffer.alloc(0) }

  const reader = request.body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return { ok: true, value: Buffer.concat(chunks, size) }
      size += value.byteLength
      if (size > largestBody) break
      chunks.push(value)
    }
  } catch {
    // The client went away in the middle; nobody waits for what is said here.
    return refuse('malformed_request', { why: 'body_cut_off' })
  }
  // Not awaited: the sender need not agree for us to stop listening.
  reader.cancel().catch(() => undefined)
  return refuse('payload_too_large')
}

function objectIn(bytes: Buffer): Read<Record<string, unknown>> {
  let text: string
  try {
    // A byte order mark is kept, so that the parser refuses it.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return refuse('malformed_request', { why: 'not_utf8' })
  }
  const parsed = parseStrictJson(text)
  if (!parsed.ok) return refuse('malformed_request', { why: parsed.why })
  const { value } = parsed
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('malformed_request', { why: 'not_an_object' })
  }
  return { ok: true, value: value as Record<string, unknown> }
}
