/**
 * Forwarded: a request that a reverse proxy asks about before it lets it through, as the proxy
 * describes it. Only a trusted proxy is believed, and what is not known may change something.
 *
 * @module
 */
import { isUnsafe } from '../rules/csrf.ts'
import type { Incoming } from './site.ts'

/** Whether the request asked about may change something. One of which nothing is known may. */
export const isForwardedUnsafe = ({ headers }: Incoming, proxied: boolean): boolean =>
  !proxied || isUnsafe(headers.get('x-forwarded-method') ?? '')

/** Not longer: it goes into a URL. */
const longestPath = 2_048

/**
 * Where a person wanted to go, as path and query below `publicOrigin`; `/` when that is elsewhere, or
 * nothing that can be gone to.
 */
export function forwardedPath(
  { headers }: Incoming,
  proxied: boolean,
  publicOrigin: string,
): string {
  const ours = new URL(publicOrigin)
  const host = headers.get('x-forwarded-host')?.toLowerCase() ?? ours.host
  const uri = headers.get('x-forwarded-uri') ?? '/'
  if (!proxied || host !== ours.host || uri.length > longestPath) return '/'
  if (!/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(uri)) return '/'
  const url = URL.parse(uri, publicOrigin)
  // Dots may fold a path to one that begins with two slashes, which a browser reads as a host.
  if (!url || url.origin !== ours.origin || url.pathname.startsWith('//')) return '/'
  return url.pathname + url.search
}
