/**
 * Where to go after signing in, taken from an address a stranger may have written. Only a path of
 * this very origin is ever answered, so that the sign-in page cannot send anybody elsewhere.
 */

/**
 * `wanted` as path, query and fragment when it is a path of `origin`; otherwise `undefined`.
 * Refuses schemes, `//host`, backslashes, control characters and anything that does not begin
 * with one slash.
 */
export function returnPath(wanted: unknown, origin: string): string | undefined {
  if (typeof wanted !== 'string' || !/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(wanted)) return undefined
  if (!URL.canParse(wanted, origin)) return undefined
  const { origin: reached, pathname, search, hash } = new URL(wanted, origin)
  // Dots may fold a path to one that begins with two slashes, which a browser reads as a host.
  if (reached !== new URL(origin).origin || pathname.startsWith('//')) return undefined
  return pathname + search + hash
}
