/**
 * Runs one of the tools in `node_modules/.bin`, or `node`, under the Node that runs this.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'

/** The folder of the repository. */
export const root = dirname(import.meta.dirname)

/** Runs it in the repository's folder, on this terminal; answers its exit code. */
export async function run(tool: string, ...args: readonly string[]): Promise<number> {
  const shell = process.platform === 'win32'
  const folders = [dirname(process.execPath), join(root, 'node_modules', '.bin')]
  const env = { ...process.env, PATH: [...folders, process.env.PATH].join(delimiter) }
  const child = spawn(tool, args, { cwd: root, stdio: 'inherit', env, shell })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    // By signal is never well done.
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
