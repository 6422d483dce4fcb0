/**
 * Login names: one canonical form or none. Whatever a person types is folded to the form that is the
 * unique key of the user and the key of the lockout, so no two spellings are two people.
 *
 * @module
 */

import type { FieldRefusal } from './refusal.ts'

const canonical = /^[a-z0-9](?:[a-z0-9._@+-]{0,126}[a-z0-9])?$/

/**
 * The canonical form of a login name: NFKC, lower case without locale, then letters, digits and
 * `. _ @ + -` inside, 1–128 characters.
 *
 * @returns `undefined` when `typed` cannot be anybody's name.
 * @see OWASP ASVS 5.0 V2.2.1; Unicode UAX #15 (NFKC)
 */
export function canonicalName(typed: string): string | undefined {
  const folded = typed.normalize('NFKC').toLowerCase()
  return canonical.test(folded) ? folded : undefined
}

export const usernameFault: FieldRefusal = {
  name: 'username',
  code: 'not_allowed',
  detail: 'Use letters, digits and . _ @ + - between them.',
}

// Cc and the bidirectional controls (UAX #9): they would let a name rewrite the line it is shown in.
const unshowable = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u

/**
 * A display name as it may be kept: 1–128 code points, trimmed, no control characters.
 *
 * @returns `undefined` when it may not.
 */
export function showableName(typed: string): string | undefined {
  const name = typed.normalize('NFC').trim()
  const length = [...name].length
  return length >= 1 && length <= 128 && !unshowable.test(name) ? name : undefined
}

export const displayNameFault: FieldRefusal = {
  name: 'displayName',
  code: 'not_allowed',
  detail: 'Use 1 to 128 characters, no control characters.',
}
