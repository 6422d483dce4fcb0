import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalName, showableName } from './identifier.ts'

test.each([
  ['ada', 'ada'],
  ['ADA', 'ada'],
  ['ａｄａ', 'ada'],
  ['ada@example.org', 'ada@example.org'],
  ['a', 'a'],
  ['a.b_c+d-e', 'a.b_c+d-e'],
  ['ﬁona', 'fiona'],
  ['K', 'k'], // the Kelvin sign
  ['x'.repeat(128), 'x'.repeat(128)],
])('%s is %s', (typed, name) => {
  expect(canonicalName(typed)).toBe(name)
})

test.each([
  ['empty', ''],
  ['a space before', ' ada'],
  ['a space behind', 'ada '],
  ['a tab behind', 'ada\t'],
  ['a dot behind', 'admin.'],
  ['a dot before', '.admin'],
  ['cyrillic а', 'аdmin'],
  ['dotless ı', 'admın'],
  ['zero width', 'admin\u200b'],
  ['a line break', 'ada\nb'],
  ['NUL', 'ada\0'],
  ['129 characters', 'x'.repeat(129)],
  ['a slash', 'a/b'],
])('%s is nobody', (_, typed) => {
  expect(canonicalName(typed)).toBeUndefined()
})

test('the canonical form is its own canonical form', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (typed) => {
      const name = canonicalName(typed)
      if (name !== undefined) expect(canonicalName(name)).toBe(name)
    }),
  )
})

test.each([
  ['Ada Lovelace', 'Ada Lovelace'],
  ['  Ada  ', 'Ada'],
  ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ['李', '李'],
  ['x'.repeat(128), 'x'.repeat(128)],
  ['', undefined],
  ['   ', undefined],
  ['x'.repeat(129), undefined],
  ['a\r\nSet-Cookie: b', undefined],
  ['evil\u202egnp.exe', undefined],
])('shows %j as %j', (typed, shown) => {
  expect(showableName(typed)).toBe(shown)
})

test.each([...'\u061c\u200e\u200f\u202a\u202e\u2066\u2069'])('no name with %j in it', (mark) => {
  expect(showableName(`a${mark}b`)).toBeUndefined()
})
