/**
 * An application in a framework, with our guard in front of its one route or without: what a session
 * check costs a host. No log.
 *
 * @module
 */
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { serve } from '@hono/node-server'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { createSallyport, type Sallyport } from '../src/index.ts'
import { mount as mountExpress } from '../src/mounts/express.ts'
import { mount as mountFastify } from '../src/mounts/fastify.ts'
import { mount as mountHono } from '../src/mounts/hono.ts'
import { mount as mountNode } from '../src/mounts/node.ts'

const [framework = '', port = '', publicOrigin = '', folder = ''] = process.argv.slice(2)
const at = { port: Number(port), host: '127.0.0.1' }

/** What everybody answers; the bare ones to anybody. */
const answer = (username: string) => ({ username })

const applications: Readonly<Record<string, (gate: Sallyport | undefined) => unknown>> = {
  node(gate) {
    const guard = gate && mountNode(gate).guard()
    return createServer(async (request, response) => {
      const caller = await guard?.(request, response)
      if (guard && !caller) return
      if (request.method === 'POST') await json(request)
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify(answer(caller ? caller.user.username : 'ada')))
    }).listen(at)
  },
  fastify(gate) {
    const app = Fastify()
    if (!gate) {
      app.get('/mine', () => Promise.resolve(answer('ada')))
      app.post('/mine', () => Promise.resolve(answer('ada')))
      return app.listen(at)
    }
    const { routes, guard } = mountFastify(gate)
    const guarded = { onRequest: guard() }
    return app.register(routes).then(() => {
      app.get('/mine', guarded, ({ caller }) => Promise.resolve(answer(caller.user.username)))
      app.post('/mine', guarded, ({ caller }) => Promise.resolve(answer(caller.user.username)))
      return app.listen(at)
    })
  },
  express(gate) {
    const app = express()
    if (!gate) {
      app.use(express.json())
      app.all('/mine', (_, response) => void response.json(answer('ada')))
      return app.listen(at.port, at.host)
    }
    const { routes, guard } = mountExpress(gate)
    app.use(routes)
    app.use(express.json())
    app.all('/mine', guard(), ({ caller }, response) => {
      response.json(answer(caller.user.username))
    })
    return app.listen(at.port, at.host)
  },
  hono(gate) {
    const app = new Hono()
    if (gate) {
      const { path, routes, guard } = mountHono(gate)
      app.all(path, routes)
      app.get('/mine', guard(), (context) => context.json(answer(context.var.caller.user.username)))
      app.post('/mine', guard(), async (context) => {
        await context.req.json()
        return context.json(answer(context.var.caller.user.username))
      })
    } else {
      app.get('/mine', (context) => context.json(answer('ada')))
      app.post('/mine', async (context) => {
        await context.req.json()
        return context.json(answer('ada'))
      })
    }
    return serve({ fetch: app.fetch, port: at.port, hostname: at.host })
  },
}

const gate = folder
  ? await createSallyport({ publicOrigin, database: `sqlite:${folder}/sallyport.db` })
  : undefined
await applications[framework]?.(gate)
process.stdout.write('Listening\n')
