/**
 * CORS: listed origins of the same site may call with credentials; everybody else gets no header at
 * all. The lists are fixed: nothing a request asks for is reflected.
 *
 * @see Fetch standard, CORS protocol; OWASP ASVS 5.0 V3.4.2
 * @module
 */
import type { Incoming, Site } from './site.ts'

const preflight = {
  'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE',
  'Access-Control-Allow-Headers': 'Content-Type, X-CSRF-Token, X-Sallyport-Passive',
  'Access-Control-Max-Age': '600',
} as const

/** The headers a listed origin is given with any answer. */
export function corsHeaders(request: Incoming, { origins }: Site): Record<string, string> {
  const origin = request.headers.get('origin')
  if (origin === null || !origins.allowed.includes(origin)) return {}
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Credentials': 'true',
    'Access-Control-Expose-Headers': 'X-Request-Id, Retry-After',
  }
}

/** What a preflight is answered with, or nothing when it is none of ours. */
export function preflightHeaders(
  request: Incoming,
  site: Site,
): Record<string, string> | undefined {
  const asks =
    request.method === 'OPTIONS' && request.headers.get('access-control-request-method') !== null
  const listed = corsHeaders(request, site)
  return asks && 'Access-Control-Allow-Origin' in listed ? { ...listed, ...preflight } : undefined
}
