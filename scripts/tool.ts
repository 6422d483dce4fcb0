/**
 * Runs one of the tools in `node_modules/.bin`, which `ready.cjs` put first on the path.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { dirname } from 'node:path'

/** The folder of the repository. */
export const root = dirname(import.meta.dirname)

/** Runs it in the repository's folder, on this terminal; answers its exit code. */
export async function run(tool: string, ...args: readonly string[]): Promise<number> {
  const shell = process.platform === 'win32'
  const child = spawn(tool, args, { cwd: root, stdio: 'inherit', shell })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    // By signal is never well done.
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
