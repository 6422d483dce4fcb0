/**
 * Programs of the system that tests need: found, or installed from Debian where that is ours to do.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, globSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

/** Installs packages, if this is Debian and we may. @returns Whether it did. */
export async function install(...packages: readonly string[]): Promise<boolean> {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return false
  process.stderr.write(`Installing ${packages.join(', ')} for the tests (apt-get)\n`)
  await apt('update')
  await apt('install', '-y', '--no-install-recommends', ...packages)
  return true
}

/** Where a program is; `undefined` when it is not there. */
export function found(names: readonly string[], elsewhere: readonly string[] = []) {
  // Servers are in a folder that only the superuser's path has.
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), '/usr/sbin']
  return [
    ...names.flatMap((name) => folders.map((folder) => join(folder, name))),
    ...elsewhere,
  ].find(isProgram)
}

/** The path of a program, newly installed where it must be: `from` is its package, if not the same word. */
export async function program(name: string, from = name): Promise<string> {
  const path = found([name]) ?? ((await install(from)) ? found([name]) : undefined)
  if (!path) throw new Error(`These tests need ${name}: install ${from}`)
  return path
}

/** The folder of Debian's PostgreSQL, server and tools: a `pg_dump` refuses servers newer than itself. */
export async function postgresTools(): Promise<string> {
  const here = () => globSync('/usr/lib/postgresql/*/bin/pg_dump').sort().at(-1)
  const path = here() ?? ((await install('postgresql')) ? here() : undefined)
  if (!path) throw new Error('These tests need pg_dump: install postgresql')
  return dirname(path)
}

/** A Python that has Prometheus's own client library. */
export async function prometheusReader(): Promise<string> {
  const python = '/usr/bin/python3'
  const has = () => spawnSync(python, ['-c', 'import prometheus_client']).status === 0
  if (has() || ((await install('python3-prometheus-client')) && has())) return python
  throw new Error(
    'These tests need the client library of Prometheus: install python3-prometheus-client',
  )
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function apt(...args: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const child = spawn('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code !== 0) throw new Error(`apt-get ${args.join(' ')} failed (${code}): install it by hand`)
}
