/**
 * The clock of this machine: wall time for what is kept and told, monotonic time for ages.
 *
 * @module
 */
import type { Clock } from '../ports.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
}
