/**
 * Serve: opens the gate, listens, and shuts down in order: no new requests, the ones in flight
 * answered, then the database closed.
 *
 * @module
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { dirname, join } from 'node:path'
import {
  complaintsOf,
  openGate,
  type Said,
  type Sallyport,
  SettingsError,
  settings,
  type Told,
} from '../index.ts'
import { type Answering, listener, unparsed } from '../mounts/node.ts'
import { type Sockets, sockets } from '../mounts/sockets.ts'
import { type Configuration, configure, type Sources } from './configuration.ts'
import { type Dashboard, openDashboard } from './dashboard.ts'
import { dumpsCore, forgetSecrets, opened } from './exposure.ts'
import { type Log, openLog } from './log.ts'
import { type Stoppable, stoppable } from './stopping.ts'

// Not imported: as a module it has its `WebSocket` made, and all that `fetch` needs, 24 ms of a start.
const { createServer } = process.getBuiltinModule('node:http')

/** How long requests in flight may take after a stop was asked for. */
const patience = 10_000

const usualBasePath = settings.basePath.default

/**
 * Says what is wrong with a configuration, without opening or making anything.
 *
 * @throws {SettingsError} With everything at once.
 */
export async function check(sources: Sources): Promise<Configuration> {
  const configuration = configure(sources)
  const { server, said, complaints } = configuration
  const exposed = isExposed(server.host, said)
  const all = [
    ...complaints,
    ...(await complaintsOf(said)),
    ...(exposed ? [exposed] : []),
    ...(isForOthers(said) ? opened() : []),
  ]
  if (all.length > 0) throw new SettingsError(all)
  return configuration
}

const local = /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$/

/** Whether its public origin leads anywhere but to this machine. */
function isForOthers(said: readonly Said[]): boolean {
  const origin = said.findLast(({ path }) => path === 'publicOrigin')?.value
  const url = URL.parse(String(origin))
  return url !== null && !local.test(url.hostname)
}

/** A loopback public origin has cookies without `Secure`: they are not to leave this machine. */
function isExposed(host: string, said: readonly Said[]): string | undefined {
  const last = (path: string) => said.findLast((one) => one.path === path)?.value
  const meant = ['true', true].some((yes) => last('insecureCookiesForLocalhost') === yes)
  const origin = URL.parse(String(last('publicOrigin')))
  if (meant || local.test(host) || !origin || isForOthers(said)) return undefined
  return `host: ${host} is reached from other machines, but publicOrigin is this one only. Set publicOrigin to the https origin people use.`
}

/** Serves until it is told to stop. */
export async function serve(sources: Sources): Promise<void> {
  const { server: own, said } = await check(sources)
  forgetSecrets()
  const log = await openLog(own.log)
  if (isForOthers(said) && dumpsCore())
    log.warn('a crash may leave secrets in a core dump: start the server with a core limit of 0')
  const uncaught = endOn(log)
  const tokenFile = join(dataFolder(said), 'setup-token')
  const gate = await openGate(said, {
    onFault: ({ error, ...where }) => log.error({ err: error, ...where }, 'fault'),
    onClaimed: () => forget(tokenFile, log),
    onChore: (told) => logChore(log, told),
  })
  const renew = () => gate.lookAtSecret().catch((error) => log.error({ err: error }, 'secret'))
  process.on('SIGHUP', renew)
  // Node would open its debugger to every program of this machine.
  const debugged = () => log.warn('SIGUSR1 opens no debugger here')
  if (isForOthers(said)) process.on('SIGUSR1', debugged)
  try {
    // Node looks at its time limits only every 30 s unless told otherwise.
    const server = createServer({ connectionsCheckingInterval: 1_000 })
    const following = stoppable(server)
    const told = { remembers: isOn(said, 'session.remember') }
    // Its pages ask at the usual path and nowhere else.
    const atRoot = gate.basePath === usualBasePath
    const dashboard = atRoot ? openDashboard(builtDashboard(), gate, told) : undefined
    answerOn(server, { gate, log, dashboard }, following)
    const live = socketsOn(server, gate, log)
    const asked = stopAsked()
    await listen(server, own.port, own.host)
    try {
      await announceClaim(gate, tokenFile, log)
      say(`Listening on ${gate.publicOrigin}`)
      await asked
      log.info('stopping')
    } finally {
      await Promise.all([live.close(), following.stop(patience)])
    }
  } finally {
    process.off('SIGHUP', renew)
    process.off('SIGUSR1', debugged)
    await gate.close()
    process.off('uncaughtException', uncaught)
  }
}

/**
 * The last handler: nothing is known of a program after an error that nobody caught, so it ends. What was
 * answered is on the disk by then.
 *
 * @see OWASP ASVS 5.0 V16.5.4
 */
