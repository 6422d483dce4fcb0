/**
 * The mount for plain Node.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 * import { createSallyport } from 'sallyport'
 * import { mount } from 'sallyport/node'
 *
 * const gate = await createSallyport({ publicOrigin: 'http://localhost:3000' })
 * const { routes, guard, upgrade, unparsed } = mount(gate)
 * const signedIn = guard()
 *
 * createServer(async (request, response) => {
 *   if (routes(request, response)) return
 *   const caller = await signedIn(request, response)
 *   if (caller) response.end(`Hello ${caller.user.username}`)
 * })
 *   .on('upgrade', upgrade)
 *   .on('clientError', unparsed)
 *   .listen(3000)
 * ```
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HostCaller } from '../host.ts'
import type { Sallyport } from '../sallyport.ts'
import { fromOf, headOf } from './head.ts'
import { type Asked, type Asks, isOurs, refuseOn, scopeOf, upgrades } from './hosting.ts'
import { listener, unparsed } from './listener.ts'

export { type Answering, listener, unparsed } from './listener.ts'

/** Lets a request through, or has answered it. */
type Gate<Through> = (
  request: IncomingMessage,
  response: ServerResponse,
) => Through | Promise<Through>

/** Mounts the gate. */
export function mount(gate: Sallyport) {
  const serve = listener(gate.handlePlain)

  /** Answers what is the gate's. @returns Whether it was. */
  const routes = (request: IncomingMessage, response: ServerResponse): boolean => {
    const ours = isOurs(request.url ?? '', gate.basePath)
    if (ours) serve(request, response)
    return ours
  }

  const signedIn = gate.guard()
  const callerOf = (request: IncomingMessage): Asked => signedIn(headOf(request), fromOf(request))

  /** Lets in who may, and answers who that is. Others are told why not, and nobody is answered. */
  function guard(asks: Asks<IncomingMessage> = {}): Gate<HostCaller | undefined> {
    const ask = gate.guard(asks)
    return (request, response) => {
      const then = (caller: Awaited<Asked>) => {
        if (caller.ok) return caller
        refuseOn(response, caller.plain)
        return undefined
      }
      const found = ask(headOf(request), fromOf(request), scopeOf(asks, request))
      return found instanceof Promise ? found.then(then) : then(found)
    }
  }

  /** For a route that anyone may call: whether what may change something comes from this site. */
  const sameOrigin: Gate<boolean> = async (request, response) => {
    const refused = await gate.foreign(headOf(request), fromOf(request))
    if (refused) refuseOn(response, refused.plain)
    return !refused
  }

  return {
    routes,
    guard,
    sameOrigin,
    callerOf,
    /** A listener for `clientError`. */
    unparsed: unparsed(gate.handlePlain),
    ...upgrades(gate),
  }
}
