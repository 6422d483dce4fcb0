/**
 * A command as an operator runs it: a process of its own that ends.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { bare, main } from './main.ts'

export interface Done {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Standard output as JSON; an empty object when it is not one document. */
  readonly json: Readonly<Record<string, unknown>>
}

/** Runs `sallyport <args>` in `folder` to its end. @param input What comes through its pipe. */
export async function command(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Done> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: { ...bare, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // Most read nothing, and may be gone already.
  child.stdin.on('error', () => {}).end(input)
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  const one = /^\{.*\}\n$/.test(stdout)
  return { code, stdout, stderr, json: one ? JSON.parse(stdout) : {} }
}
