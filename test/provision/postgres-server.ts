/**
 * A real PostgreSQL of our own for one run: its own folder under the temporary one, its own port,
 * its own password; stopped and removed afterwards, and by the next run if this one was killed.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'
import { freePort } from '../../scripts/free-port.ts'
import { folderPrefix, removeLeftovers } from './postgres-leftovers.ts'
import { postgresIdentity, postgresPrograms, programsIn } from './postgres-programs.ts'

export interface PostgresServer {
  /** Creates an empty database and answers its URL. */
  fresh(): Promise<string>
  /** Ends it as `pg_ctl stop -m immediate` does: nothing is finished, nothing said to anybody. */
  crash(): Promise<void>
  /** Starts it after a crash, where it was. Done once it answers. */
  again(): Promise<void>
  stop(): Promise<void>
}

const startPatience = 60_000

/**
 * Starts the server.
 *
 * @param options.durable Whether a commit waits for the disk: `true` for figures, `false` is faster.
 * @param options.programs The folder of another installation than that of the package.
 */
export async function startPostgres({
  durable,
  programs: elsewhere,
}: {
  durable: boolean
  programs?: string
}): Promise<PostgresServer> {
  const identity = postgresIdentity()
  const folder = mkdtempSync(`${folderPrefix}${process.pid}-`)
  if (identity) chownSync(folder, identity.uid, identity.gid)
  const programs = elsewhere ? programsIn(elsewhere) : await postgresPrograms(folder, identity)
  removeLeftovers(programs.pg_ctl, identity)

  const run = { ...identity, cwd: folder, env: { ...process.env, LC_ALL: 'C' } }
  const data = join(folder, 'data')
  const password = randomBytes(16).toString('hex')
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password)
  if (identity) chownSync(passwordFile, identity.uid, identity.gid)
  const made = spawnSync(
    programs.initdb,
    // biome-ignore format: one flag a thought
    ['-D', data, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`,
     '--encoding=UTF8', '--locale=C', '--no-sync'],
    { ...run, encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr || made.error}`)

  const port = await freePort()
  const fsync = durable ? [] : ['-c', 'fsync=off', '-c', 'synchronous_commit=off']
  const begin = () =>
    spawn(
      programs.postgres,
      // biome-ignore format: one flag a thought
      ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1',
       '-c', 'unix_socket_directories=', '-c', 'max_connections=300', ...fsync],
      { ...run, stdio: ['ignore', 'ignore', 'pipe'] },
    )
  const urlOf = (name: string) => `postgres://postgres:${password}@127.0.0.1:${port}/${name}`
  let server = begin()
  await untilReady(server, urlOf('postgres'))

  async function crash(): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return
    const gone = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGQUIT')
    await gone
  }

  return {
    async fresh() {
      const name = `fresh_${randomBytes(8).toString('hex')}`
      await query(urlOf('postgres'), `create database ${name}`)
      return urlOf(name)
    },
    crash,
    async again() {
      server = begin()
      await untilReady(server, urlOf('postgres'))
    },
    async stop() {
      await crash()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function query(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

async function untilReady(server: ChildProcess, url: string): Promise<void> {
  let said = ''
  server.stderr?.on('data', (chunk) => {
    said = (said + chunk).slice(-4_000)
  })
  const deadline = performance.now() + startPatience
  for (;;) {
    try {
      return await query(url, 'select 1')
    } catch (cause) {
      if (server.exitCode !== null || performance.now() > deadline)
        throw new Error(`PostgreSQL did not start: ${said}`, { cause })
      await pause(50)
    }
  }
}
