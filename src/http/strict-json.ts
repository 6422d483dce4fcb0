/**
 * Strict JSON: what `JSON.parse` takes, less everything two parsers could read differently. The text
 * is parsed by the platform; a scan over what is then known to be JSON looks for the rest.
 *
 * @module
 */

export type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly why: Flaw }

/** Why a text is refused; for logs. */
export type Flaw =
  | 'not_json'
  | 'too_deep'
  | 'duplicate_key'
  | 'forbidden_key'
  | 'number_out_of_range'
  | 'lone_surrogate'

/** A string, a number, or one of the characters that open, close and part; literals are passed over. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|[{}[\],]/g

/** Objects and arrays within each other, the outermost counted. */
const deepest = 32

/**
 * Parses JSON, refusing a byte order mark, nesting over 32, one key twice in an object (whatever its
 * spelling), the key `__proto__`, numbers too large for a double, and halves of surrogate pairs.
 *
 * @see RFC 8259; RFC 7493 (I-JSON) 2.1–2.3; OWASP ASVS 5.0 V1.5.2, V1.5.3
 */
export function parseStrictJson(text: string): Parsed {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, why: 'not_json' }
  }
  const why = flawOf(text)
  return why ? { ok: false, why } : { ok: true, value }
}

/** @param text JSON, known to be well formed. */
function flawOf(text: string): Flaw | undefined {
  // One entry an open container: the keys seen of an object, `undefined` for an array.
  const open: (Set<string> | undefined)[] = []
  let keyComes = false
  for (const [piece] of text.matchAll(token)) {
    const keys = open.at(-1)
    if (piece === '{' || piece === '[') {
      if (open.length === deepest) return 'too_deep'
      open.push(piece === '{' ? new Set() : undefined)
      keyComes = piece === '{'
    } else if (piece === '}' || piece === ']') {
      open.pop()
      keyComes = false
    } else if (piece === ',') {
      keyComes = keys !== undefined
    } else if (piece[0] !== '"') {
      if (!Number.isFinite(Number(piece))) return 'number_out_of_range'
    } else {
      const string: string = piece.includes('\\') ? JSON.parse(piece) : piece.slice(1, -1)
      if (!string.isWellFormed()) return 'lone_surrogate'
      if (!keyComes || !keys) continue
      if (string === '__proto__') return 'forbidden_key'
      if (keys.has(string)) return 'duplicate_key'
      keys.add(string)
      keyComes = false
    }
  }
  return undefined
}
