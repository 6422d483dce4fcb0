/**
 * Sallyport as a host mounts it: `node:http`, our listener, nothing else. No log, no dashboard.
 *
 * @module
 */
import { createServer } from 'node:http'
import { createSallyport } from '../src/index.ts'
import { listener } from '../src/mounts/node.ts'

const [port = '', publicOrigin = '', folder = ''] = process.argv.slice(2)
const gate = await createSallyport({
  publicOrigin,
  database: `sqlite:${folder}/sallyport.db`,
  limits: { floor: 0, anonymous: 0, signedIn: 0 },
})
const server = createServer(listener(gate.handlePlain))
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('Listening\n'))
