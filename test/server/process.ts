/**
 * The server as an operator runs it: a process of its own in an empty folder, on a free port, with
 * nothing of our environment. Whatever a test starts is gone when the test is over.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { freePort } from '../../scripts/free-port.ts'
import { leaked } from '../gate/canary.ts'
import { watched } from '../gate/form.ts'
import { bare, main } from './main.ts'

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** What a process is started with. */
export interface Start {
  /** The folder it runs in; a new, empty one when left out. */
  readonly folder?: string
  /** The port; a free one when left out. */
  readonly port?: number
  /** Flags after `serve --port <port>`. */
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The settings file, as JSON or as text. */
  readonly file?: unknown
}

/** A process, from its start to its end. */
export interface Started {
  readonly folder: string
  readonly port: number
  readonly pid: number
  /** Lines so far. */
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
  /** Settles when it is gone and all it wrote has been read. */
  readonly ended: Promise<Ended>
  /** Waits for a line on either stream, written or still to come; throws when it ends without. */
  line(pattern: RegExp): Promise<string>
  signal(name: NodeJS.Signals): void
}

/** A server that listens. */
export interface ServerProcess extends Started {
  readonly origin: string
  /** The claim link it printed, if it did. */
  readonly claimLink: string | undefined
  /** What claims it; throws when it printed no link. */
  readonly setupToken: string
  /** SIGTERM, and waits for the end. */
  stop(): Promise<Ended>
  /** SIGKILL, and waits for the end. */
  kill(): Promise<Ended>
}

/** Every tier of the limits switched off, for races that they are not the subject of. */
export const unlimited = Object.fromEntries(
  ['FLOOR', 'ANONYMOUS', 'SIGNED_IN', 'LOGIN', 'SETUP', 'CHANGE_PASSWORD', 'REFRESH', 'TICKET'].map(
    (tier) => [`SALLYPORT_LIMITS_${tier}`, '0'],
  ),
)

/** An empty folder, removed when the test is over. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-server-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Starts `sallyport serve`; it may listen or refuse to. */
export async function start(given: Start = {}): Promise<Started> {
  const folder = given.folder ?? emptyFolder()
  const port = given.port ?? (await freePort())
  if (given.file !== undefined) {
    const text = typeof given.file === 'string' ? given.file : JSON.stringify(given.file)
    writeFileSync(join(folder, 'sallyport.config.json'), text)
  }
  const flags = given.flags ?? []
  const ours = flags.includes('--port') ? [] : ['--port', String(port)]
  const child = spawn(process.execPath, [main, 'serve', ...ours, ...flags], {
    cwd: folder,
    env: { ...bare, ...given.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return follow(child, folder, port)
}

/** Starts a server and waits until it listens; throws with what it said when it does not. */
export async function serve(given: Start = {}): Promise<ServerProcess> {
  const started = await start(given)
  if (watched) onTestFinished(() => expectNoneTold(started))
  const listening = await started.line(/^Listening on \S+$/)
  const links = started.stdout.flatMap((line) => /^Claim this instance: (\S+)$/.exec(line) ?? [])
  const claimLink = links[1]
  const end = (name: NodeJS.Signals) => {
    started.signal(name)
    return started.ended
  }
  return {
    ...started,
    origin: listening.slice('Listening on '.length),
    claimLink,
    get setupToken() {
      if (!claimLink) throw new Error('the server printed no claim link')
      return decodeURIComponent(new URL(claimLink).hash.slice('#token='.length))
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

/**
 * Ends a server and looks through all it wrote, its log and its file, for secrets. The claim link is
 * one, and is meant to be read.
 */
export async function expectNoneTold({
  signal,
  ended,
  folder,
  stdout,
  stderr,
}: Started): Promise<void> {
  signal('SIGKILL')
  await ended
  const lines = [...stdout, ...stderr].filter((line) => !line.startsWith('Claim this instance: '))
  const files = ['', '-wal'].map((end) => join(folder, 'data', `sallyport.db${end}`))
  const kept = files.filter((path) => existsSync(path)).map((path) => readFileSync(path, 'latin1'))
  const [said, written] = [leaked(lines.join('\n')), leaked(kept.join('\n'))]
  if (said) throw new Error(`a server writes into its log: ${said}`)
  if (written) throw new Error(`a server writes into its file: ${written}`)
}

/** Follows a process that a test has started; it is gone when the test is over. */
export function follow(child: ChildProcess, folder: string, port: number): Started {
  const stdout: string[] = []
  const stderr: string[] = []
  const looking = new Set<() => void>()
  const read = (stream: ChildProcess['stdout'], into: string[]) => {
    if (!stream) return
    createInterface({ input: stream }).on('line', (line) => {
      into.push(line)
      for (const look of looking) look()
    })
  }
  read(child.stdout, stdout)
  read(child.stderr, stderr)

  let over = false
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    over = true
    for (const look of looking) look()
    return { code, signal }
  })
  onTestFinished(async () => {
    if (!over) child.kill('SIGKILL')
    await ended
  })

  function line(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = [...stdout, ...stderr].find((one) => pattern.test(one))
        if (found === undefined && !over) return
        looking.delete(look)
        if (found !== undefined) resolve(found)
        else reject(new Error(`it ended without ${pattern}:\n${[...stdout, ...stderr].join('\n')}`))
      }
      looking.add(look)
      look()
    })
  }

  return {
    folder,
    port,
    pid: child.pid ?? 0,
    stdout,
    stderr,
    ended,
    line,
    signal: (name) => void child.kill(name),
  }
}
