/**
 * A real process that draws by chance as the program does, as soon as it is told to.
 *
 * @module
 */
import { systemRandom } from '../../src/system/random.ts'

process.send?.('ready')
process.once('message', (count: number) => {
  const draws = Array.from({ length: count }, () => systemRandom.bytes(16).toString('base64url'))
  process.send?.(draws, () => process.disconnect())
})
