/**
 * Builds `dist/`: the package with tsc, the program and the dashboard with Vite. Made beside and then
 * moved into place, so that a failed build leaves the old one and nobody meets a half one.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { globSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleProgram } from './bundling.ts'
import { root, run } from './tool.ts'

const dist = join(root, 'dist')
/** Inside `dist`, what it was built from; not published. */
const stamp = '.built'

/** Builds unless `dist` was built from these very sources. */
export async function buildIfStale(): Promise<void> {
  if (stampOf(dist) !== fingerprint()) await build()
}

/** Builds; throws when a tool fails. */
export async function build(): Promise<void> {
  const sources = fingerprint()
  const made = mkdtempSync(join(root, 'node_modules', '.building-'))
  try {
    await must('tsc', '-p', 'tsconfig.build.json', '--outDir', made)
    await must(
      'vite',
      'build',
      'dashboard',
      '--outDir',
      join(made, 'dashboard'),
      '--emptyOutDir',
      '--logLevel',
      'warn',
    )
    await bundleProgram(made)
    writeFileSync(join(made, stamp), sources)
    moveIntoPlace(made, sources)
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}

function moveIntoPlace(made: string, sources: string): void {
  rmSync(dist, { recursive: true, force: true })
  try {
    renameSync(made, dist)
  } catch (error) {
    // Another build was quicker; what it made will do if it read the same sources.
    if (stampOf(dist) !== sources) throw error
  }
}

async function must(tool: string, ...args: readonly string[]): Promise<void> {
  const code = await run(tool, ...args)
  if (code !== 0) throw new Error(`${tool} ${args[0]} failed with ${code}`)
}

/** A digest of everything a build reads. */
function fingerprint(): string {
  const files = globSync(
    [
      'src/**/*',
      'dashboard/**/*',
      'scripts/bundling.ts',
      'tsconfig*.json',
      'package.json',
      'package-lock.json',
    ],
    { cwd: root, withFileTypes: true, exclude: ['dashboard/node_modules'] },
  )
  const hash = createHash('sha256')
  for (const path of files
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .sort())
    hash.update(path.slice(root.length)).update('\0').update(readFileSync(path)).update('\0')
  return hash.digest('hex')
}

function stampOf(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, stamp), 'utf8')
  } catch {
    return undefined
  }
}
