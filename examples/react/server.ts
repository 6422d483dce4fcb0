import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Fastify from 'fastify'
import { createSallyport } from 'sallyport'
import { mount } from 'sallyport/fastify'

const gate = await createSallyport({ publicOrigin: 'http://localhost:3000' })
const { routes, guard } = mount(gate)

const app = Fastify()
await app.register(routes)
app.get('/orders', { onRequest: guard() }, (request) => [
  `Apples, for ${request.caller.user.username}`,
])

// What `npx vite build` made of the page.
const built = join(import.meta.dirname, 'dist')
const page = readFileSync(join(built, 'index.html'))
app.get('/', (_, reply) => reply.headers(gate.headers.page).type('text/html').send(page))
for (const name of readdirSync(join(built, 'assets'))) {
  const script = readFileSync(join(built, 'assets', name))
  app.get(`/assets/${name}`, (_, reply) =>
    reply.headers(gate.headers.asset).type('text/javascript').send(script),
  )
}
await app.listen({ port: 3000 })
console.log('Set-up token:', await gate.setupToken())
