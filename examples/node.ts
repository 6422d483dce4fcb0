import { createServer } from 'node:http'
import { createSallyport } from 'sallyport'
import { mount } from 'sallyport/node'

const gate = await createSallyport({ publicOrigin: 'http://localhost:3000' })
const { routes, guard, upgrade, unparsed } = mount(gate)
const signedIn = guard()

createServer(async (request, response) => {
  if (routes(request, response)) return
  const caller = await signedIn(request, response)
  if (caller) response.end(`Hello ${caller.user.username}`)
})
  .on('upgrade', upgrade)
  .on('clientError', unparsed)
  .listen(3000)
console.log('Set-up token:', await gate.setupToken())
