/**
 * The standalone server as an operator runs it: a process of its own, in an empty folder, with the
 * built dashboard. It can be stopped and started again on the same folder and port.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../../scripts/free-port.ts'
import { built } from '../provision/built.ts'
import { main } from '../server/main.ts'

export interface RunningServer {
  readonly origin: string
  /** The file it keeps everything in. */
  readonly database: string
  /** The claim link it printed; throws when it printed none. */
  readonly claimLink: () => string
  readonly start: () => Promise<void>
  /** Ends it at once, as a crash would. */
  readonly stop: () => Promise<void>
  /** Stops it and removes its folder. */
  readonly remove: () => Promise<void>
}

/** @param settings Flags, as in `--session-limit=0`. */
export async function serve(...settings: readonly string[]): Promise<RunningServer> {
  await built()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-browser-'))
  const port = await freePort()
  let running: ChildProcess | undefined
  let link: string | undefined

  async function start() {
    const child = spawn(process.execPath, [main, 'serve', '--port', String(port), ...settings], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running = child
    let complaint = ''
    child.stderr.on('data', (text) => {
      complaint += text
    })
    for await (const line of createInterface({ input: child.stdout })) {
      link = /^Claim this instance: (\S+)$/.exec(line)?.[1] ?? link
      if (!line.startsWith('Listening on ')) continue
      child.stdout.resume()
      return
    }
    throw new Error(`the server did not start: ${complaint}`)
  }

  async function stop() {
    const child = running
    running = undefined
    if (!child || child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  await start()
  return {
    origin: `http://localhost:${port}`,
    database: join(folder, 'data/sallyport.db'),
    claimLink: () => {
      if (link === undefined) throw new Error('the server printed no claim link')
      return link
    },
    start,
    stop,
    remove: async () => {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
