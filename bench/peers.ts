/**
 * The peers' servers: installed when they are first asked for, from a lockfile of their own, and signed in to.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { freePort } from '../scripts/free-port.ts'
import { type Program, startProgram } from './program.ts'

const folder = join(import.meta.dirname, 'peers')
const { isComplete } = createRequire(import.meta.url)('../scripts/installation.cjs') as {
  isComplete(root: string): boolean
}

/** Runs `npm ci` in `bench/peers`, if need be. Nothing of theirs is run by it. */
export function installPeers(): void {
  if (isComplete(folder)) return
  process.stderr.write('Installing the peers (npm ci --prefix bench/peers)\n')
  const args = ['ci', '--ignore-scripts', '--loglevel=error']
  const npm = process.env.npm_execpath
  // npm writes to where figures are expected.
  const options = { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] as const }
  const { status } = npm
    ? spawnSync(process.execPath, [npm, ...args], { ...options, stdio: [...options.stdio] })
    : spawnSync('npm', args, { ...options, stdio: [...options.stdio], shell: true })
  if (status !== 0) throw new Error('the peers could not be installed')
}

export interface Peer {
  readonly name: string
  /** The program under `peers/`, and what of it. */
  readonly file: string
  readonly kind: string
  /** Whether what is revoked is refused by the next request: it asks what it keeps each time. */
  readonly looksUp: boolean
}

const inFastify = (name: string, kind: string, looksUp: boolean): Peer => ({
  name: `${name} in Fastify`,
  file: 'fastify.mjs',
  kind,
  looksUp,
})

export const betterAuth: Peer = {
  name: 'better-auth, handler',
  file: 'better-auth.mjs',
  kind: 'handler',
  looksUp: true,
}

export const peers: readonly Peer[] = [
  betterAuth,
  { ...betterAuth, name: 'better-auth, API in Fastify', kind: 'api' },
  {
    ...betterAuth,
    name: 'better-auth, API in Fastify, cookie cache',
    kind: 'cached',
    looksUp: false,
  },
  inFastify('fast-jwt', 'fast-jwt', false),
  inFastify('fast-jwt, its cache', 'fast-jwt-cached', false),
  inFastify('@fastify/jwt', 'jwt', false),
  inFastify('jose HS256', 'jose', false),
  inFastify('@fastify/secure-session', 'secure-session', false),
  inFastify('@fastify/session, memory', 'memory', true),
  inFastify('@fastify/session, SQLite', 'sqlite', true),
  { name: 'iron-session on `node:http`', file: 'iron-session.mjs', kind: '-', looksUp: false },
  { name: 'express-session, memory', file: 'express.mjs', kind: 'memory', looksUp: true },
  { name: 'express-session, SQLite', file: 'express.mjs', kind: 'sqlite', looksUp: true },
  { name: 'Auth.js on Express, token', file: 'express.mjs', kind: 'token', looksUp: false },
  { name: 'Auth.js on Express, SQLite', file: 'express.mjs', kind: 'database', looksUp: true },
]

export interface PeerServer {
  readonly program: Program
  readonly origin: string
  /** Where it tells who is signed in, and what somebody who is sends. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

export const peerPassword = 'correct horse battery staple'
export const peerEmail = 'ada@app.example.test'

/** Starts one and signs in to it. @param core The core it gets; any when left out. */
export async function startPeer(peer: Peer, data: string, core?: number): Promise<PeerServer> {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const given = core === undefined ? {} : { core }
  const program = startProgram(`peers/${peer.file}`, [peer.kind, `${port}`, data], given)
  await program.line(/^Listening/)
  const better = peer.file === 'better-auth.mjs'
  const signingIn = better
    ? await fetch(`${origin}/api/auth/sign-up/email`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Origin: origin },
        body: JSON.stringify({ name: 'ada', email: peerEmail, password: peerPassword }),
      })
    : await fetch(`${origin}/sign-in`)
  if (!signingIn.ok) throw new Error(`${peer.name}: ${signingIn.status} ${await signingIn.text()}`)
  const set = signingIn.headers.getSetCookie().map((one) => one.split(';')[0])
  const { token } = (await signingIn.json()) as { token?: string }
  const headers: Record<string, string> =
    set.length > 0 ? { cookie: set.join('; ') } : { authorization: `Bearer ${token}` }
  const url = `${origin}${peer.kind === 'handler' ? '/api/auth/get-session' : '/mine'}`
  const answer = await fetch(url, { headers })
  const text = await answer.text()
  if (!answer.ok || !text.includes('"ada"')) throw new Error(`${peer.name}: ${text}`)
  return { program, origin, url, headers }
}
