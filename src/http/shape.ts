/**
 * Shape: holds a value against a schema of the wire and says what is wrong with it, field by field,
 * in codes that stay and sentences for people. What was sent is never repeated, only its names.
 *
 * @module
 */
import type { ZodType } from 'zod'
import { type FieldRefusal, type Refusal, refuse } from '../rules/refusal.ts'

/** Every code a field can be refused with by its shape, with the sentence when none fits better. */
const sentences = {
  required: 'This field is required.',
  wrong_type: 'This field has the wrong type.',
  unknown_field: 'This field is not known here.',
  too_long: 'This is too long.',
  too_short: 'This is too short.',
  too_many: 'These are too many.',
  too_few: 'These are too few.',
  too_large: 'This number is too large.',
  too_small: 'This number is too small.',
  wrong_format: 'This is not in the expected format.',
  not_allowed: 'This value is not allowed.',
} as const

export type FieldCode = keyof typeof sentences

type Failed = Extract<ReturnType<ZodType['safeParse']>, { success: false }>
type Issue = Failed['error']['issues'][number]

/** More complaints than these help nobody. */
const mostFields = 32
const longestName = 64

/**
 * @param value A body or query, already parsed.
 * @returns The schema's output, or `validation_failed` with at most 32 fields; names are dotted.
 */
export function shape<T>(
  schema: ZodType<T>,
  value: unknown,
): { readonly ok: true; readonly value: T } | Refusal {
  const result = schema.safeParse(value)
  if (result.success) return { ok: true, value: result.data }
  const fields = result.error.issues.flatMap((issue) => fieldsOf(issue, value))
  return refuse('validation_failed', { fields: fields.slice(0, mostFields) })
}

function fieldsOf(issue: Issue, value: unknown): FieldRefusal[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .slice(0, mostFields)
      .map((key) => field([...issue.path, key], 'unknown_field'))
  }
  const code = codeOf(issue, value)
  return [field(issue.path, code, detailOf(issue, code))]
}

function field(
  path: readonly PropertyKey[],
  code: FieldCode,
  detail: string = sentences[code],
): FieldRefusal {
  return { name: path.map(String).join('.').slice(0, longestName), code, detail }
}

function codeOf(issue: Issue, value: unknown): FieldCode {
  switch (issue.code) {
    case 'invalid_type':
      return isMissing(issue.path, value) ? 'required' : 'wrong_type'
    case 'too_big':
      return bound(issue.origin, 'too_long', 'too_many', 'too_large')
    case 'too_small':
      return bound(issue.origin, 'too_short', 'too_few', 'too_small')
    case 'invalid_format':
      return 'wrong_format'
    case 'invalid_value':
      return isMissing(issue.path, value) ? 'required' : 'not_allowed'
    case 'custom': {
      const said: unknown = issue.params?.code
      return typeof said === 'string' && Object.hasOwn(sentences, said)
        ? (said as FieldCode)
        : 'not_allowed'
    }
    default:
      return 'not_allowed'
  }
}

function bound<C>(origin: string, ofText: C, ofList: C, ofNumber: C): C {
  if (origin === 'string') return ofText
  return origin === 'array' || origin === 'set' ? ofList : ofNumber
}

function detailOf(issue: Issue, code: FieldCode): string | undefined {
  if (code === 'wrong_type' && issue.code === 'invalid_type') return `Expected: ${issue.expected}.`
  if (code === 'too_long' && issue.code === 'too_big') {
    return `At most ${issue.maximum} characters are allowed.`
  }
  if (code === 'too_short' && issue.code === 'too_small') {
    return `At least ${issue.minimum} characters are needed.`
  }
  if (code === 'too_large' && issue.code === 'too_big') return `At most ${issue.maximum}.`
  if (code === 'too_small' && issue.code === 'too_small') return `At least ${issue.minimum}.`
  return undefined
}

/** Whether nothing at all stands where `path` leads. */
function isMissing(path: readonly PropertyKey[], value: unknown): boolean {
  let at = value
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return true
    at = (at as Record<PropertyKey, unknown>)[step]
  }
  return at === undefined
}
