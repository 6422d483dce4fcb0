/**
 * Hosting: what the mounts have in common.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { HostCaller, HostRefusal } from '../host.ts'
import type { Need } from '../http/host-guard.ts'
import type { Plain } from '../http/plain.ts'
import type { Sallyport } from '../sallyport.ts'
import { type Sockets, sockets } from './sockets.ts'

/** What a route of the host's asks. */
export interface Asks<Request> extends Need {
  /** Where a role that is held there gives the permission too, as in `department:sales`. */
  readonly scope?: string | ((request: Request) => string)
}

/** Who calls, or why nobody is let in; at once where the gate remembers it. */
export type Asked = HostCaller | HostRefusal | Promise<HostCaller | HostRefusal>

export const scopeOf = <Request>({ scope }: Asks<Request>, request: Request): string | undefined =>
  typeof scope === 'function' ? scope(request) : scope

/** What is done with the answer of a guard, now or once it is known. */
export function settle<T>(
  found: T | Promise<T>,
  then: (found: T) => void,
  failed: (error: unknown) => void,
) {
  if (found instanceof Promise) found.then(then).catch(failed)
  else then(found)
}

/** Whether a path is the gate's to answer. */
export const isOurs = (url: string, basePath: string): boolean =>
  url.startsWith(basePath) && url[basePath.length] === '/'

/** Answers with a refusal. */
export function refuseOn(response: ServerResponse, { status, headers, body }: Plain): void {
  response.writeHead(status, headers)
  response.end(typeof body === 'string' ? body : undefined)
}

/** The gate's sockets on a server that may have others. */
export function upgrades(gate: Sallyport) {
  let live: Sockets | undefined
  return {
    /** A listener for `upgrade`: takes the gate's own, and what nobody else listens for. */
    upgrade(this: unknown, request: IncomingMessage, socket: Duplex, head: Buffer): void {
      const server = (
        request.socket as Socket & { server?: { listenerCount(name: string): number } }
      ).server
      const alone = (server?.listenerCount('upgrade') ?? 1) < 2
      const path = request.url?.split('?')[0]
      if (!alone && path !== `${gate.basePath}/ws`) return
      live ??= sockets(gate)
      live.upgrade(request, socket, head)
    },
    /** Ends sockets and event streams, before the server is closed. The gate stays open. */
    async close(): Promise<void> {
      if (live) await live.close()
      else gate.goAway()
    },
  }
}
