/** No address a stranger writes into `?return=` leads away from this origin. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { returnPath } from './return-path.ts'

const origin = 'https://app.example'

test.each([
  ['/', '/'],
  ['/reports', '/reports'],
  ['/reports/7?tab=a&b=%2F%2Fx#top', '/reports/7?tab=a&b=%2F%2Fx#top'],
  ['/a/../b', '/b'],
  ['/@evil.example', '/@evil.example'],
])('%s is kept', (wanted, kept) => {
  expect(returnPath(wanted, origin)).toBe(kept)
})

test.each([
  undefined,
  null,
  7,
  '',
  'reports',
  'https://evil.example/',
  'https://app.example/reports',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\/evil.example',
  '/a\\b',
  '/\t/evil.example',
  '/\n/evil.example',
  ' /reports',
  'javascript:alert(1)',
  '/..//evil.example',
  '/.//evil.example',
  '/%2e//evil.example',
  'http://',
  'http://[',
  'https://app.example@evil.example/',
])('%j is refused (REDIR-01, REDIR-03)', (wanted) => {
  expect(returnPath(wanted, origin)).toBeUndefined()
})

test('REDIR-01: whatever is answered is a path of this origin', () => {
  const text = fc.stringMatching(/^[/\\.:@%a-f0-9 \t\n#?e-]{0,20}$/)
  fc.assert(
    fc.property(text, (wanted) => {
      const path = returnPath(wanted, origin)
      if (path === undefined) return
      expect(path.startsWith('//')).toBe(false)
      expect(new URL(path, origin).origin).toBe(origin)
    }),
    { numRuns: 2000 },
  )
})
