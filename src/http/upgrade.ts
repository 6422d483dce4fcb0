/**
 * Upgrades: whether a request to become a socket is let in. It is refused as any other request is, in
 * plain HTTP. Cookies count for nothing here: a page of any site can open a socket with them.
 *
 * @see RFC 6455 4.2.1, 10.2; CWE-1385
 * @module
 */
import { recordCsrf } from '../flows/record.ts'
import { redeemTicket } from '../flows/tickets.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { addressOf, bucketOf } from './address.ts'
import { toOurHost } from './handler.ts'
import type { Live } from './live.ts'
import type { Answer } from './route.ts'
import type { From, Site } from './site.ts'

/** The protocol of the server's own sockets. */
export const protocol = 'sallyport'

/** Below the base path. */
const path = '/ws'

/** Lets a socket in, or says why not. */
export async function admitSocket(
  request: Request,
  site: Site,
  from: From,
): Promise<Live | Refusal | Answer> {
  if (from.unreadable) return refuse(from.unreadable)
  const { headers } = request
  const forwardedFor = headers.get('x-forwarded-for')
  const address = addressOf({ peer: from.address ?? '', forwardedFor }, site.trusted)
  const bucket = bucketOf(address)
  const flood = site.limits.take('floor', bucket)
  const misled = toOurHost(request, site, from)
  if (misled) return misled
  if (new URL(request.url).pathname !== site.basePath + path) return refuse('not_found')
  if (request.method !== 'GET') return refuse('method_not_allowed', { allow: ['GET'] })
  if (!isHandshake(headers)) return refuse('malformed_request', { why: 'handshake' })
  const live = flood ?? (await admitted(site, headers, address))
  // Whoever guesses counts as anybody who is not signed in.
  const guessed = !live.ok && live.code === 'not_authenticated'
  return (guessed ? site.limits.take('anonymous', bucket) : undefined) ?? live
}

async function admitted(site: Site, headers: Headers, address: string): Promise<Live | Refusal> {
  const offered = (headers.get('sec-websocket-protocol') ?? '').split(',').map((one) => one.trim())
  const tickets = offered.filter((one) => one.startsWith('ticket.'))
  if (tickets.length > 1 || offered.filter((one) => one === protocol).length > 1)
    return refuse('malformed_request', { why: 'more than one ticket' })
  const [ticket = ''] = tickets
  return admit(site, ticket.slice('ticket.'.length), headers.get('origin') ?? '', address)
}

/**
 * Lets in a ticket from a page of `origin`.
 *
 * @returns `csrf_rejected` for an origin that is not listed, which uses no ticket up; `forbidden` for
 *   another than the ticket's; `not_authenticated`; `rate_limited`.
 */
export async function admit(
  site: Site,
  ticket: string,
  origin: string,
  address: string,
): Promise<Live | Refusal> {
  if (!isListed(site, origin)) {
    await recordCsrf(site.world, 'origin of a socket', address)
    return refuse('csrf_rejected', { why: 'origin of a socket' })
  }
  const redeemed = await redeemTicket(site.world, ticket, origin, address)
  return redeemed.ok ? site.connections.lives.follow(redeemed.session) : redeemed
}

/** Whether pages of an origin may open sockets. */
export const isListed = ({ origins }: Site, origin: string): boolean =>
  origin === origins.publicOrigin || origins.allowed.includes(origin)

/** Whether it is a handshake that can be answered: another version, or a bent key, cannot. */
const isHandshake = (headers: Headers): boolean =>
  headers.get('upgrade')?.toLowerCase() === 'websocket' &&
  headers.get('sec-websocket-version') === '13' &&
  /^[A-Za-z0-9+/]{22}==$/.test(headers.get('sec-websocket-key') ?? '')
