/** The secret file as text: what is put in front, what is marked, and that the rest stays as it is. */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { keyIdOf } from './keys.ts'
import { idOf, secretLines, withNew, withRetired } from './secret-file.ts'

const drawn = (seed: string) => createHash('sha256').update(seed).digest()
const [one, two, three] = ['1', '2', '3'].map((seed) => drawn(seed).toString('base64url'))
const file = `# made by hand\n${one}\r\n\n  passwords-only:  ${two}\naudit-only: ${three}\n`

test('the secrets in it, with line and use', () => {
  expect(secretLines(file)).toEqual([
    { number: 2, only: undefined, text: one },
    { number: 4, only: 'passwords-only', text: two },
    { number: 5, only: 'audit-only', text: three },
  ])
  expect(secretLines(file).map(idOf)).toEqual(['1', '2', '3'].map((seed) => keyIdOf(drawn(seed))))
  expect(idOf({ number: 1, only: undefined, text: 'hunter2' })).toBeUndefined()
  expect(secretLines('audit-only of what\n')).toEqual([
    { number: 1, only: undefined, text: 'audit-only of what' },
  ])
})

test('a new one goes in front, and the rest stays as it was written', () => {
  expect(withNew(file, 'new', false)).toBe(`new\n${file}`)
})

test('when the old ones have leaked, those in full use know passwords from then on', () => {
  expect(withNew(file, 'new', true)).toBe(
    `new\n# made by hand\npasswords-only: ${one}\n\n  passwords-only:  ${two}\naudit-only: ${three}\n`,
  )
})

test.each([
  ['1', `# made by hand\naudit-only: ${one}\n\n  passwords-only:  ${two}\naudit-only: ${three}\n`],
  ['2', `# made by hand\n${one}\r\n\naudit-only: ${two}\naudit-only: ${three}\n`],
  ['nobody', file],
])('retiring %s marks its line alone', (seed, expected) => {
  expect(withRetired(file, keyIdOf(drawn(seed)))).toBe(expected)
})
