/**
 * Planning a step: from what was shown and what the rule keeps to one deed a record. A deed meets
 * its one row only if nothing has changed, and that is all the concurrency control there is.
 *
 * @module
 */
import { devicesOf, keysOf, type Many, owners, sessionsOf, ticketsOf } from '../ports.ts'
import type { Kind } from '../rules/facts.ts'
import type { Change } from '../rules/step.ts'
import type { Instant } from '../rules/time.ts'
import { mustBeHeard, restsOnEnded, type Subject, subjectOf } from '../rules/trust.ts'
import type { Row } from './database.ts'
import { keyOf, type Seen } from './show.ts'

/** What is done to one record. With a `revision`, only while it still has that one. */
export type Deed = { readonly kind: Kind; readonly id: string } & (
  | { readonly act: 'check'; readonly revision: string }
  | { readonly act: 'move'; readonly revision: string | undefined }
  | { readonly act: 'insert'; readonly fact: Row }
  | { readonly act: 'update'; readonly revision: string; readonly fact: Row; readonly changed: Row }
  | { readonly act: 'forget'; readonly revision: string }
)

/** The order in which records are written, the same in every step, so that steps never deadlock. */
const order = {
  instance: 0,
  attempts: 1,
  users: 2,
  devices: 3,
  sessions: 4,
  keys: 5,
  tickets: 6,
  presence: 7,
} as const satisfies Record<Kind, number>

/** Every list there is. A ref to a list that is not here is refused before anything is read. */
const lists: readonly Many[] = [sessionsOf(''), devicesOf(''), keysOf(''), ticketsOf(''), owners()]

/** @throws When a list is asked whose members would be written without moving its owner. */
export function refuseUnknownList(list: Many): void {
  const known = ({ many, by, owner, ownedBy, live }: Many) =>
    many === list.many &&
    by === list.by &&
    owner === list.owner &&
    ownedBy === list.ownedBy &&
    live.open === list.live.open
  if (!lists.some(known)) throw new Error(`no list of ${list.many} by ${list.by} in stores/plan.ts`)
}

/**
 * @returns One deed a record, in the order to carry them out.
 * @throws When a rule changes one record twice or forgets what it was not shown.
 */
export function plan(seen: ReadonlyMap<string, Seen>, changes: readonly Change[]): Deed[] {
  const deeds = new Map<string, Deed>()
  for (const change of changes) {
    const deed = deedOf(seen, change)
    const key = keyOf(deed.kind, deed.id)
    if (deeds.has(key)) throw new Error(`a step changes ${key} twice`)
    deeds.set(key, deed)
  }
  for (const { kind, id } of ownersMoved(seen, [...deeds.values()])) {
    const key = keyOf(kind, id)
    // A write of the owner itself moves it already.
    if (!deeds.has(key))
      deeds.set(key, { act: 'move', kind, id, revision: seen.get(key)?.revision })
  }
  for (const [key, { kind, id, revision, guarded }] of seen) {
    if (guarded && !deeds.has(key)) deeds.set(key, { act: 'check', kind, id, revision })
  }
  return [...deeds.values()].sort((a, b) => order[a.kind] - order[b.kind] || (a.id < b.id ? -1 : 1))
}

function deedOf(seen: ReadonlyMap<string, Seen>, change: Change): Deed {
  const { kind } = change
  if ('forget' in change) {
    const shown = seen.get(keyOf(kind, change.forget))
    if (!shown) throw new Error(`a step forgets ${kind} ${change.forget} without having seen it`)
    return { act: 'forget', kind, id: shown.id, revision: shown.revision }
  }
  const fact: Row = { ...change.keep }
  const { id } = change.keep
  const shown = seen.get(keyOf(kind, id))
  if (!shown) return { act: 'insert', kind, id, fact }
  const { revision } = shown
  return { act: 'update', kind, id, revision, fact, changed: changedIn(fact, shown.fact) }
}

/**
 * What is said of a step that is done: which records it wrote, for this node's own memory, and which of
 * them every node must hear of.
 */
export function toldBy(
  seen: ReadonlyMap<string, Seen>,
  deeds: readonly Deed[],
  now: Instant,
): { touched: Subject[]; revoked: Subject[] } {
  const written = deeds.filter(({ act }) => act === 'update' || act === 'forget')
  const heard = written.filter((deed) => {
    const before = seen.get(keyOf(deed.kind, deed.id))?.fact
    return mustBeHeard(deed.kind, before, 'fact' in deed ? deed.fact : undefined, now)
  })
  const named = (some: readonly Deed[]) => some.map(({ kind, id }) => subjectOf(kind, id))
  return { touched: named(written), revoked: named(heard) }
}

/** Whether a step rests on what others may not have heard of yet. */
export const isResting = (seen: ReadonlyMap<string, Seen>, kept: readonly Change[]): boolean =>
  [...seen.values()].some(({ kind, fact }) => restsOnEnded(kind, fact, kept.length > 0))

/** Only what differs is written: a column that is named again costs a page of each of its indexes. */
function changedIn(fact: Row, before: Row): Row {
  return Object.fromEntries(Object.entries(fact).filter(([name, value]) => value !== before[name]))
}

/**
 * The owners of the lists that gain or lose a member, whether the list was asked or not. A member
 * that leaves only because its time is over moves nobody: the clock is not a competitor.
 */
function ownersMoved(seen: ReadonlyMap<string, Seen>, deeds: readonly Deed[]) {
  return deeds.flatMap((deed) =>
    lists
      .filter(({ many }) => many === deed.kind)
      .flatMap(({ by, is, owner, ownedBy, live }) => {
        const under = (fact: Row | undefined) => {
          if (!fact || (live.open !== undefined && fact[live.open] !== null)) return undefined
          const list = String(fact[by])
          if (ownedBy === undefined) return list
          return list === is ? ownedBy : undefined
        }
        const before = under(seen.get(keyOf(deed.kind, deed.id))?.fact)
        const after = under('fact' in deed ? deed.fact : undefined)
        const moved = before === after ? [] : [before, after]
        return moved.filter((id) => id !== undefined).map((id) => ({ kind: owner, id }))
      }),
  )
}
