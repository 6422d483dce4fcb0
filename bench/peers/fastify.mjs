/**
 * Sessions and tokens in Fastify. `node fastify.mjs <kind> <port> <folder>`; `GET /sign-in` opens the
 * session or answers the token, `GET /mine` tells whose it is.
 *
 * @module
 */
import { createSecretKey } from 'node:crypto'
import Fastify from 'fastify'

const [kind, port, folder] = process.argv.slice(2)
const app = Fastify()
const secret = 'a secret of the measurement, 32 bytes long or more'
const claims = { sub: '1', username: 'ada' }

const kinds = {
  async 'secure-session'() {
    const { default: secureSession } = await import('@fastify/secure-session')
    const key = Buffer.from(secret).subarray(0, 32)
    await app.register(secureSession, { key, cookie: { path: '/', httpOnly: true } })
    app.get('/sign-in', async (request) => {
      request.session.set('username', 'ada')
      return {}
    })
    answer((request) => request.session.get('username'))
  },
  memory: () => sessions({}),
  async sqlite() {
    const { sqliteSessions } = await import('./sqlite-sessions.mjs')
    await sessions({ store: sqliteSessions(`${folder}/fastify-session.db`) })
  },
  'fast-jwt': () => fastJwt({}),
  'fast-jwt-cached': () => fastJwt({ cache: true }),
  async jose() {
    const { jwtVerify, SignJWT } = await import('jose')
    const key = createSecretKey(Buffer.from(secret))
    const signing = new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1d')
    const token = await signing.sign(key)
    app.get('/sign-in', async () => ({ token }))
    answer(async (request) => {
      const { payload } = await jwtVerify(bearer(request), key, { algorithms: ['HS256'] })
      return payload.username
    })
  },
  async jwt() {
    const { default: jwt } = await import('@fastify/jwt')
    await app.register(jwt, { secret })
    app.get('/sign-in', async () => ({ token: app.jwt.sign(claims, { expiresIn: '1d' }) }))
    answer(async (request) => {
      await request.jwtVerify()
      return request.user.username
    })
  },
}

async function sessions(more) {
  const { default: cookie } = await import('@fastify/cookie')
  const { default: session } = await import('@fastify/session')
  await app.register(cookie)
  const set = { secure: false, httpOnly: true, maxAge: 86_400_000 }
  await app.register(session, { secret, cookie: set, saveUninitialized: false, ...more })
  app.get('/sign-in', async (request) => {
    request.session.username = 'ada'
    return {}
  })
  answer((request) => request.session.username)
}

async function fastJwt(more) {
  const { createSigner, createVerifier } = await import('fast-jwt')
  const token = createSigner({ key: secret, expiresIn: 86_400_000 })(claims)
  const verify = createVerifier({ key: secret, algorithms: ['HS256'], ...more })
  app.get('/sign-in', async () => ({ token }))
  answer((request) => verify(bearer(request)).username)
}

const bearer = ({ headers }) => (headers.authorization ?? '').slice('Bearer '.length)

function answer(usernameOf) {
  app.get('/mine', async (request, reply) => {
    const username = await usernameOf(request)
    if (!username) return reply.code(401).send()
    return { username }
  })
}

await kinds[kind]()
await app.listen({ port: Number(port), host: '127.0.0.1' })
process.stdout.write('Listening\n')
