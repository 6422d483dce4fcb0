/**
 * Sessions in Express: express-session in memory and on SQLite, Auth.js with a token and with a database.
 * `node express.mjs <kind> <port> <folder>`; `GET /sign-in` opens the session, `GET /mine` tells whose it is.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import express from 'express'

const [kind, port, folder] = process.argv.slice(2)
const app = express()
const secret = 'a secret of the measurement, 32 bytes long or more'
const day = 86_400_000

const kinds = {
  async memory() {
    await sessions()
  },
  async sqlite() {
    const { sqliteSessions } = await import('./sqlite-sessions.mjs')
    const { default: session } = await import('express-session')
    await sessions(sqliteSessions(`${folder}/express-session.db`, session.Store))
  },
  /** A token in a cookie, encrypted: what Auth.js does where it has no database. */
  async token() {
    const { encode } = await import('@auth/core/jwt')
    const salt = 'authjs.session-token'
    const token = await encode({ token: { name: 'ada', sub: '1' }, secret, salt })
    await authJs({}, token)
  },
  async database() {
    const file = new DatabaseSync(`${folder}/auth-js.db`)
    file.exec(`pragma journal_mode = wal;
      create table if not exists users (id text primary key, name text, email text);
      create table if not exists sessions (token text primary key, user text, expires integer)`)
    file.exec(`insert or replace into users values ('1', 'ada', 'ada@app.example.test')`)
    const until = Date.now() + 30 * day
    file.prepare('insert or replace into sessions values (?, ?, ?)').run('ada-is-in', '1', until)
    const both = file.prepare(
      'select s.*, u.* from sessions s join users u on u.id = s.user where token = ?',
    )
    const never = () => {
      throw new Error('not needed to tell who is signed in')
    }
    const unused = ['createUser', 'getUser', 'getUserByEmail', 'getUserByAccount', 'updateUser']
    const more = ['linkAccount', 'createSession', 'updateSession', 'deleteSession']
    const adapter = {
      ...Object.fromEntries([...unused, ...more].map((name) => [name, never])),
      async getSessionAndUser(token) {
        const row = both.get(token)
        if (!row) return null
        const { id, name, email, expires, user } = row
        return {
          session: { sessionToken: token, userId: user, expires: new Date(expires) },
          user: { id, name, email, emailVerified: null },
        }
      },
    }
    await authJs({ adapter, session: { strategy: 'database' } }, 'ada-is-in')
  },
}

async function sessions(store) {
  const { default: session } = await import('express-session')
  const cookie = { maxAge: day, httpOnly: true, sameSite: 'lax' }
  const own = store ? { store } : {}
  app.use(session({ secret, resave: false, saveUninitialized: false, cookie, ...own }))
  app.get('/sign-in', (request, response) => {
    request.session.username = 'ada'
    response.json({})
  })
  app.get('/mine', (request, response) => {
    if (!request.session.username) return void response.status(401).end()
    response.json({ username: request.session.username })
  })
}

async function authJs(more, token) {
  const { getSession } = await import('@auth/express')
  const { default: GitHub } = await import('@auth/core/providers/github')
  const providers = [GitHub({ clientId: 'nobody', clientSecret: 'nothing' })]
  const config = { secret, providers, trustHost: true, basePath: '/auth', ...more }
  app.set('trust proxy', true)
  app.get('/sign-in', (_request, response) => {
    response.cookie('authjs.session-token', token, { httpOnly: true }).json({})
  })
  app.get('/mine', async (request, response) => {
    const session = await getSession(request, config)
    if (!session?.user) return void response.status(401).end()
    response.json({ username: session.user.name })
  })
}

await kinds[kind]()
app.listen(Number(port), '127.0.0.1', () => process.stdout.write('Listening\n'))
