/**
 * A real Chromium for a test.
 *
 * @module
 */
import { type Browser, chromium } from 'playwright-core'
import { ask } from './ask.ts'

// Without these Chromium looks for its maker's servers at every start.
const quiet = [
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

/** Starts a browser; the caller closes it. The first call of a run may have to install it. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = await ask('/chromium')
  // Its sandbox does not work for root, and only there is it given up.
  const args = process.getuid?.() === 0 ? [...quiet, '--no-sandbox'] : quiet
  return chromium.launch({ executablePath, args })
}
