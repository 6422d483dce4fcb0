/**
 * The root secret as an operator writes it: hex, base64, base64url or any text. Everything rests on
 * it, so one that could be guessed does not start; the sentence says what to run instead.
 *
 * @module
 */

const least = 32

/** Makes a good one, on any system that can run this. */
export const secretCommand = `node -p "require('crypto').randomBytes(32).toString('base64url')"`

/** Printed in documents and examples, and therefore no secret. */
export const publishedSecrets: readonly string[] = [
  // Ours.
  'c2FsbHlwb3J0LWRvY3VtZW50ZWQtZXhhbXBsZS1zZWNyZXQ',
  // RFC 7515, appendix A.1.
  'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcUuTwjAzZr1Z9CAow',
]

/** Words that people type where a secret should be, long ones first, so that they go out whole. */
const placeholders =
  /development|placeholder|production|sallyport|changeit|changeme|insecure|password|default|example|letmein|replace|session|change|insert|please|qwerty|random|secret|string|admin|least|super|token|value|auth|here|long|must|root|test|this|todo|your|abc|bar|bit|dev|foo|for|jwt|key|not|the|use|xyz|at|be|do|in|is|it|me|my|to/g

export type ParsedSecret =
  | { readonly ok: true; readonly secret: Buffer }
  | { readonly ok: false; readonly complaint: string }

/**
 * Reads a root secret. Text that is exactly hex, base64 or base64url is decoded; other text counts as
 * its bytes of UTF-8. Spaces around it are dropped.
 *
 * @returns At least 32 bytes, or why not: the end of a sentence that begins with where it came from.
 *   It repeats nothing of the secret.
 * @see OWASP ASVS 5.0 V11.5.1, V13.3.1
 */
export function parseSecret(text: string): ParsedSecret {
  const trimmed = text.trim()
  const secret = decoded(trimmed)
  const flaw = flawOf(trimmed, secret)
  if (flaw === undefined) return { ok: true, secret }
  return { ok: false, complaint: `${flaw}. Make one with: ${secretCommand}` }
}

function decoded(text: string): Buffer {
  if (/^(?:[\da-f]{2})+$/i.test(text)) return Buffer.from(text, 'hex')
  for (const encoding of ['base64url', 'base64'] as const) {
    const bytes = Buffer.from(text, encoding)
    const again = bytes.toString(encoding)
    if (again === text || again.replace(/=+$/, '') === text) return bytes
  }
  return Buffer.from(text)
}

function flawOf(text: string, secret: Buffer): string | undefined {
  if (text === '') return 'is empty'
  if (publishedSecrets.some((one) => decoded(one).equals(secret))) {
    return 'is an example out of a document'
  }
  if (isPlaceholder(text)) return 'is a placeholder, not a secret'
  if (secret.length < least) {
    return `is too short: ${secret.length} ${secret.length === 1 ? 'byte' : 'bytes'} where at least ${least} are needed`
  }
  // As decoded and as written: a pattern may show in only one of them.
  return isUniform(secret) || isPattern(secret) || isPattern(Buffer.from(text))
    ? 'follows a pattern'
    : undefined
}

/** Whether next to nothing is left without the words people put where a secret should be. */
function isPlaceholder(text: string): boolean {
  const letters = text.toLowerCase().replace(/[^a-z]/g, '')
  const rest = letters.replace(placeholders, '')
  return letters.length - rest.length >= 3 && rest.length * 4 <= letters.length
}

/** 32 random bytes show about 30 values; fewer than 10 less often than once in 2^80. */
function isUniform(bytes: Buffer): boolean {
  return new Set(bytes).size < 10
}

/** Whether it repeats a piece of itself, or goes from byte to byte in hardly any but equal steps. */
function isPattern(bytes: Buffer): boolean {
  const steps = bytes.subarray(1).map((byte, i) => byte - (bytes[i] ?? 0))
  return isRepetition(bytes) || new Set(steps).size < 8
}

/** Whether it is one piece of at most half its length over and over. */
function isRepetition(bytes: Buffer): boolean {
  for (let period = 1; period <= bytes.length / 2; period++) {
    if (bytes.subarray(period).equals(bytes.subarray(0, -period))) return true
  }
  return false
}
