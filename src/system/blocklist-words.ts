/**
 * The list itself, unpacked as soon as this is imported: import it through `blocklist.ts`.
 *
 * @module
 */
import { dictionary } from '@zxcvbn-ts/language-common'

export const commonPasswords: ReadonlySet<string> = new Set(
  dictionary['passwords-common'].map((password) => String(password).toLowerCase()),
)
