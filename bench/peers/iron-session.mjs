/**
 * iron-session on `node:http`: the session is an encrypted cookie. `node iron-session.mjs - <port>`.
 *
 * @module
 */
import { createServer } from 'node:http'
import { getIronSession } from 'iron-session'

const [, port] = process.argv.slice(2)
const password = 'a secret of the measurement, 32 bytes long or more'
const options = { password, cookieName: 'session', cookieOptions: { secure: false } }

const server = createServer(async (request, response) => {
  const session = await getIronSession(request, response, options)
  if (request.url === '/sign-in') {
    session.username = 'ada'
    await session.save()
  }
  response.setHeader('Content-Type', 'application/json')
  if (!session.username) response.statusCode = 401
  response.end(JSON.stringify({ username: session.username }))
})
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('Listening\n'))
