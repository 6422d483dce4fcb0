import Fastify from 'fastify'
import { createSallyport } from 'sallyport'
import { mount } from 'sallyport/fastify'

const gate = await createSallyport({ publicOrigin: 'http://localhost:3000' })
const { routes, guard } = mount(gate)

const app = Fastify()
await app.register(routes)
app.get('/orders', { onRequest: guard({ permission: 'users:read' }) }, (request) => ({
  for: request.caller.user.username,
}))
await app.listen({ port: 3000 })
console.log('Set-up token:', await gate.setupToken())
