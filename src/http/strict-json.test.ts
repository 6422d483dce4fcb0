/** Strict JSON: one reading or none. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseStrictJson } from './strict-json.ts'

test.each([
  ['{}', {}],
  [
    ' {"a" : [1, -2.5e3, "x", true, false, null, {}]} ',
    { a: [1, -2500, 'x', true, false, null, {}] },
  ],
  ['{"a":{"a":1},"b":[{"a":1},{"a":2}]}', { a: { a: 1 }, b: [{ a: 1 }, { a: 2 }] }],
  ['{"a":"a","b":"a"}', { a: 'a', b: 'a' }],
  ['{"a":["a","a"]}', { a: ['a', 'a'] }],
  ['{"a":"{\\"a\\":1,\\"a\\":1e999}"}', { a: '{"a":1,"a":1e999}' }],
  ['{"a":"\\ud83d\\ude00"}', { a: '😀' }],
  ['{"a":"__proto__"}', { a: '__proto__' }],
  ['{"A":1,"a":2}', { A: 1, a: 2 }],
  ['1e-999', 0],
])('takes %s', (text, value) => {
  expect(parseStrictJson(text)).toEqual({ ok: true, value })
})

test.each([
  ['', 'not_json'],
  ['\ufeff{}', 'not_json'],
  ['{"a":1,}', 'not_json'],
  ['{"a":NaN}', 'not_json'],
  ['{"a":1}//', 'not_json'],
  ["{'a':1}", 'not_json'],
  ['{"a":01}', 'not_json'],
  ['{}{}', 'not_json'],
  ['{"a":"\n"}', 'not_json'],
  ['{"role":"user","role":"owner"}', 'duplicate_key'],
  ['{"role":"user","\\u0072ole":"owner"}', 'duplicate_key'],
  ['{"r\\/":1,"r/":2}', 'duplicate_key'],
  ['{"x":[{"a":{"b":1},"c":[],"a":2}]}', 'duplicate_key'],
  ['{"":1,"":2}', 'duplicate_key'],
  ['{"__proto__":{"admin":true}}', 'forbidden_key'],
  ['{"a":[{"\\u005f_proto__":1}]}', 'forbidden_key'],
  ['{"a":1e999}', 'number_out_of_range'],
  ['[-1e400]', 'number_out_of_range'],
  [`[${'9'.repeat(400)}]`, 'number_out_of_range'],
  ['{"a":"\\ud800"}', 'lone_surrogate'],
  ['{"\\udc00":1}', 'lone_surrogate'],
] as const)('refuses %s', (text, why) => {
  expect(parseStrictJson(text)).toEqual({ ok: false, why })
})

test.each([
  [32, true],
  [33, false],
  [100_000, false],
])('nested %d deep: %s', (depth, ok) => {
  expect(parseStrictJson('['.repeat(depth) + ']'.repeat(depth)).ok).toBe(ok)
  expect(parseStrictJson(`${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`).ok).toBe(ok)
})

test('nothing sent reaches the prototype', () => {
  parseStrictJson('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}')
  expect(({} as Record<string, unknown>).admin).toBeUndefined()
})

/** Values that JSON can say and whose keys are not forbidden. */
const { value: sayable } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, '__proto__', '"', '\\', '{"', '},{'),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(
      fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 6 },
    ),
  ),
}))

test('property: whatever JSON says and is not refused for a reason reads as JSON.parse reads it', () => {
  fc.assert(
    fc.property(sayable, fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent)
      expect(parseStrictJson(text)).toEqual({ ok: true, value: JSON.parse(text) })
    }),
    { numRuns: 2_000 },
  )
})

test('property: a key repeated anywhere, spelt anyhow, is found', () => {
  const key = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text !== '__proto__')
  const escaped = (text: string) =>
    `"${[...Array(text.length).keys()].map((i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`
  fc.assert(
    fc.property(key, sayable, sayable, (name, first, second) => {
      const text = `{"a b":[{${JSON.stringify(name)}:${JSON.stringify(first)},${escaped(name)}:${JSON.stringify(second)}}]}`
      expect(parseStrictJson(text)).toEqual({ ok: false, why: 'duplicate_key' })
    }),
  )
})

test('100,000 random texts: never a throw, and never a value that JSON.parse refuses', () => {
  // Of JSON's own characters, so that a good part of them is JSON.
  const letters = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '1',
    'e9',
    '-',
    'true',
    ' ',
    '\u0000',
  ]
  let seed = 1
  const next = (below: number) => {
    seed = (seed * 48_271) % 0x7fffffff
    return seed % below
  }
  let taken = 0
  for (let run = 0; run < 100_000; run++) {
    const text = Array.from({ length: next(8) }, () => letters[next(letters.length)]).join('')
    const parsed = parseStrictJson(text)
    if (parsed.ok) {
      taken++
      JSON.parse(text)
    }
  }
  expect(taken).toBeGreaterThan(1_000)
})
