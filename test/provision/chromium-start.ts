/**
 * Starts Chromium so that it asks nobody for anything.
 *
 * @module
 */
import { type Browser, chromium } from 'playwright-core'

// Without these it looks for its maker's servers at every start.
const quiet = [
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

/** Starts the program at this path; the caller closes it. */
export function startChromium(executablePath: string): Promise<Browser> {
  // Its sandbox does not work for root, and only there is it given up.
  const args = process.getuid?.() === 0 ? [...quiet, '--no-sandbox'] : quiet
  return chromium.launch({ executablePath, args })
}
