/**
 * The tables of the standards: every row is there, and whatever says how it is met names tests that exist.
 * That they pass is looked at when all have run (`scripts/test.ts`).
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { unproven, unshown } from './standards/proofs.ts'
import { met, operators, partly, type Row, standingOf, unmet } from './standards/row.ts'
import { allRows, asvs, nist } from './standards/tables.ts'

test('every row of both standards is there, once', () => {
  const counted = (chapters: typeof asvs) => chapters.flatMap(({ rows }) => rows).length
  expect([counted(asvs), counted(nist)]).toEqual([262, 45])
  expect(new Set(allRows.map(({ id }) => id)).size).toBe(allRows.length)
  const levels = [1, 2, 3].map((level) => allRows.filter((row) => row.level === level).length)
  expect(levels).toEqual([60, 130, 72])
  const without = asvs.flatMap((chapter) =>
    (chapter.without ?? []).flatMap(([ids]) => ids.split(', ')),
  )
  expect(without.length).toBe(58)
  expect(without.filter((id) => !/^\d+\.\d+\.\d+$/.test(id))).toEqual([])
  expect(new Set([...without, ...allRows.map(({ id }) => id)]).size).toBe(58 + allRows.length)
})

test('whatever says how names tests, and each of them exists', () => {
  expect(unproven(allRows)).toEqual([])
})

const pages = ['README', 'threat-model', 'incidents', 'inventory', 'supply']

test.each(pages)('the cases and tests that docs/security/%s.md names are there', (name) => {
  const page = readFileSync(join(import.meta.dirname, `../docs/security/${name}.md`), 'utf8')
  const cases = page.match(/\b[A-Z]{2,5}-\d\d\b/g) ?? []
  const files = page.match(/\b(?:src|test|dashboard)\/[\w/.-]+\.test\.tsx?\b/g) ?? []
  expect(cases.length + files.length).toBeGreaterThan(0)
  const named = [...new Set([...cases, ...files])]
  expect(unproven([met(name, 1, 'asked', 'somehow', ...named)])).toEqual([])
})

test('each defence of the threat model names a test', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/security/threat-model.md'), 'utf8')
  const defences = page.split('## Actors')[1]?.split('## Not defended')[0] ?? ''
  const rows = defences.split('\n').filter((line) => line.startsWith('| '))
  const told = rows.filter((row) => !/\| (?:shown by|---)/.test(row))
  expect(told.length).toBeGreaterThan(30)
  expect(told.filter((row) => !/[A-Z]+-\d\d|\.test\.ts/.test(row))).toEqual([])
})

test('a claim without a test, and a test that is not there, are found', () => {
  const wrong: Row[] = [
    met('1', 1, 'asked', 'somehow'),
    operators('2', 1, 'asked', 'Does it.', 'somehow'),
    partly('3', 1, 'asked', 'somehow', 'not wholly', 'CSRF-99', 'test/gate/gate.ts'),
    met('4', 1, 'asked', 'somehow', 'test/standards.test.ts: no such title', 'test/none.test.ts'),
    unmet('5', 1, 'asked', 'not at all'),
  ]
  expect(unproven(wrong)).toEqual([
    '1: says how, and names no test',
    '2: says how, and names no test',
    '3: there is no CSRF-99',
    '3: there is no test/gate/gate.ts',
    '4: there is no test/standards.test.ts: no such title',
    '4: there is no test/none.test.ts',
  ])
  expect(wrong.map(standingOf)).toEqual(['met', 'the operator’s', 'met in part', 'met', 'not met'])
})

test('what was skipped, failed or was not run shows nothing', () => {
  const rows = [
    met('1', 1, 'asked', 'somehow', 'CSRF-01'),
    met('2', 1, 'asked', 'somehow', 'test/a.test.ts'),
    met('3', 1, 'asked', 'somehow', 'test/a.test.ts: one'),
    met('4', 1, 'asked', 'somehow', 'test/c.test.ts'),
  ]
  const file = 'test/a.test.ts'
  const outcomes = [
    { file, title: 'CSRF-01: one', status: 'passed' },
    { file, title: 'two', status: 'skipped' },
    { file: 'test/b.test.ts', title: 'on sqlite CSRF-01: also', status: 'failed' },
    { file: 'test/b.test.ts', title: 'CSRF-011', status: 'failed' },
  ]
  expect(unshown(rows, outcomes)).toEqual([
    '1: CSRF-01 is failed: on sqlite CSRF-01: also',
    '2: test/a.test.ts is skipped: two',
    '4: test/c.test.ts was not run',
  ])
})
