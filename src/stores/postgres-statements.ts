/**
 * Statements as PostgreSQL is sent them: named, so that each text is parsed once a connection, and
 * several selects gathered into one.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { PoolClient, QueryConfig, QueryResult } from 'pg'
import type { Instant } from '../rules/time.ts'
import type { Query } from './database.ts'

/** @returns A function that puts a query under the name of its text. */
export function naming(): (query: Query) => QueryConfig {
  const names = new Map<string, string>()
  return ({ sql: text, parameters }) => {
    let name = names.get(text)
    // A server keeps every name for as long as a connection lives: texts without end get none.
    if (!name && names.size < 500) {
      name = `sallyport_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
      names.set(text, name)
    }
    return { ...(name && { name }), text, values: [...parameters] }
  }
}

/**
 * Sends queries without waiting for each other, and in one packet: each write to the socket costs as much
 * as all else that is done for a query.
 */
export function atOneGo(
  client: PoolClient,
  queries: readonly (string | QueryConfig)[],
): Promise<PromiseSettledResult<QueryResult>[]> {
  const { stream } = client.connection
  stream.cork()
  try {
    return Promise.allSettled(queries.map((query) => client.query(query)))
  } finally {
    stream.uncork()
  }
}

/**
 * What a step writes as one statement, which is a transaction of its own: one record at most is written,
 * the last one, while all others are looked at and held.
 *
 * @returns Nothing where more than one is written, for one that misses could not undo the others.
 */
export function atOnce(writes: readonly Query[]): Query | undefined {
  const [last, ...looks] = writes.toReversed()
  if (!last || !looks.every(({ sql }) => sql.startsWith('select'))) return undefined
  if (looks.length === 0) return last
  if (!last.sql.startsWith('update')) return undefined
  const parameters: unknown[] = [...last.parameters]
  const held = looks.toReversed().map(({ sql, parameters: own }, at) => {
    const before = parameters.length
    parameters.push(...own)
    return `held${at} as (${numberedFrom(before, sql)})`
  })
  // In this order, as in a transaction of many statements: so that steps never deadlock.
  const all = held.map((_, at) => `exists (select from held${at})`).join(' and ')
  return { sql: `with ${held.join(', ')} ${last.sql} and ${all}`, parameters }
}

// Kysely writes every value as a parameter, so a `$` in its text is nothing else.
const numberedFrom = (before: number, text: string): string =>
  text.replace(/\$(\d+)/g, (_, n) => `$${Number(n) + before}`)

/**
 * Gathers selects into one statement that also looks at the clock, once, after its snapshot was
 * taken: no instant it shows is later than its `now`.
 *
 * @param now Stands for the clock of the database.
 * @returns A query of one row: `now`, and `rows` as an array of arrays of objects.
 */
export function together(queries: readonly Query[], now: Instant | undefined): Query {
  const parameters: unknown[] = now === undefined ? [] : [now]
  const clock =
    now === undefined ? 'floor(extract(epoch from clock_timestamp()) * 1000)::bigint' : '$1::bigint'
  const answers = queries.map(({ sql, parameters: own }) => {
    const before = parameters.length
    parameters.push(...own)
    // Not by `json_agg`, which costs the server a fifth more of all of it.
    return `array_to_json(array(select row_to_json(r) from (${numberedFrom(before, sql)}) as r))`
  })
  return {
    sql:
      `with clock as materialized (select ${clock} as now) ` +
      `select (select now from clock) as now, json_build_array(${answers.join(', ')}) as rows`,
    parameters,
  }
}
