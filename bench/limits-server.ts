/**
 * What nobody can be better than who finds sessions in memory: a digest of the cookie, looked up in a map.
 * `limits-server.ts node|fastify <port>`; the session is in the cookie `session`.
 *
 * @module
 */
import { hash } from 'node:crypto'
import { createServer } from 'node:http'
import Fastify from 'fastify'

const [framework, port = ''] = process.argv.slice(2)
const at = { port: Number(port), host: '127.0.0.1' }
const session = 'a session that is as long as those of others are'
const sessions = new Map(Array.from({ length: 10_000 }, (_, n) => [String(n), { username: '' }]))
sessions.set(hash('sha256', session, 'base64'), { username: 'ada' })

function callerOf(cookie = ''): { readonly username: string } | undefined {
  const from = cookie.indexOf('session=')
  return from < 0 ? undefined : sessions.get(hash('sha256', cookie.slice(from + 8), 'base64'))
}

if (framework === 'node')
  createServer(({ headers }, response) => {
    const caller = callerOf(headers.cookie)
    response.setHeader('Content-Type', 'application/json')
    if (!caller) response.statusCode = 401
    response.end(JSON.stringify(caller ?? {}))
  }).listen(at, listening)
else {
  const app = Fastify()
  app.get('/mine', async ({ headers }, reply) => callerOf(headers.cookie) ?? reply.code(401).send())
  await app.listen(at)
  listening()
}

function listening(): void {
  process.stdout.write('Listening\n')
}
