/**
 * Randomness from the operating system.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import type { Random } from '../ports.ts'

/** Bytes drawn at once for what is short: asking the system costs the same for sixteen and for these. */
const ahead = 4_096
/** Bytes. Ids and salts are as short as this; secrets are longer and drawn by themselves. */
const short = 16

export const systemRandom: Random = drawnAhead()

function drawnAhead(): Random {
  let drawn = Buffer.alloc(0)
  let used = 0
  return {
    bytes(length) {
      if (length > short) return randomBytes(length)
      if (used + length > drawn.length) {
        drawn = randomBytes(ahead)
        used = 0
      }
      const given = Buffer.from(drawn.subarray(used, used + length))
      // Given out once: what stayed here would tell what it was.
      drawn.fill(0, used, used + length)
      used += length
      return given
    },
  }
}
