/**
 * The pages with figures say what was measured: nobody edits a figure by hand, and none is left behind.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filled, pages, readMeasured } from '../bench/measured.ts'

test('figures, charts and the page on scale are what was measured; an edited one is told', () => {
  const all = readMeasured()
  const made = pages(all)
  for (const [path, text] of made)
    expect(readFileSync(join(import.meta.dirname, '..', path), 'utf8'), path).toBe(text)

  const page = made.get('docs/performance.md') ?? ''
  const edited = page.replace(/\*2026/, '*2025')
  expect(edited).not.toBe(page)
  expect(filled(edited, all)).toBe(page)
  expect([...made.values()].join('')).not.toMatch(/<script|NaN|undefined/)
})
