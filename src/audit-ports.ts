/**
 * The ports of the audit: how it is read and kept. What a step records goes through the store, with the
 * change it belongs to.
 *
 * @module
 */
import type { AuditRow, ChainHead } from './rules/audit.ts'
import type { Checkpoint } from './rules/audit-seal.ts'
import type { Instant, Millis } from './rules/time.ts'

/** Which records: those of which all of this holds. */
export interface RecordsAsked {
  readonly types?: readonly string[] | undefined
  /** About the person with this id, or done by that person. */
  readonly user?: string | undefined
  /** Not earlier than this. */
  readonly from?: Instant | undefined
  /** Earlier than this. */
  readonly to?: Instant | undefined
  /** By instant, then chain, then number. */
  readonly order: 'newest first' | 'oldest first'
}

/** Where a record stands among all. */
export type RecordPlace = Pick<AuditRow, 'at' | 'chain' | 'seq'>

/** A chain of the audit, as it is found in one snapshot. */
export interface ChainFound {
  readonly chain: string
  /** Where it ends as its writer has it; `undefined` where rows have no end. */
  readonly head: ChainHead | undefined
  /** The lowest and the highest number among its rows; 0 where there are none. */
  readonly first: number
  readonly last: number
  /** Up to where its rows were removed in time. */
  readonly boundary: Checkpoint | undefined
  /** The first checkpoint behind that, and the last one. */
  readonly oldest: KeptCheckpoint | undefined
  readonly newest: KeptCheckpoint | undefined
}

/** A checkpoint as it is kept: with the end of the segment before its own. */
export interface KeptCheckpoint extends Checkpoint {
  readonly opens: number
  readonly opensAt: Instant
}

/** What was recorded, read past every step: it decides nothing. Long lists let others take turns. */
export interface Records {
  /**
   * The records after a place, at most `limit` (1,000). With `types` they may be fewer although more
   * come: `next` says whether.
   */
  page(
    asked: RecordsAsked,
    from: { readonly after?: RecordPlace | undefined; readonly limit: number },
  ): Promise<{ readonly items: readonly AuditRow[]; readonly next: RecordPlace | undefined }>

  /** The chains there are, in order of their names, some hundred at a time. */
  chains(after?: string): Promise<{ readonly found: readonly ChainFound[]; readonly next?: string }>

  /** One chain. */
  chain(name: string): Promise<ChainFound | undefined>

  /** The rows of a chain after a number, in order, and the checkpoints among the next `limit` numbers. */
  stretch(
    chain: string,
    after: number,
    limit: number,
  ): Promise<{ readonly rows: readonly AuditRow[]; readonly checkpoints: readonly Checkpoint[] }>

  /** Whether `node` keeps the audit for the next `lease`: one node at a time does. */
  keeps(node: string, lease: Millis): Promise<boolean>

  /** Lets another node keep it at once. */
  resigns(node: string): Promise<void>

  /** The chains that go further than was shipped, in order of their names, and from where on. */
  unshipped(after: string): Promise<{
    readonly found: readonly {
      readonly chain: string
      readonly seq: number
      readonly from: number
    }[]
    readonly next?: string
  }>

  /** Notes how far a chain was shipped. */
  shipped(chain: string, seq: number): Promise<void>

  /** Keeps a checkpoint, and those before it only as far as they end a segment. */
  seal(checkpoint: KeptCheckpoint): Promise<void>

  /** Keeps a boundary further on than the one before. */
  bound(boundary: Checkpoint): Promise<void>

  /** Removes rows up to a boundary, at most `limit`, and then its checkpoints. @returns How many rows. */
  trim(boundary: Checkpoint, limit: number): Promise<number>
}

/** What is carried outside: a record or a checkpoint, as one line of JSON. */
export interface Carried {
  readonly line: string
  /** What it is: an event, or `audit.checkpoint`. */
  readonly name: string
  /** When that was, ISO 8601 UTC. */
  readonly at: string
  readonly refused: boolean
}

/** Where the audit is carried to. */
export interface AuditSink {
  /** Settles when it was handed over. In order, and at least once. */
  ship(told: readonly Carried[]): Promise<void>
  close(): Promise<void>
}
