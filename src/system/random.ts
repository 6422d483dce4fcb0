/**
 * Randomness from the operating system.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import type { Random } from '../ports.ts'

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
}
