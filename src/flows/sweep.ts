/**
 * Sweep: what stopped mattering is removed. Nothing rests on it: what is there too long decides
 * nothing, so a sweep changes no answer.
 *
 * @module
 */
import type { World } from '../ports.ts'

/** Removes buckets of guesses that stopped mattering, a slice at a time. @returns How many. */
export async function sweep({ store }: World): Promise<number> {
  for (let removed = 0; ; ) {
    const slice = await store.sweep()
    if (slice === 0) return removed
    removed += slice
  }
}
