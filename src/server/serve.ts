/**
 * Serve: opens the gate, listens, and shuts down in order: no new requests, the ones in flight
 * answered, then the database closed.
 *
 * @module
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { dirname, join } from 'node:path'
import type { Duplex } from 'node:stream'
import { complaintsOf, openGate, type Said, type Sallyport, SettingsError } from '../index.ts'
import { listener } from '../mounts/node.ts'
import { type Configuration, configure, type Sources } from './configuration.ts'
import { openDashboard } from './dashboard.ts'
import { openLog } from './log.ts'

/** How long requests in flight may take after a stop was asked for. */
const patience = 10_000

/**
 * Says what is wrong with a configuration, without opening or making anything.
 *
 * @throws {SettingsError} With everything at once.
 */
export async function check(sources: Sources): Promise<Configuration> {
  const configuration = configure(sources)
  const { server, said, complaints } = configuration
  const exposed = isExposed(server.host, said)
  const all = [...complaints, ...(await complaintsOf(said)), ...(exposed ? [exposed] : [])]
  if (all.length > 0) throw new SettingsError(all)
  return configuration
}

/** A loopback public origin has cookies without `Secure`: they are not to leave this machine. */
function isExposed(host: string, said: readonly Said[]): string | undefined {
  const last = (path: string) => said.findLast((one) => one.path === path)?.value
  const origin = URL.parse(String(last('publicOrigin')))
  const local = /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$/
  const meant = ['true', true].some((yes) => last('insecureCookiesForLocalhost') === yes)
  if (meant || local.test(host) || !origin || !local.test(origin.hostname)) return undefined
  return `host: ${host} is reached from other machines, but publicOrigin is this one only. Set publicOrigin to the https origin people use.`
}

/** Serves until it is told to stop. */
export async function serve(sources: Sources): Promise<void> {
  const { server: own, said } = await check(sources)
  const log = openLog(own.log)
  const tokenFile = join(dataFolder(said), 'setup-token')
  const gate = await openGate(said, {
    onFault: ({ error, ...where }) => log.error({ err: error, ...where }, 'fault'),
    onClaimed: () => rmSync(tokenFile, { force: true }),
  })
  const server = serverOf(gate, log)
  await listen(server, own.port, own.host).catch(async (error) => {
    await gate.close()
    throw error
  })

  await announceClaim(gate, tokenFile)
  say(`Listening on ${gate.publicOrigin}`)

  await stopAsked()
  log.info('stopping')
  await stopped(server)
  await gate.close()
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

async function announceClaim(gate: Sallyport, tokenFile: string): Promise<void> {
  const token = await gate.setupToken()
  if (token === undefined) return rmSync(tokenFile, { force: true })
  mkdirSync(dirname(tokenFile), { recursive: true, mode: 0o700 })
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 })
  say(`Claim this instance: ${gate.publicOrigin}/setup#token=${token}`)
}

/** Where the server keeps what is not in the database: beside the SQLite file, else `data`. */
function dataFolder(said: readonly Said[]): string {
  const database = said.findLast(({ path }) => path === 'database')?.value
  const file = /^sqlite:(.+)$/s.exec(String(database ?? 'sqlite:./data/sallyport.db'))?.[1]
  return file && file !== ':memory:' ? dirname(file) : 'data'
}

function serverOf(gate: Sallyport, log: ReturnType<typeof openLog>): Server {
  const dashboard = openDashboard(builtDashboard(), gate)
  if (!dashboard) log.warn('the dashboard is not built; only the API is served')
  const server = createServer(
    listener(async (request, from) => {
      const began = performance.now()
      const response = await answer(request, from)
      const path = URL.parse(request.url)?.pathname.slice(0, 256)
      const ms = Math.round(performance.now() - began)
      const requestId = response.headers.get('x-request-id') ?? undefined
      log.info({ requestId, method: request.method, path, status: response.status, ms }, 'request')
      return response
    }),
  )
  const answer: Parameters<typeof listener>[0] = async (request, from) => {
    const path = URL.parse(request.url)?.pathname ?? '/'
    const api = path === gate.basePath || path.startsWith(`${gate.basePath}/`)
    if (api || from.unreadable || !dashboard) return gate.handle(request, from)
    return gate.misdirected(request, from) ?? dashboard(request)
  }
  // Slow senders hold a socket, not the server.
  server.headersTimeout = 10_000
  server.requestTimeout = 15_000
  server.keepAliveTimeout = 5_000
  server.on('clientError', refuseUnparsed)
  return server
}

const builtDashboard = (): string =>
  // From `dist/server` or, unbuilt, from `src/server`.
  join(
    import.meta.dirname,
    import.meta.dirname.endsWith('dist/server') ? '..' : '../../dist',
    'dashboard',
  )

/** What Node's parser refuses never becomes a request; it gets the bare status. */
function refuseUnparsed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable) return
  const statuses: Record<string, string> = {
    HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
    ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  }
  const status = statuses[error.code ?? ''] ?? '400 Bad Request'
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function stopAsked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
}

/** Waits for what is in flight, but not for ever. */
function stopped(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const giveUp = setTimeout(() => server.closeAllConnections(), patience)
    server.close(() => {
      clearTimeout(giveUp)
      resolve()
    })
    server.closeIdleConnections()
  })
}
