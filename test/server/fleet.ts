/**
 * Several servers over one database, each with a wire or a file of its own that can be taken away:
 * stopped, killed, cut off and started again while others go on.
 *
 * @module
 */
import { rmSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { freePort } from '../../scripts/free-port.ts'
import { type Wire, wireTo } from '../store/wire-cutter.ts'
import { type alterations, altered } from './altered.ts'
import { type Browser, browser } from './browser.ts'
import { emptyFolder, type ServerProcess, serve, unlimited } from './process.ts'

export type Alteration = keyof typeof alterations

/** One of them, whichever process it is by now. */
export interface Member {
  readonly at: number
  server: ServerProcess
  /** Whether it is stopped, dead or cut off. */
  harmed: boolean
  /** Stands still for as long as that takes. */
  stop(meanwhile: () => Promise<void>): Promise<void>
  /** Dies, and is started again. */
  kill(): Promise<void>
  /** Cannot reach its database for as long as that takes. */
  cut(meanwhile: () => Promise<void>): Promise<void>
}

export interface Fleet {
  readonly members: readonly Member[]
  readonly origin: string
  /** Of every process there was, whatever became of it. */
  readonly servers: readonly ServerProcess[]
  readonly database: string
  browser(member: Member, jar?: ReadonlyMap<string, string>): Browser
}

/** Starts `count` servers. @param place `undefined` for SQLite, else where PostgreSQL is. */
export async function fleet(
  count: number,
  place: string | undefined,
  more: readonly Alteration[],
  settings: Readonly<Record<string, string>> = {},
): Promise<Fleet> {
  const folder = emptyFolder()
  const ports = await Promise.all(Array.from({ length: count }, freePort))
  const origin = `http://localhost:${ports[0]}`
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const servers: ServerProcess[] = []
  const names: Alteration[] = ['tells how sessions are checked', ...more]
  if (place === undefined) names.push('can lose its file')
  const env: Record<string, string> = {
    ...unlimited,
    ...altered(...names),
    SALLYPORT_PUBLIC_ORIGIN: origin,
    SALLYPORT_SECRET: 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q',
    SALLYPORT_SESSION_LIMIT: '0',
    SALLYPORT_REFRESH_ENABLED: 'false',
    SALLYPORT_LOCKOUT_THRESHOLD: '100',
    SALLYPORT_LOCKOUT_PER_ADDRESS: '100000',
    ...settings,
  }

  async function member(at: number, port: number): Promise<Member> {
    const away = join(folder, `away-${at}`)
    const wire: Wire | undefined = place === undefined ? undefined : await wireTo(place)
    const own = { AWAY: away, ...(wire && { SALLYPORT_DATABASE: wire.place }) }
    const begin = async () => {
      const server = await serve({ folder, port, env: { ...env, ...own } })
      servers.push(server)
      return server
    }
    const harmed = async (harm: () => Promise<void>) => {
      one.harmed = true
      await harm()
      one.harmed = false
    }
    const one: Member = {
      at,
      server: await begin(),
      harmed: false,
      stop: (meanwhile) =>
        harmed(async () => {
          one.server.signal('SIGSTOP')
          await meanwhile()
          one.server.signal('SIGCONT')
        }),
      kill: () =>
        harmed(async () => {
          await one.server.kill()
          one.server = await begin()
        }),
      cut: (meanwhile) =>
        harmed(async () => {
          if (wire) await wire.cut()
          else writeFileSync(away, '')
          await meanwhile()
          if (wire) await wire.mend()
          else rmSync(away)
        }),
    }
    return one
  }

  const members: Member[] = []
  // The first makes the file and its schema; the others find it.
  for (const [at, port] of ports.entries()) members.push(await member(at, port))
  return {
    members,
    origin,
    servers,
    database: place ?? `sqlite:${join(folder, 'data', 'sallyport.db')}`,
    browser({ server }, jar) {
      const one = browser({ port: server.port, origin, agent })
      for (const [name, value] of jar ?? []) one.jar.set(name, value)
      return one
    },
  }
}
