/**
 * The mount for Express, and for whatever takes the same middleware.
 *
 * @example
 * ```ts
 * import express from 'express'
 * import { createSallyport } from 'sallyport'
 * import { mount } from 'sallyport/express'
 *
 * const gate = await createSallyport({ publicOrigin: 'http://localhost:3000' })
 * const { routes, guard, upgrade } = mount(gate)
 *
 * const app = express()
 * app.use(routes)
 * app.get('/orders', guard({ permission: 'users:read' }), (request, response) => {
 *   response.json({ for: request.caller.user.username })
 * })
 * app.listen(3000).on('upgrade', upgrade)
 * ```
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HostCaller } from '../host.ts'
import type { Sallyport } from '../sallyport.ts'
import { fromOf, headOf } from './head.ts'
import { type Asked, type Asks, isOurs, refuseOn, scopeOf, settle, upgrades } from './hosting.ts'
import { listener } from './listener.ts'

declare global {
  namespace Express {
    interface Request {
      /** Who calls. Set by a guard; a route without one has none. */
      caller: HostCaller
    }
  }
}

/** What a guard is handed: Express's request, as far as it is known here. */
export interface ExpressRequest extends IncomingMessage {
  caller: HostCaller
  originalUrl: string
  params: Readonly<Record<string, string | string[]>>
  body?: unknown
}

type Next = (error?: unknown) => void
type Middleware = (request: ExpressRequest, response: ServerResponse, next: Next) => void

/** Mounts the gate. */
export function mount(gate: Sallyport) {
  const serve = listener(gate.handlePlain)

  const routes: Middleware = (request, response, next) => {
    if (!isOurs(request.originalUrl, gate.basePath)) return next()
    // A router that it is mounted in has taken its part of the path away.
    request.url = request.originalUrl
    keepBody(request)
    serve(request, response)
  }

  const callerOf = (request: ExpressRequest): Asked => signedIn(headOf(request), fromOf(request))
  const signedIn = gate.guard()

  /** Lets in who may: `caller` on the request is who that is. Others are told why not. */
  function guard(asks: Asks<ExpressRequest> = {}): Middleware {
    const ask = gate.guard(asks)
    return (request, response, next) => {
      const found = ask(headOf(request), fromOf(request), scopeOf(asks, request))
      settle(
        found,
        (caller) => {
          if (!caller.ok) return refuseOn(response, caller.plain)
          request.caller = caller
          next()
        },
        next,
      )
    }
  }

  /** For a route that anyone may call: what may change something comes from this site. */
  const sameOrigin: Middleware = (request, response, next) =>
    settle(
      gate.foreign(headOf(request), fromOf(request)),
      (refused) => (refused ? refuseOn(response, refused.plain) : next()),
      next,
    )

  return { routes, guard, sameOrigin, callerOf, ...upgrades(gate) }
}

/** A body parser in front has read the stream: what it made of it is written down again. */
function keepBody(request: ExpressRequest & { rawBody?: Buffer }): void {
  const { body } = request
  if (!request.readableDidRead || body === undefined || request.rawBody) return
  const text = Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body)
  request.rawBody = Buffer.from(text as string)
}
