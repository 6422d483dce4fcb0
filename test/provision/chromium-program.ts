/**
 * Finds a Chromium or Chrome on this machine, or installs Debian's where that is ours to do.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const elsewhere = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** The path of the program: `CHROMIUM_PATH`, else the system's, else a newly installed one. */
export async function findChromium(): Promise<string> {
  const named = process.env.CHROMIUM_PATH
  if (named) {
    if (isProgram(named)) return named
    throw new Error(`CHROMIUM_PATH names ${named}, which is not a program that can be run`)
  }

  const found = onThisMachine()
  if (found) return found

  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    process.stderr.write('Installing Chromium for the browser tests (apt-get, about 90 s)\n')
    await apt('update')
    await apt('install', '-y', '--no-install-recommends', 'chromium')
    const installed = onThisMachine()
    if (installed) return installed
  }
  throw new Error(
    'The browser tests need Chromium or Chrome: install one (on Debian: apt-get install chromium) or name it in CHROMIUM_PATH',
  )
}

function onThisMachine(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  return [
    ...names.flatMap((name) => folders.map((folder) => join(folder, name))),
    ...elsewhere,
  ].find(isProgram)
}

function isProgram(path: string): boolean {
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
  if (code !== 0) {
    throw new Error(
      `apt-get ${args.join(' ')} failed (${code}): install Chromium by hand or name it in CHROMIUM_PATH`,
    )
  }
}
