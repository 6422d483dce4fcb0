import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createSallyport } from 'sallyport'
import { mount } from 'sallyport/hono'

const gate = await createSallyport({ publicOrigin: 'http://localhost:3000' })
const { path, routes, guard, upgrade } = mount(gate)

const app = new Hono()
app.all(path, routes)
app.get('/orders', guard({ permission: 'users:read' }), (context) =>
  context.json({ for: context.var.caller.user.username }),
)
serve({ fetch: app.fetch, port: 3000 }).on('upgrade', upgrade)
console.log('Set-up token:', await gate.setupToken())
