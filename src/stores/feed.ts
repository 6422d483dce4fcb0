/**
 * The feed in SQL: what a step tells in its own transaction, what a node looks at, and what whoever
 * waits for the others reads.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Instant } from '../rules/time.ts'
import type { Subject } from '../rules/trust.ts'
import type { Database, NodeRow, Query, Revocations } from './database.ts'
import type { Site } from './shapes.ts'

/** Where nodes on PostgreSQL hear that the feed has grown. */
export const channel = 'sallyport_feed'

/** What a node looks at is at most so long; one that is further behind forgets everything. */
const mostEntries = 1_000
/** How many entries are kept. */
const keptEntries = 10_000

/** As an entry has it. */
export const saidOf = (subjects: readonly Subject[]): string => subjects.join(' ')

/**
 * Tells the feed, as part of a step. The end of the feed stays locked until the commit, so entries
 * are seen in their order: who has seen one has seen all before it.
 */
export function telling(
  { builder, dialect, shaped }: Site,
  subjects: readonly Subject[],
  at: Instant,
): Query[] {
  if (subjects.length === 0) return []
  const said = saidOf(subjects)
  return [
    shaped('move feed', [], () =>
      sql`update feed set head = head + 1 where id = 'feed'`.compile(builder),
    ),
    shaped('tell feed', [said, at], () =>
      sql`insert into revocations (seq, subjects, at)
        select head, cast(${said} as text), cast(${at} as bigint) from feed`.compile(builder),
    ),
    ...(dialect === 'postgres'
      ? [shaped('notify', [], () => sql.raw(`select pg_notify('${channel}', '')`).compile(builder))]
      : []),
  ]
}

type Builder = Database['builder']
type Shaping = Pick<Site, 'builder' | 'shaped'>

/** How things stand for one node. */
export interface Looked {
  readonly epoch: number
  readonly head: number
  /** Of its own row; null when it has none. */
  readonly beats: number | null
}

/** What a node looks at in one snapshot: {@link Looked} in the first, entries in the second. */
export const looking = ({ builder, shaped }: Shaping, node: string, applied: number): Query[] => [
  shaped('look', [node], () =>
    sql`select instance.epoch, feed.head, nodes.beats from instance
      cross join feed left join nodes on nodes.id = ${node}`.compile(builder),
  ),
  shaped('entries', [applied, mostEntries], () =>
    builder
      .selectFrom('revocations')
      .select(['seq', 'subjects'])
      .where('seq', '>', applied)
      .orderBy('seq')
      .limit(mostEntries)
      .compile(),
  ),
]

export type Entry = Pick<Revocations, 'seq' | 'subjects'>

/** Whether entries run without a hole from one place to another. */
export const isWhole = (entries: readonly Entry[], from: number, to: number): boolean =>
  entries.length === to - from && entries.every(({ seq }, at) => seq === from + at + 1)

/** Everybody, in one snapshot with the end of the feed: {@link NodeRow} in the first. */
export const everybody = ({ builder, shaped }: Shaping): Query[] => [
  shaped('nodes', [mostEntries], () => nodesOf(builder)),
  shaped('end of feed', [], () => builder.selectFrom('feed').select('head').compile()),
]

/** All nodes that have a row. */
export const nodesOf = (builder: Builder): Query =>
  builder.selectFrom('nodes').selectAll().limit(mostEntries).compile()

/** Writes a node's row, whether it is there or not. */
export const registering = (builder: Builder, row: NodeRow): Query =>
  builder
    .insertInto('nodes')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .compile()

/** Writes a node's row where it is there. */
export const beating = ({ builder, shaped }: Shaping, { id, applied, beats }: NodeRow): Query =>
  shaped('beat', [applied, beats, id], () =>
    builder.updateTable('nodes').set({ applied, beats }).where('id', '=', id).compile(),
  )

/** Forgets a node, unless it has moved. */
export const forgetting = (builder: Builder, { id, beats }: Pick<NodeRow, 'id' | 'beats'>): Query =>
  builder.deleteFrom('nodes').where('id', '=', id).where('beats', '=', beats).compile()

export const leaving = (builder: Builder, id: string): Query =>
  builder.deleteFrom('nodes').where('id', '=', id).compile()

/** Removes entries that were heard long ago. Who has not heard them finds a hole. */
export const trimming = (builder: Builder, head: number): Query | undefined =>
  head <= keptEntries
    ? undefined
    : sql`delete from revocations where seq in (select seq from revocations
        where seq <= ${head - keptEntries} order by seq limit 500)`.compile(builder)
