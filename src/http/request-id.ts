/**
 * Request ids: 22 characters of base64url, drawn many at once: to ask for one each costs as much as the
 * guard of a session. They name an answer in the log and prove nothing.
 *
 * @module
 */
import type { Random } from '../ports.ts'

/** Characters: 132 bits. */
const length = 22
const ahead = 128

/** @returns A new one for each call. */
export function requestIds(random: Random): () => string {
  let drawn = ''
  let used = 0
  return () => {
    if (used === drawn.length) {
      drawn = random.bytes((ahead * length * 6) / 8).toString('base64url')
      used = 0
    }
    used += length
    return drawn.slice(used - length, used)
  }
}
