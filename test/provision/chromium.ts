/**
 * A real Chromium for a test.
 *
 * @module
 */
import type { Browser } from 'playwright-core'
import { ask } from './ask.ts'
import { startChromium } from './chromium-start.ts'

/** Starts a browser; the caller closes it. The first call of a run may have to install it. */
export const launchChromium = async (): Promise<Browser> => startChromium(await ask('/chromium'))
