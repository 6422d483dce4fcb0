/**
 * The built package for a test that runs it as users do.
 *
 * @module
 */
import { ask } from './ask.ts'

/** Sees to it that `dist/` is built from the sources as they are now. */
export async function built(): Promise<void> {
  await ask('/built')
}
