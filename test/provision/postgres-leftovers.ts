/**
 * What a run leaves behind that was killed before it could tidy up: a folder named after its process,
 * and the server in it. The next run removes both.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { lstatSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Identity } from './postgres-programs.ts'

/** How the folder of a server begins; the id of the process that it belongs to follows. */
export const folderPrefix = join(tmpdir(), 'sallyport-postgres-')

/** Stops the servers and removes the folders of runs of ours that are no more. */
export function removeLeftovers(pgCtl: string, identity: Identity | undefined): void {
  for (const name of readdirSync(tmpdir())) {
    const [, owner] = name.split(basename(folderPrefix))
    const folder = join(tmpdir(), name)
    if (!owner || isAlive(Number.parseInt(owner, 10)) || !isOurs(folder, identity)) continue

    const data = join(folder, 'data')
    spawnSync(pgCtl, ['stop', '-D', data, '-m', 'immediate', '-t', '10'], {
      ...identity,
      cwd: tmpdir(),
    })
    rmSync(folder, { recursive: true, force: true })
  }
}

function isOurs(folder: string, identity: Identity | undefined): boolean {
  const stat = lstatSync(folder, { throwIfNoEntry: false })
  return stat?.uid === (identity?.uid ?? process.getuid?.())
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
