/**
 * The common passwords that nobody may choose: about 49,000, shipped with the package, looked up
 * without any network. They are read when the first password is chosen, never at sign-in.
 *
 * @module
 */

/**
 * The list, lower-cased. Read and unpacked at the first call, some 60 ms; after that at hand.
 *
 * @see NIST SP 800-63B-4, 3.1.1.2; OWASP ASVS 5.0 V6.2.4
 */
export async function loadBlocklist(): Promise<ReadonlySet<string>> {
  // A module is evaluated once however often it is imported: that is the whole cache.
  const { commonPasswords } = await import('./blocklist-words.ts')
  return commonPasswords
}
