/**
 * `npm test [-- filters and options of vitest]`: every test. What a test needs of the outside
 * world, `test/provision` brings up when it asks.
 *
 * @module
 */
import { run } from './tool.ts'

process.exitCode = await run('vitest', 'run', ...process.argv.slice(2))
