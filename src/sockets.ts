/**
 * Sockets of a gate: what a host and a mount are given for connections that outlast a request.
 *
 * @module
 */
import { addressOf } from './http/address.ts'
import { apiHeaders } from './http/headers.ts'
import type { Live } from './http/live.ts'
import { type Plain, plainOf, responseFrom } from './http/plain.ts'
import { requestIds } from './http/request-id.ts'
import type { From, Site } from './http/site.ts'
import { type Connection, connect, type Outlet } from './http/socket.ts'
import { admit, admitSocket, protocol } from './http/upgrade.ts'
import { callerView } from './http/view.ts'
import { Unavailable } from './ports.ts'
import { type Refusal, type RefusalCode, refuse } from './rules/refusal.ts'
import type { Signed } from './wire.ts'

/** A socket of the host's own that was let in. */
export interface Admitted {
  readonly ok: true
  /** Who it is, as things stand whenever it is asked. */
  readonly caller: Signed
  /** Aborted when the session is over or the gate closes; its `reason` is `{ code, reason }`. */
  readonly ended: AbortSignal
  /** To be called once, when the socket has closed. */
  leave(): void
}

/** Whether a request becomes a socket of the server. */
export type Upgrade =
  | {
      readonly ok: true
      /** What is answered in `Sec-WebSocket-Protocol`. */
      readonly protocol: string
      /** To be called once: with the socket, once it is open; */
      connect(outlet: Outlet): Connection
      /** or when it never was. */
      abandon(): void
    }
  | { readonly ok: false; readonly plain: Plain }

export interface SocketGate {
  /** How often a socket is to be asked whether anybody is there, in milliseconds. */
  readonly ping: number
  /**
   * Lets a socket of the host's own in, by a ticket, which it uses up.
   *
   * @param origin The `Origin` header of the handshake. Without a listed one nobody is let in.
   */
  admit(
    ticket: string,
    origin: string | null | undefined,
    from?: From,
  ): Promise<Admitted | NotAdmitted>
  /** For mounts: decides over a request to become a socket of the server. Never throws. */
  upgrade(request: Request, from: From): Promise<Upgrade>
  /** Says something on a channel of the host's own, to the sockets of this node. */
  publish(channel: string, type: string, payload: Readonly<Record<string, unknown>>): void
  /** Ends every socket and stream, as a server does that goes away. */
  goAway(): void
}

export interface NotAdmitted {
  readonly ok: false
  readonly code: RefusalCode
  readonly response: Response
}

export function socketsOf(site: Site): SocketGate {
  const { world } = site
  const headers = apiHeaders(new URL(world.publicOrigin))
  const newRequestId = requestIds(world.random)

  function admitted(live: Live): Admitted {
    let absent: (() => void) | undefined = site.connections.presence.enter(live.caller().user.id)
    const gone = () => {
      absent?.()
      absent = undefined
    }
    live.ended.addEventListener('abort', gone)
    return {
      ok: true,
      get caller() {
        return callerView(world, live.caller()) as Signed
      },
      ended: live.ended,
      leave() {
        gone()
        live.leave()
      },
    }
  }

  return {
    ping: world.policy.socket.ping,

    async admit(ticket, origin, from = {}) {
      const address = addressOf({ peer: from.address ?? '', forwardedFor: null }, site.trusted)
      const live = await admit(site, ticket, origin ?? '', address).catch(unlessAway)
      if (!live.ok) {
        const response = responseFrom(plainOf(live, { method: 'GET' }, newRequestId(), headers))
        return { ok: false, code: live.code, response }
      }
      return admitted(live)
    },

    async upgrade(request, from) {
      const id = newRequestId()
      try {
        const live = await admitSocket(request, site, from).catch(unlessAway)
        if (!('caller' in live)) return { ok: false, plain: plainOf(live, request, id, headers) }
        return {
          ok: true,
          protocol,
          connect: (outlet) => connect(site, live, outlet),
          abandon: () => live.leave(),
        }
      } catch (error) {
        const path = URL.parse(request.url)?.pathname ?? ''
        site.onFault({ error, requestId: id, method: request.method, path })
        return { ok: false, plain: plainOf({ ok: false, code: 'internal' }, request, id, headers) }
      }
    },

    publish: (channel, type, payload) => site.connections.channels.publish(channel, type, payload),

    goAway: () => site.connections.lives.goAway(),
  }
}

/** The database being away is an answer, and the answer is no. */
function unlessAway(error: unknown): Refusal {
  if (error instanceof Unavailable) return refuse('unavailable')
  throw error
}
