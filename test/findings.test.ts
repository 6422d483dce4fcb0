/**
 * The ledger: every mistake of the system before this one, and every attack that is tried, is in the
 * title of a test, or says why not. `docs/security/findings.md` is written from it.
 *
 * @module
 */
import { expect, test } from 'vitest'
import { families } from './findings/attacks.ts'
import { laterBugs } from './findings/later-bugs.ts'
import { reviews } from './findings/reviews.ts'
import { testsById, titlesIn } from './findings/titles.ts'
import { weaknesses } from './findings/weaknesses.ts'

const tests = testsById()
const lines = [...reviews, laterBugs, weaknesses].flatMap((chapter) => chapter.lines)

test('every finding is there, once', () => {
  const upTo = (name: string, last: number) =>
    Array.from({ length: last }, (_, at) => `${name}${at + 1}`)
  expect(lines.map(({ id }) => id)).toEqual([
    ...upTo('G', 3),
    ...upTo('C', 8),
    ...upTo('R1.', 18),
    ...upTo('R2.', 7),
    ...upTo('R3.', 3),
    ...upTo('R4.', 17),
    ...upTo('R5.', 11),
    ...upTo('R6.', 4),
    ...upTo('R7.', 1),
    ...upTo('P', 20),
    ...upTo('L', 22),
    ...upTo('W', 42),
  ])
})

test('what says nothing else is shown by a test that is named after it', () => {
  const bare = lines.flatMap(({ id, by, cannot, later }) => by ?? (cannot || later ? [] : [id]))
  const cases = families.flatMap(({ name, cases, without = {} }) =>
    cases.filter((number) => !without[number]).map((number) => `${name}-${number}`),
  )
  expect([...bare, ...cases].filter((id) => !tests.has(id))).toEqual([])
})

test('no test is named after a finding that is not in the ledger', () => {
  const known = new Set(lines.map(({ id }) => id))
  expect([...tests.keys()].filter((id) => /^[GCPLRW]\d/.test(id) && !known.has(id))).toEqual([])
})

test('titles are read where they stand, and nowhere else', () => {
  const text = `
    // test('R1.1: a comment', () => {})
    const prose = "test('R1.2')"
    test('R1.3: plain', () => {})
    test.each(rows)('R1.4: %s', () => {})
    describe.runIf(yes)(\`R1.5: \${many} times\`, () => {})
    test.each([['R1.6: a row', 1]])('%s', () => {})
    expect('R1.7').toBe(1)
    contest('R1.8')`
  expect(titlesIn(text, 'x.test.ts').toSorted()).toEqual([
    '%s',
    'R1.3: plain',
    'R1.4: %s',
    'R1.5: … times',
    'R1.6: a row',
  ])
})
