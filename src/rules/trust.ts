/**
 * Trust: which changes every node must hear of before they are answered. Nothing says "revoke"; what
 * was shown is compared with what is kept, so that no deed can forget to.
 *
 * @module
 */
import type { Facts, Kind } from './facts.ts'
import type { Instant } from './time.ts'

/** A record as the feed names it: `sessions:<id>`, `users:<id>`, `instance:instance`. */
export type Subject = `${Kind}:${string}`

export const subjectOf = (kind: Kind, id: string): Subject => `${kind}:${id}`

/**
 * What may move unheard, because nobody is let in or kept out by it. A column that is not named here
 * is heard of; a kind without a list is remembered by no node.
 */
const unheard: { readonly [K in Kind]: readonly (keyof Facts[K])[] | undefined } = {
  instance: [],
  // The hash moves alone only when the same password is hashed anew.
  users: ['lastLoginAt', 'passwordHash'],
  sessions: [
    'lastActiveAt',
    'idleUntil',
    'generation',
    'digest',
    'previousDigest',
    'rotationSalt',
    'rotationKey',
    'rotatedAt',
  ],
  devices: undefined,
  attempts: undefined,
  keys: ['lastUsedAt'],
  tickets: undefined,
  presence: undefined,
}

/** A record, as far as it is compared. */
type Compared = Readonly<Record<string, unknown>>

/**
 * Whether other nodes must hear that a record they may remember is not what it was.
 *
 * @param before As it was shown; `undefined` for a new one, which nobody remembers.
 * @param after As it is kept; `undefined` when it is forgotten.
 */
export function mustBeHeard(
  kind: Kind,
  before: Compared | undefined,
  after: Compared | undefined,
  now: Instant,
): boolean {
  const quiet: readonly string[] | undefined = unheard[kind]
  if (!quiet || !before) return false
  if (!after) return isAlive(before, now)
  return Object.keys(after).some((name) => after[name] !== before[name] && !quiet.includes(name))
}

/**
 * Whether a deed that was shown this rests on trust that is ended already: it may answer that nobody is
 * let in by it only when every node has heard so.
 *
 * @param kept Whether the deed writes anything. One that found nothing left to do may rest on whatever
 *   it was shown.
 */
export function restsOnEnded(kind: Kind, shown: Compared, kept: boolean): boolean {
  if (!unheard[kind]) return false
  const { endedAt, disabledAt, deletedAt } = shown
  return !kept || [endedAt, disabledAt, deletedAt].some((at) => (at ?? null) !== null)
}

/** Whether somebody may still be let in by a record: a sweep of what is over ends no trust. */
const isAlive = ({ endedAt, deletedAt, expiresAt }: Compared, now: Instant): boolean =>
  (endedAt ?? null) === null &&
  (deletedAt ?? null) === null &&
  !(typeof expiresAt === 'number' && now >= expiresAt)
