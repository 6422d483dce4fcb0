/**
 * Endings: when and why the trust in somebody's sessions ended, for all of an earlier version at once.
 * Each session is over by the first that came after it, whatever came later.
 *
 * @module
 */
import type { EndReason, User } from './facts.ts'
import type { Instant } from './time.ts'

export interface Ending {
  readonly at: Instant
  readonly reason: EndReason
}

/** The version that began with it, and the ending itself. */
type Kept = readonly [version: number, at: Instant, reason: EndReason]

/** As many are kept: of a session from before all of them the oldest is told. */
const most = 20

const keptOf = ({ endings }: Pick<User, 'endings'>): readonly Kept[] =>
  // Written only here.
  endings === null ? [] : JSON.parse(endings)

/** What is kept of a user's endings with one more. @param version The one that begins with it. */
export const withEnding = (user: User, version: number, { at, reason }: Ending): string =>
  JSON.stringify([...keptOf(user), [version, at, reason] satisfies Kept].slice(-most))

/** How what was given out under another version of this user came to be over. */
export function endingOf(user: Pick<User, 'endings'>, version: number): Ending {
  const [, at = 0, reason = 'password_changed'] =
    keptOf(user).find(([next]) => next > version) ?? []
  return { at, reason }
}
