/**
 * Retirement: when a root secret may go. It stays as long as anything alive was made under it; after
 * that it only checks records, which it does for ever.
 *
 * @module
 */
import { type Instant, type Millis, minute } from './time.ts'

/** What still rests on a root secret. */
export interface KeyUses {
  /** Live sessions whose tokens may have been made under it, and when the last is over. */
  readonly sessions: { readonly count: number; readonly until: Instant | null }
  /** Trusted devices whose cookies may have been made under it, and when the last runs out. */
  readonly devices: { readonly count: number; readonly until: Instant | null }
  /** API keys that live and were last used, or made, under it; a use makes the digest anew. */
  readonly keys: { readonly count: number; readonly until: Instant | null }
  /** People whose password was hashed under it: each is hashed anew at the next sign-in. */
  readonly passwords: number
}

/**
 * What was made up to so long after a rotation may have been made under the secret before it: a
 * sign-in that was under way.
 */
export const underWay: Millis = minute

/** Whether nothing needs it. */
export const isUnused = ({ sessions, devices, keys, passwords }: KeyUses): boolean =>
  sessions.count + devices.count + keys.count + passwords === 0
