/**
 * Light: a request without a body whose address needs no thought, as nearly all are, handed over as it came.
 * Anything else is made a `Request` by the library, which costs more than all of a session check.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Incoming } from '../http/site.ts'
import { headOf } from './head.ts'

/** A path that no URL parser would write otherwise, and a query without what it would. */
const plainTarget = /^(?:\/[\w~-][\w.~-]*)+\/?(?:\?[\w.~%&=+-]*)?$/

/** Knows the host it met last, so that a URL is made of it once. */
export function lightOf(): (request: IncomingMessage) => Incoming | undefined {
  let known: string | undefined
  return (request) => {
    const { method, url = '', socket } = request
    if ((method !== 'GET' && method !== 'HEAD') || !plainTarget.test(url)) return undefined
    const { headers } = headOf(request)
    if (headers.get('content-length') !== null || headers.get('transfer-encoding') !== null)
      return undefined
    const host = headers.get('host')
    if (host === null) return undefined
    if (host !== known) {
      if (URL.parse(`http://${host}`)?.host !== host) return undefined
      known = host
    }
    const scheme = 'encrypted' in socket && (socket as TLSSocket).encrypted ? 'https' : 'http'
    const asked = url.indexOf('?')
    const path = asked < 0 ? url.length : asked
    const target = { pathname: url.slice(0, path), search: url.slice(path) }
    return { method, url: `${scheme}://${host}${url}`, headers, target }
  }
}
