/**
 * The mount for Fastify: a plugin, and guards for its hooks.
 *
 * @example
 * ```ts
 * import Fastify from 'fastify'
 * import { createSallyport } from 'sallyport'
 * import { mount } from 'sallyport/fastify'
 *
 * const gate = await createSallyport({ publicOrigin: 'http://localhost:3000' })
 * const { routes, guard } = mount(gate)
 *
 * const app = Fastify()
 * await app.register(routes)
 * app.get('/orders', { onRequest: guard({ permission: 'users:read' }) }, (request) => ({
 *   for: request.caller.user.username,
 * }))
 * await app.listen({ port: 3000 })
 * ```
 *
 * @module
 */
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  HookHandlerDoneFunction,
} from 'fastify'
import type { HostCaller, HostKeyCaller, HostRefusal } from '../host.ts'
import type { Sallyport } from '../sallyport.ts'
import { fromOf, headOf } from './head.ts'
import { type Asked, type Asks, scopeOf, settle, upgrades } from './hosting.ts'
import { listener } from './listener.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls. Set by a guard; a route without one has none. */
    caller: HostCaller
  }
}

type Hook = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => void

/** Mounts the gate. */
export function mount(gate: Sallyport) {
  const serve = listener(gate.handlePlain)
  const { upgrade, close } = upgrades(gate)

  /** A plugin: everything under the base path, and sockets. */
  const routes = async (app: FastifyInstance): Promise<void> => {
    // Typed for the routes behind a guard; until then there is none.
    app.decorateRequest('caller', null as unknown as HostKeyCaller & { ok: true })
    app.server.on('upgrade', upgrade)
    app.addHook('preClose', close)
    await app.register((own, _options, done) => {
      // Before any parser: the gate reads bodies itself.
      own.addHook('onRequest', (request, reply, _done) => {
        reply.hijack()
        serve(request.raw, reply.raw)
      })
      own.all(`${gate.basePath}/*`, () => undefined)
      done()
    })
  }
  // What it decorates is for the routes beside it, as fastify-plugin has it.
  Object.assign(routes, { [Symbol.for('skip-override')]: true })

  const signedIn = gate.guard()
  const callerOf = ({ raw }: FastifyRequest): Asked => signedIn(headOf(raw), fromOf(raw))

  /** A hook, best `onRequest`. Lets in who may: `request.caller` is who that is. Others are told why not. */
  function guard(asks: Asks<FastifyRequest> = {}): Hook {
    const ask = gate.guard(asks)
    return (request, reply, done) => {
      const { raw } = request
      const found = ask(headOf(raw), fromOf(raw), scopeOf(asks, request))
      settle(
        found,
        (caller) => {
          if (!caller.ok) return refuse(reply, caller)
          request.caller = caller
          done()
        },
        failing(done),
      )
    }
  }

  /** For a route that anyone may call: what may change something comes from this site. */
  const sameOrigin: Hook = ({ raw }, reply, done) =>
    settle(
      gate.foreign(headOf(raw), fromOf(raw)),
      (refused) => (refused ? refuse(reply, refused) : done()),
      failing(done),
    )

  return { routes, guard, sameOrigin, callerOf }
}

const failing = (done: HookHandlerDoneFunction) => (error: unknown) => done(error as Error)

/** By the framework, so that its hooks see the answer too. */
function refuse(reply: FastifyReply, { plain: { status, headers, body } }: HostRefusal): void {
  // As bytes: to a text it would add a charset, which JSON does not have.
  reply
    .code(status)
    .headers(headers)
    .send(typeof body === 'string' ? Buffer.from(body) : undefined)
}
