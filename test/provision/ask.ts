/**
 * Asks the desk (`desk.ts`) for something, from inside a test file. What cannot be had fails the
 * test with the desk's own sentence: nothing is skipped in silence.
 *
 * @module
 */
import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import { inject } from 'vitest'

/** @param what A path of the desk. */
export async function ask(what: `/${string}`): Promise<string> {
  // Not `fetch`: a test may have put its own in that place.
  return new Promise((resolve, reject) => {
    get(`${inject('desk')}${what}`, async (response) => {
      const answer = await text(response)
      if (response.statusCode === 200) resolve(answer)
      else reject(new Error(answer))
    }).on('error', reject)
  })
}
