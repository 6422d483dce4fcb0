/**
 * Programs under measurement: each a process of its own, on a core of its own where the machine lets
 * us say so, that tells by IPC what it has cost.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'

export interface Program {
  /** Sends a message and waits for the answer to it. */
  ask<T>(message: object): Promise<T>
  /** The microseconds of CPU it has used, all threads together. */
  cpu(): Promise<number>
  /** Those of its hashing threads; `undefined` where the system does not tell. */
  hashingCpu(): Promise<number | undefined>
  /** Waits for a line on its standard output. */
  line(pattern: RegExp): Promise<string>
  end(): Promise<void>
}

/** Whether a program can be bound to a core. */
export const pins = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0

/**
 * Starts a program.
 *
 * @param file Beside this one, or from the root of the repository with `../`.
 * @param given.core The core it gets; any when left out.
 */
export function startProgram(
  file: string,
  args: readonly string[] = [],
  given: {
    readonly core?: number
    readonly cwd?: string
    readonly env?: Readonly<Record<string, string>>
    readonly node?: readonly string[]
  } = {},
): Program {
  const here = (name: string) => join(import.meta.dirname, name)
  const node = [...(given.node ?? []), '--import', here('telling.ts'), here(file), ...args]
  const pinned = pins && given.core !== undefined
  const [command, before] = pinned
    ? ['taskset', ['-c', String(given.core), process.execPath]]
    : [process.execPath, []]
  const child = spawn(command, [...before, ...node], {
    cwd: given.cwd,
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...given.env },
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  })
  const ended = once(child, 'exit').then(([code, signal]): never => {
    throw new Error(`${file} ended with ${code ?? signal}`)
  })
  // Told to whoever waits for it; when nobody does, it was asked to end.
  ended.catch(() => undefined)

  const waiting = new Map<number, (value: unknown) => void>()
  child.on('message', ({ id, value }: { id: number; value: unknown }) => {
    waiting.get(id)?.(value)
    waiting.delete(id)
  })
  let asked = 0
  function ask<T>(message: object): Promise<T> {
    const id = ++asked
    const answer = new Promise((resolve) => waiting.set(id, resolve))
    child.send({ ...message, id })
    return Promise.race([answer as Promise<T>, ended])
  }

  const lines: string[] = []
  const reader = createInterface({ input: child.stdout ?? Readable.from([]) })
  reader.on('line', (line) => lines.push(line))

  return {
    ask,
    cpu: () => ask({ kind: 'cpu' }),
    hashingCpu: () => ask({ kind: 'hashing-cpu' }),
    async line(pattern) {
      for (;;) {
        const found = lines.find((line) => pattern.test(line))
        if (found !== undefined) return found
        await Promise.race([once(reader, 'line'), ended])
      }
    },
    async end() {
      child.kill('SIGKILL')
      await ended.catch(() => undefined)
    },
  }
}
