/**
 * Temporary passwords: made by chance, to be read out and typed once. Letters and digits that are
 * mistaken for others are left out.
 *
 * @see OWASP ASVS 5.0 V6.4.1; Crockford's base 32
 * @module
 */

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const group = 5

/** How many random bytes one takes: one a character, of which five bits are used. */
export const temporaryBytes = (minLength: number): number =>
  // A group of five characters comes with its hyphen, and four groups carry 100 bits.
  Math.max(4, Math.ceil((minLength + 1) / (group + 1))) * group

/** Writes bytes as groups of five characters, as in `7k2mq-w0v9x-…`. */
export function temporaryPassword(bytes: Buffer): string {
  // 256 is a multiple of 32, so every character is equally likely.
  const text = [...bytes].map((byte) => alphabet[byte % alphabet.length]).join('')
  return (text.match(/.{1,5}/g) ?? []).join('-')
}
