/**
 * Finds a Chromium or Chrome on this machine, or installs Debian's where that is ours to do.
 *
 * @module
 */
import { found, install, isProgram } from './debian.ts'

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

  const here = onThisMachine()
  if (here) return here

  if (await install('chromium')) {
    const installed = onThisMachine()
    if (installed) return installed
  }
  throw new Error(
    'The browser tests need Chromium or Chrome: install one (on Debian: apt-get install chromium) or name it in CHROMIUM_PATH',
  )
}

const onThisMachine = () => found(names, elsewhere)