function endOn(log: Log): (error: Error) => void {
  const uncaught = (error: Error) => {
    log.fatal({ err: error }, 'fault that nobody caught')
    process.exit(1)
  }
  process.on('uncaughtException', uncaught)
  return uncaught
}

function logChore(log: Log, told: Told): void {
  if ('error' in told) log.error({ err: told.error, chore: told.chore }, 'chore')
  else if (told.is === 'refused' || told.is === 'broken') log.error(told, 'chore')
  else if (told.is === 'sealed')
    for (const checkpoint of told.checkpoints) log.info({ checkpoint }, 'audit checkpoint')
  else log.info(told, 'chore')
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

async function announceClaim(gate: Sallyport, tokenFile: string, log: Log): Promise<void> {
  const token = await gate.setupToken()
  if (token === undefined) return forget(tokenFile, log)
  try {
    keepPrivately(tokenFile, `${token}\n`)
  } catch (error) {
    // On PostgreSQL there may be no folder to write to; the line below says it all.
    log.warn({ err: error }, 'the setup token could not be written to a file')
  }
  say(`Claim this instance: ${gate.publicOrigin}/setup#token=${encodeURIComponent(token)}`)
}

/** Writes a file for its owner alone, whatever stood in its place and whoever could read that. */
function keepPrivately(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}`
  rmSync(draft, { force: true })
  try {
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx' })
    renameSync(draft, path)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** What it held is void by now: a file that stays is untidy, and no reason to refuse anybody. */
function forget(path: string, log: Log): void {
  try {
    rmSync(path, { force: true })
  } catch (error) {
    log.warn({ err: error }, 'the file of the setup token could not be removed')
  }
}

/** Where the server keeps what is not in the database: beside the SQLite file, else `data`. */
function dataFolder(said: readonly Said[]): string {
  const database = said.findLast(({ path }) => path === 'database')?.value
  const file = /^sqlite:(.+)$/s.exec(String(database ?? 'sqlite:./data/sallyport.db'))?.[1]
  return file && file !== ':memory:' ? dirname(file) : 'data'
}

/** Whether a switch was turned on, in the last place that speaks of it. */
const isOn = (said: readonly Said[], path: string): boolean =>
  String(said.findLast((one) => one.path === path)?.value) === 'true'

interface Answerers {
  readonly gate: Sallyport
  readonly log: Log
  readonly dashboard: Dashboard | undefined
}

function answerOn(
  server: Server,
  { gate, log, dashboard }: Answerers,
  { begin, end }: Stoppable,
): void {
  if (gate.basePath !== usualBasePath)
    log.warn('only the API is served: the dashboard needs basePath to be as it is by default')
  else if (!dashboard) log.warn('the dashboard is not built; only the API is served')
  const isApi = (path: string) => path === gate.basePath || path.startsWith(`${gate.basePath}/`)
  const logged: Answering = async (request, from) => {
    begin()
    try {
      const began = performance.now()
      const target = request.target ?? URL.parse(request.url)
      const path = target?.pathname ?? '/'
      const plain = !target || isApi(path) || from.unreadable || !dashboard
      const answer = plain
        ? await gate.handlePlain(request, from)
        : (gate.misdirected(request, from) ?? gate.limited(request, from) ?? dashboard(request))
      const ms = Math.round(performance.now() - began)
      log.request({
        requestId: requestIdOf(answer),
        method: request.method,
        path: path.slice(0, 256),
        status: answer.status,
        ms,
      })
      return answer
    } finally {
      end()
    }
  }
  server.on('request', listener(logged))
  // Slow senders hold a socket, not the server.
  server.headersTimeout = 10_000
  server.requestTimeout = 15_000
  server.keepAliveTimeout = 5_000
  server.on('clientError', unparsed(logged))
}

function socketsOn(server: Server, gate: Sallyport, log: Log): Sockets {
  const live = sockets(gate, {
    onUpgrade(request, status, requestId) {
      const path = URL.parse(request.url)?.pathname ?? '/'
      log.request({ requestId, method: request.method, path: path.slice(0, 256), status, ms: 0 })
    },
  })
  server.on('upgrade', live.upgrade)
  return live
}

function requestIdOf(answer: Awaited<ReturnType<Answering>>): string | undefined {
  // By its looks: whoever asks what a `Response` is has the platform load it.
  if ('bodyUsed' in answer) return answer.headers.get('x-request-id') ?? undefined
  return String(answer.headers['X-Request-Id'])
}

const builtDashboard = (): string =>
  // From `dist/server` or, unbuilt, from `src/server`.
  join(
    import.meta.dirname,
    import.meta.dirname.endsWith('dist/server') ? '..' : '../../dist',
    'dashboard',
  )

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
