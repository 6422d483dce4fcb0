/** Shape: every way a field can be wrong has its own code, and nothing that was sent is said again. */
import { expect, test } from 'vitest'
import { z } from 'zod'
import { LogIn, SessionList } from '../wire.ts'
import { shape } from './shape.ts'

const Schema = z.strictObject({
  name: z.string().min(2).max(4),
  age: z.number().int().min(1).max(9).optional(),
  mail: z.email().optional(),
  role: z.enum(['a', 'b']).optional(),
  tags: z
    .array(z.strictObject({ id: z.string() }))
    .min(1)
    .max(2)
    .optional(),
  even: z
    .number()
    .refine((n) => n % 2 === 0, { params: { code: 'not_allowed' } })
    .optional(),
})

const fields = (schema: Parameters<typeof shape>[0], value: unknown) => {
  const shaped = shape(schema, value)
  return shaped.ok ? [] : shaped.fields?.map(({ name, code }) => `${name}: ${code}`)
}

test.each([
  [{}, ['name: required']],
  [{ name: undefined }, ['name: required']],
  [{ name: null }, ['name: wrong_type']],
  [{ name: 7 }, ['name: wrong_type']],
  [{ name: { $ne: null } }, ['name: wrong_type']],
  [{ name: 'a' }, ['name: too_short']],
  [{ name: 'abcde' }, ['name: too_long']],
  [{ name: 'ab', age: '7' }, ['age: wrong_type']],
  [{ name: 'ab', age: 10 }, ['age: too_large']],
  [{ name: 'ab', age: 0 }, ['age: too_small']],
  [{ name: 'ab', mail: 'x' }, ['mail: wrong_format']],
  [{ name: 'ab', role: 'c' }, ['role: not_allowed']],
  [{ name: 'ab', tags: [] }, ['tags: too_few']],
  [{ name: 'ab', tags: [{ id: '' }, { id: '' }, { id: '' }] }, ['tags: too_many']],
  [{ name: 'ab', tags: [{ id: '' }, { id: 1 }] }, ['tags.1.id: wrong_type']],
  [{ name: 'ab', tags: [{ id: '', x: 1 }] }, ['tags.0.x: unknown_field']],
  [{ name: 'ab', even: 3 }, ['even: not_allowed']],
  [{ name: 'ab', admin: true, owner: 1 }, ['admin: unknown_field', 'owner: unknown_field']],
  [{ age: 0, x: 1 }, ['name: required', 'age: too_small', 'x: unknown_field']],
])('%j', (value, expected) => {
  expect(fields(Schema, value)).toEqual(expected)
})

test('what fits comes out as the schema says', () => {
  expect(shape(SessionList, {})).toEqual({ ok: true, value: { scope: 'own', limit: 50 } })
})

test('the code of a refinement is kept, unless it is not one of ours', () => {
  expect(fields(LogIn, { username: 'ä'.repeat(513), password: 'x' })).toEqual([
    'username: too_long',
  ])
  const odd = z.strictObject({
    a: z.string().refine(() => false, { params: { code: 'toString' } }),
    b: z.string().refine(() => false),
  })
  expect(fields(odd, { a: '', b: '' })).toEqual(['a: not_allowed', 'b: not_allowed'])
})

test('no value is repeated, in whatever field', () => {
  const said = JSON.stringify(
    shape(Schema, { name: 'SECRET', age: 'SECRET', mail: 'SECRET', role: 'SECRET', x: 'SECRET' }),
  )
  expect(said).toContain('too_long')
  expect(said).not.toContain('SECRET')
})

test('ten thousand unknown fields with long names make a short answer', () => {
  const many = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, i) => [`${'x'.repeat(200)}${i}`, 1]),
  )
  const shaped = shape(Schema, many)
  expect(shaped.ok ? 0 : shaped.fields?.length).toBe(32)
  expect(JSON.stringify(shaped).length).toBeLessThan(8_000)
})

test('every sentence is one', () => {
  const shaped = shape(Schema, { name: 'abcde', age: 0, role: 'c', x: 1 })
  const details = shaped.ok ? [] : (shaped.fields ?? []).map(({ detail }) => detail)
  expect(details).toEqual([
    'At most 4 characters are allowed.',
    'At least 1.',
    'This value is not allowed.',
    'This field is not known here.',
  ])
})
