/**
 * `npm start`: the server of this checkout, built first when its sources have changed. It becomes
 * the server in this very process, so a signal meets nothing in between.
 *
 * @module
 */
import { join } from 'node:path'
import { buildIfStale } from './building.ts'
import { root } from './tool.ts'

await buildIfStale()
const command = join(root, 'bin', 'sallyport.cjs')
process.argv = [process.execPath, command, 'serve', ...process.argv.slice(2)]
await import(command)
