/**
 * What is run where a test runs the program: its source, compiled once for all of them.
 *
 * @module
 */
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export const main = join(root, 'src/server/main.ts')

/** Nothing of our environment but where programs are. */
export const bare = {
  PATH: process.env.PATH,
  // Half of what a start costs is compiling, and hundreds are started.
  NODE_COMPILE_CACHE: join(root, 'test-output/compiled'),
} as const
