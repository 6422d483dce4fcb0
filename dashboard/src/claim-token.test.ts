/** A claim link may be pasted whole, in part, or with what a terminal put around it. */

import { expect, test } from 'vitest'
import { claimTokenIn } from './claim-token.ts'

test.each([
  ['http://localhost:3000/setup#token=abc-_1', 'abc-_1'],
  ['  http://localhost:3000/setup#token=abc-_1\n', 'abc-_1'],
  ['Claim this instance: http://localhost:3000/setup#token=abc', 'abc'],
  ['#token=a%2Fb', 'a/b'],
  ['#token=%zz', '%zz'],
  ['abc-_1', 'abc-_1'],
  ['', undefined],
  ['#', undefined],
  ['#top', undefined],
  ['http://localhost:3000/setup', undefined],
  ['two words', undefined],
])('%j holds %j', (text, token) => {
  expect(claimTokenIn(text)).toBe(token)
})
