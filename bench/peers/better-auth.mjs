/**
 * better-auth, e-mail and password, on SQLite: behind its own handler, or asked by its API in a route of
 * Fastify, with and without its cookie cache. `node better-auth.mjs handler|api|cached <port> <folder>`.
 *
 * @module
 */
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { fromNodeHeaders, toNodeHandler } from 'better-auth/node'

const [kind, port, folder] = process.argv.slice(2)
const file = new DatabaseSync(`${folder}/better-auth-${kind}.db`)
// As their documentation asks for SQLite, and we too: a crash loses nothing that was answered.
file.exec('pragma journal_mode = wal; pragma synchronous = full')

const options = {
  database: file,
  secret: 'a secret of the measurement, 32 bytes long or more',
  baseURL: `http://localhost:${port}`,
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  // Longer than all of the rounds, so that the cache is met each time.
  ...(kind === 'cached' ? { session: { cookieCache: { enabled: true, maxAge: 3_600 } } } : {}),
}
const { runMigrations } = await getMigrations(options)
await runMigrations()
const auth = betterAuth(options)
const handle = toNodeHandler(auth)

if (kind === 'handler') {
  createServer(handle).listen(Number(port), '127.0.0.1', listening)
} else {
  const { default: Fastify } = await import('fastify')
  const app = Fastify()
  // Its handler reads the body itself.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.all('/api/auth/*', (request, reply) => {
    reply.hijack()
    return handle(request.raw, reply.raw)
  })
  app.get('/mine', async (request, reply) => {
    const session = await auth.api.getSession({ headers: fromNodeHeaders(request.headers) })
    if (!session) return reply.code(401).send()
    return { username: session.user.name }
  })
  await app.listen({ port: Number(port), host: '127.0.0.1' })
  listening()
}

function listening() {
  process.stdout.write('Listening\n')
}
