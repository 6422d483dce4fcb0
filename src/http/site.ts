/**
 * Site: what HTTP knows of this installation besides the world: its origins, hosts, cookies and
 * trusted proxies. Settled at start, never taken from a request.
 *
 * @module
 */
import type { Caller } from '../flows/authenticate.ts'
import type { World } from '../ports.ts'
import type { Origins } from '../rules/csrf.ts'
import type { Finding } from '../rules/doctor.ts'
import type { Genuine } from '../rules/genuine.ts'
import type { Trusted } from './address.ts'
import type { Connections } from './connections.ts'
import { type CookieJar, type Cookies, isLoopback } from './cookies.ts'
import type { Limits } from './limits.ts'
import type { Metrics } from './metrics.ts'

export interface Site {
  readonly world: World
  readonly origins: Origins
  /** The public origin's host and port, as in a `Host` header. */
  readonly publicHost: string
  /** Hosts answered besides the public one, as in a `Host` header. */
  readonly allowedHosts: readonly string[]
  readonly jar: CookieJar
  /** What whole `Cookie` headers said that let somebody in: a browser sends the same one each time. */
  readonly heard: Genuine<Cookies>
  readonly trusted: Trusted
  readonly limits: Limits
  readonly connections: Connections
  readonly metrics: Metrics
  /** What is well here, and what is not: settings, database, disk. */
  readonly checkUp: () => Promise<readonly Finding[]>
  /** Who is signed in, and by which session, as JSON. */
  readonly signedText: (caller: Caller) => string
  /** `/api/v1` */
  readonly basePath: string
  /** The routes, as programs read them. */
  readonly description: () => object
  /** Told of every fault, with the request id that the client was given. */
  readonly onFault: (fault: Fault) => void
  /** Told when the instance got its owner. */
  readonly onClaimed: () => void
}

/** A broken world, as it is logged. */
export interface Fault {
  readonly error: unknown
  readonly requestId: string
  readonly method: string
  readonly path: string
}

/** What the guard reads of a request: the web's `Request`, or as much of it as a mount has at hand. */
export interface Head {
  readonly method: string
  readonly url: string
  readonly headers: { get(name: string): string | null }
}

/** A request as the pipeline reads it: the web's `Request`, or what a mount made of one without a body. */
export interface Incoming extends Head {
  readonly body?: ReadableStream<Uint8Array> | null
  /** Where it leads on its host, from a mount that knows without a URL made. */
  readonly target?: Target
}

/** As in a URL. */
export interface Target {
  readonly pathname: string
  /** With its `?`; empty where there is none. */
  readonly search: string
}

/** Where a request leads; `null` for what no URL can be made of. */
export const targetOf = ({ target, url }: Incoming): Target | null => target ?? URL.parse(url)

/** The client's address, worked out where a record needs it. */
export type Whence = () => string

/** What a mount knows of a connection. */
export interface From {
  /** The socket's peer. */
  readonly address?: string
  /** The port the connection came in on. */
  readonly port?: number | undefined
  /** Why no request could be made of what came; the one handed in only stands for it. */
  readonly unreadable?: 'malformed_request' | 'request_timeout' | 'headers_too_large'
}

/**
 * Whose host a request asks for: ours; another spelling of this machine, when the public origin is
 * a loopback one; or somebody else's.
 */
export function hostOf(
  request: Incoming,
  site: Site,
  from: From,
): 'ours' | 'respelled' | 'foreign' {
  const { publicHost } = site
  const written = request.headers.get('host')
  if (written === publicHost && authorityOf(request.url) === publicHost) return 'ours'
  const url = new URL(request.url)
  const named = written ?? url.host
  const hosts = new Set([named.toLowerCase(), url.host])
  const ours = new URL(site.origins.publicOrigin)
  const seen = [...hosts].map((host) => {
    if (host === ours.host || site.allowedHosts.includes(host)) return 'ours'
    return isLoopback(ours.hostname) && isLocal(host, [ours.port, String(from.port ?? '')])
      ? 'respelled'
      : 'foreign'
  })
  if (seen.includes('foreign')) return 'foreign'
  return seen.includes('respelled') ? 'respelled' : 'ours'
}

/** Where a URL leads, as it is written. */
function authorityOf(url: string): string {
  const start = url.indexOf('//') + 2
  const end = url.indexOf('/', start)
  return url.slice(start, end < 0 ? url.length : end)
}

function isLocal(host: string, ports: readonly string[]): boolean {
  const url = URL.parse(`http://${host}`)
  // A port that is left out is the protocol's own; `URL` spells that as the empty string.
  return url !== null && url.host === host && isLoopback(url.hostname) && ports.includes(url.port)
}

/** Whether a person's browser is going there, and nothing is changed by it. */
export function isNavigation(request: Incoming): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false
  const mode = request.headers.get('sec-fetch-mode')
  return mode ? mode === 'navigate' : (request.headers.get('accept') ?? '').includes('text/html')
}
