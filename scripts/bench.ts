/**
 * `npm run bench [-- names]`: the measurements.
 *
 * @module
 */
import { run } from './tool.ts'

process.exitCode = await run('node', 'bench/main.ts', ...process.argv.slice(2))
