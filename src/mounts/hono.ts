/**
 * The mount for Hono on Node.
 *
 * @example
 * ```ts
 * import { serve } from '@hono/node-server'
 * import { Hono } from 'hono'
 * import { createSallyport } from 'sallyport'
 * import { mount } from 'sallyport/hono'
 *
 * const gate = await createSallyport({ publicOrigin: 'http://localhost:3000' })
 * const { path, routes, guard, upgrade } = mount(gate)
 *
 * const app = new Hono()
 * app.all(path, routes)
 * app.get('/orders', guard({ permission: 'users:read' }), (context) =>
 *   context.json({ for: context.var.caller.user.username }),
 * )
 * serve({ fetch: app.fetch, port: 3000 }).on('upgrade', upgrade)
 * ```
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { Context, Handler, MiddlewareHandler } from 'hono'
import type { HostCaller } from '../host.ts'
import type { From, Head } from '../http/site.ts'
import type { Sallyport } from '../sallyport.ts'
import { fromOf, headOf } from './head.ts'
import { type Asked, type Asks, scopeOf, upgrades } from './hosting.ts'
import { respelled } from './listener.ts'

/** What a guard leaves in the context: `context.var.caller`. */
export interface Guarded {
  Variables: { caller: HostCaller }
}

/** Mounts the gate. */
export function mount(gate: Sallyport) {
  const routes: Handler = ({ req, env }) => {
    const incoming = incomingOf(env)
    const from: From = respelled.test(incoming?.url ?? '')
      ? { unreadable: 'malformed_request' }
      : { ...whence(incoming), port: incoming?.socket.localPort }
    return gate.handle(req.raw, from)
  }

  const signedIn = gate.guard()
  const callerOf = (context: Context): Asked => signedIn(...seen(context))

  /** Lets in who may: `context.var.caller` is who that is. Others are told why not. */
  function guard(asks: Asks<Context> = {}): MiddlewareHandler<Guarded> {
    const ask = gate.guard(asks)
    return (context, next) => {
      const then = async (caller: Awaited<Asked>) => {
        if (!caller.ok) return caller.response
        context.set('caller', caller)
        return next()
      }
      const found = ask(...seen(context), scopeOf(asks, context))
      return found instanceof Promise ? found.then(then) : then(found)
    }
  }

  /** For a route that anyone may call: what may change something comes from this site. */
  const sameOrigin: MiddlewareHandler = async (context, next) => {
    const refused = await gate.foreign(...seen(context))
    return refused ? refused.response : next()
  }

  return { path: `${gate.basePath}/*`, routes, guard, sameOrigin, callerOf, ...upgrades(gate) }
}

/** Node's request, where Hono is served by `@hono/node-server`. */
const incomingOf = (env: unknown): IncomingMessage | undefined =>
  (env as { incoming?: IncomingMessage } | undefined)?.incoming

const whence = (incoming: IncomingMessage | undefined): From => (incoming ? fromOf(incoming) : {})

function seen({ req, env }: Context): [Head, From] {
  const incoming = incomingOf(env)
  return [incoming ? headOf(incoming) : req.raw, whence(incoming)]
}
