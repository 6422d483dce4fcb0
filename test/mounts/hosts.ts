/**
 * One small application in four frameworks: the same routes behind the same guards, so that one suite
 * can be run through all of them.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { serve } from '@hono/node-server'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { onTestFinished } from 'vitest'
import type { HostCaller, Sallyport } from '../../src/index.ts'
import { mount as mountExpress } from '../../src/mounts/express.ts'
import { mount as mountFastify } from '../../src/mounts/fastify.ts'
import { mount as mountHono } from '../../src/mounts/hono.ts'
import { mount as mountNode } from '../../src/mounts/node.ts'

export interface Host {
  readonly port: number
  readonly server: Pick<Server, 'on'>
  /** Ends sockets and streams, as far as the framework leaves that to its user. */
  close(): Promise<void>
}

/** What a route of the application answers. */
const told = ({ user, session, key, permissions }: HostCaller) => ({
  username: user.username,
  by: session ? 'session' : key?.name,
  permissions,
})

const needs = {
  '/mine': {},
  '/members': { role: 'member' },
  '/admins': { role: 'admin' },
  '/people': { permission: 'users:read' },
  '/danger': { recent: true },
} as const

const whoIs = (found: Awaited<ReturnType<ReturnType<Sallyport['guard']>>>) =>
  found.ok ? found.user.username : 'nobody'

const chunks = ['one ', 'two ', 'three']

async function listeningOn(server: Server): Promise<number> {
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function node(gate: Sallyport): Promise<Host> {
  const { routes, guard, sameOrigin, callerOf, upgrade, unparsed, close } = mountNode(gate)
  const json = (response: ServerResponse, value: unknown) => {
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(value))
  }
  const guards = new Map(Object.entries(needs).map(([path, need]) => [path, guard(need)]))
  const sales = guard({
    permission: 'users:read',
    scope: ({ url }: IncomingMessage) => `department:${url?.split('/')[2]}`,
  })
  const app = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (routes(request, response)) return
    const path = request.url ?? ''
    if (path === '/who') return json(response, whoIs(await callerOf(request)))
    if (path === '/newsletter') {
      if (await sameOrigin(request, response)) json(response, 'subscribed')
      return
    }
    const asked = path.startsWith('/sales/')
      ? sales
      : guards.get(['/broken', '/stream'].includes(path) ? '/mine' : path)
    if (!asked) return void response.writeHead(404).end('no such page')
    const caller = await asked(request, response)
    if (!caller) return
    if (path === '/broken') throw new Error('the application stumbles')
    if (path === '/stream') return void Readable.from(chunks).pipe(response)
    const sent = request.method === 'POST' ? JSON.parse((await text(request)) || 'null') : null
    json(response, { ...told(caller), sent })
  }
  const server = createServer((request, response) => {
    app(request, response).catch(() => response.writeHead(500).end('broken'))
  })
  server.on('upgrade', upgrade).on('clientError', unparsed).listen(0, '127.0.0.1')
  return { port: await listeningOn(server), server, close }
}

async function fastify(gate: Sallyport): Promise<Host> {
  const { routes, guard, sameOrigin, callerOf } = mountFastify(gate)
  const app = Fastify()
  await app.register(routes)
  for (const [url, need] of Object.entries(needs))
    app.route({
      method: ['GET', 'POST'],
      url,
      onRequest: guard(need),
      handler: async ({ caller, body }) => ({ ...told(caller), sent: body ?? null }),
    })
  app.get<{ Params: { department: string } }>(
    '/sales/:department',
    {
      onRequest: guard({
        permission: 'users:read',
        scope: ({ params }) => `department:${(params as { department: string }).department}`,
      }),
    },
    async ({ caller }) => told(caller),
  )
  app.post('/newsletter', { onRequest: sameOrigin }, async () => JSON.stringify('subscribed'))
  app.get('/who', async (request, reply) => {
    reply.type('application/json').send(JSON.stringify(whoIs(await callerOf(request))))
    return reply
  })
  app.get('/broken', { onRequest: guard() }, async () => {
    throw new Error('the application stumbles')
  })
  app.get('/stream', { onRequest: guard() }, (_, reply) => reply.send(Readable.from(chunks)))
  await app.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => {
    app.server.closeAllConnections()
    return app.close()
  })
  const { port } = app.server.address() as AddressInfo
  return { port, server: app.server, close: () => app.close() }
}

async function expressHost(gate: Sallyport, parserFirst = false): Promise<Host> {
  const { routes, guard, sameOrigin, callerOf, upgrade, close } = mountExpress(gate)
  const app = express()
  if (parserFirst) app.use(express.json())
  app.use(routes)
  app.use(express.json())
  for (const [path, need] of Object.entries(needs))
    app.all(path, guard(need), ({ caller, body }, response) => {
      response.json({ ...told(caller), sent: body ?? null })
    })
  app.get(
    '/sales/:department',
    guard({ permission: 'users:read', scope: ({ params }) => `department:${params.department}` }),
    ({ caller }, response) => void response.json(told(caller)),
  )
  app.post('/newsletter', sameOrigin, (_, response) => void response.json('subscribed'))
  app.get('/who', async (request, response) => {
    response.json(whoIs(await callerOf(request)))
  })
  app.get('/broken', guard(), () => {
    throw new Error('the application stumbles')
  })
  app.get('/stream', guard(), (_, response) => void Readable.from(chunks).pipe(response))
  app.use(((_error, _request, response, _next) => {
    response.status(500).send('broken')
  }) satisfies express.ErrorRequestHandler)
  const server = app.listen(0, '127.0.0.1').on('upgrade', upgrade)
  return { port: await listeningOn(server), server, close }
}

async function hono(gate: Sallyport): Promise<Host> {
  const { path, routes, guard, sameOrigin, callerOf, upgrade, close } = mountHono(gate)
  const app = new Hono()
  app.all(path, routes)
  for (const [at, need] of Object.entries(needs))
    app.on(['GET', 'POST'], at, guard(need), async ({ var: { caller }, req, json }) => {
      const sent = req.method === 'POST' ? JSON.parse((await req.text()) || 'null') : null
      return json({ ...told(caller), sent })
    })
  app.get(
    '/sales/:department',
    guard({
      permission: 'users:read',
      scope: ({ req }) => `department:${req.param('department')}`,
    }),
    ({ var: { caller }, json }) => json(told(caller)),
  )
  app.post('/newsletter', sameOrigin, ({ json }) => json('subscribed'))
  app.get('/who', async (context) => context.json(whoIs(await callerOf(context))))
  app.get('/broken', guard(), () => {
    throw new Error('the application stumbles')
  })
  app.get(
    '/stream',
    guard(),
    () => new Response(Readable.toWeb(Readable.from(chunks.map(encoded))) as ReadableStream),
  )
  app.onError((_, { text }) => text('broken', 500))
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server
  server.on('upgrade', upgrade)
  return { port: await listeningOn(server), server, close }
}

const encoded = (chunk: string) => new TextEncoder().encode(chunk)

/** Every mount, and Express once more with the body parser in front of the gate. */
export const hosts: Readonly<Record<string, (gate: Sallyport) => Promise<Host>>> = {
  node,
  fastify,
  express: (gate) => expressHost(gate),
  'express, bodies parsed before': (gate) => expressHost(gate, true),
  hono,
}
