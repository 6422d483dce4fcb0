import express from 'express'
import { createSallyport } from 'sallyport'
import { mount } from 'sallyport/express'

const gate = await createSallyport({ publicOrigin: 'http://localhost:3000' })
const { routes, guard, upgrade } = mount(gate)

const app = express()
app.use(routes)
app.use(express.json())
app.get('/orders', guard({ permission: 'users:read' }), (request, response) => {
  response.json({ for: request.caller.user.username })
})
app.listen(3000).on('upgrade', upgrade)
console.log('Set-up token:', await gate.setupToken())
