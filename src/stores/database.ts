/**
 * What a database is to the store: it reads, it commits, it has one clock. Queries are built for it
 * in its own dialect and carried to it whole, so no transaction is ever held open over a wait.
 *
 * @module
 */
import {
  type CompiledQuery,
  DummyDriver,
  type Expression,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteQueryCompiler,
} from 'kysely'
import type { KeptCheckpoint } from '../audit-ports.ts'
import type { Random } from '../ports.ts'
import type { AuditRow, ChainHead } from '../rules/audit.ts'
import type { Checkpoint } from '../rules/audit-seal.ts'
import type { Facts, Kind } from '../rules/facts.ts'
import type { Instant, Millis } from '../rules/time.ts'

/** The tables: every fact with its hidden revision, the audit records and the ends of their chains. */
export type Tables = {
  [K in Kind]: Facts[K] & {
    /** Random text that moves with every write of the record. No rule ever sees it. */
    readonly revision: string
  }
} & {
  readonly audit: AuditRow
  readonly audit_chains: ChainHead
  readonly audit_checkpoints: KeptCheckpoint
  readonly audit_boundaries: Checkpoint
  readonly audit_shipped: { readonly chain: string; readonly seq: number }
  readonly audit_keeper: { readonly id: 'keeper'; readonly node: string; readonly until: Instant }
  readonly feed: { readonly id: 'feed'; readonly head: number }
  readonly revocations: Revocations
  readonly nodes: NodeRow
}

/** What one step revoked. Without a hole, in the order of the commits. */
export interface Revocations {
  readonly seq: number
  /** With spaces between. */
  readonly subjects: string
  readonly at: Instant
}

/** A process that answers from memory. */
export interface NodeRow {
  readonly id: string
  readonly lease: Millis
  /** It remembers nothing that was revoked up to here. */
  readonly applied: number
  /** Goes up for as long as it lives. */
  readonly beats: number
}

export type Row = Readonly<Record<string, unknown>>

/** A statement ready to be carried over. */
export type Query = Pick<CompiledQuery, 'sql' | 'parameters'>

/** What a step writes. */
export interface Writes {
  /** In the order given; each must meet exactly one row. When `head` moves, the last one moves it. */
  readonly writes: readonly Query[]
  /** The end of the audit chain after them. */
  readonly head: ChainHead
}

/** One SQL database, opened and migrated. Every method throws `Unavailable` when it is away. */
export interface Database {
  readonly dialect: 'sqlite' | 'postgres'

  /** Builds queries in the database's dialect. It cannot run them. */
  readonly builder: Kysely<Tables>

  /** 128 random bits, base64url, written with the first migration. */
  readonly instanceId: string

  /**
   * The clock that all nodes share, as far as this one knows it: what the last read told, and the own
   * monotonic time since. Awaits nothing; a node whose own clock is wrong judges as the others do.
   */
  now(): Instant

  /**
   * Runs selects in one snapshot, and looks at the clock that all nodes share.
   *
   * @param ask Builds the selects; the expression it is given stands for the `now` of the answer.
   * @returns The rows of each select, in its order.
   */
  read(ask: (now: Expression<Instant>) => readonly Query[]): Promise<{
    readonly now: Instant
    readonly rows: readonly (readonly Row[])[]
  }>

  /**
   * Runs writes in one durable transaction. Two writers never have the same chain at once.
   *
   * @param build Builds the writes onto the end of a chain; may run again. A chain at `seq` 0 has no
   *   row yet.
   * @returns Whether it is done. False, and nothing is done, when a write met other than one row.
   */
  commit(build: (head: ChainHead) => Writes): Promise<boolean>

  /** Runs one write in a transaction of its own, durably. @returns How many rows it met. */
  write(query: Query): Promise<number>

  /**
   * Opens a way of its own for a node, so that it hears even when requests have taken all others.
   *
   * @param hint Called when somebody else may have written. It may come late, or not at all.
   */
  line(hint: () => void): Line

  close(): Promise<void>
}

/** A node's own way to the database. Every method throws `Unavailable` when that is away. */
export interface Line {
  /** Runs selects in one snapshot. @returns The rows of each, in its order. */
  read(queries: readonly Query[]): Promise<readonly (readonly Row[])[]>
  /** Runs one write, durably. @returns How many rows it met. */
  write(query: Query): Promise<number>
  close(): Promise<void>
}

/** The ends of audit chains that no writer holds. */
export interface Chains {
  /** Takes an end to build on; a new chain under a random name when none is free. */
  take(): ChainHead
  /** Gives back an end that is known to be the one in the database. */
  give(head: ChainHead): void
}

/** Where the chain of that name ends. */
export const endOf = (builder: Kysely<Tables>, chain: string): Query =>
  builder.selectFrom('audit_chains').selectAll().where('chain', '=', chain).compile()

/**
 * One chain a writer: as many as ever wrote at once. A writer that cannot tell how its transaction
 * ended does not give its chain back, and nothing is ever built on it again.
 */
export function chainsOf(random: Random): Chains {
  const free: ChainHead[] = []
  return {
    take: () => free.pop() ?? { chain: random.bytes(12).toString('base64url'), seq: 0, mac: '' },
    give: (head) => void free.push(head),
  }
}

/** A query builder that only compiles. */
export function builderFor(dialect: Database['dialect']): Kysely<Tables> {
  const lite = dialect === 'sqlite'
  return new Kysely({
    dialect: {
      createAdapter: () => (lite ? new SqliteAdapter() : new PostgresAdapter()),
      createQueryCompiler: () => (lite ? new SqliteQueryCompiler() : new PostgresQueryCompiler()),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createDriver: () => new DummyDriver(),
    },
  })
}
