/**
 * The reference pages say what the tables say.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { referencePages } from '../scripts/reference-pages.ts'

test.each([...referencePages()])('%s is up to date', (path, text) => {
  // When this fails: npm run reference
  expect(readFileSync(join(import.meta.dirname, '..', path), 'utf8')).toBe(text)
})
