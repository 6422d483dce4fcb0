/**
 * Statements as PostgreSQL is sent them: named, so that each text is parsed once a connection, and
 * several selects gathered into one.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { QueryConfig } from 'pg'
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
    // Kysely writes every value as a parameter, so a `$` in its text is nothing else.
    const text = sql.replace(/\$(\d+)/g, (_, n) => `$${Number(n) + before}`)
    return `(select coalesce(json_agg(r), '[]') from (${text}) as r)`
  })
  return {
    sql:
      `with clock as materialized (select ${clock} as now) ` +
      `select (select now from clock) as now, json_build_array(${answers.join(', ')}) as rows`,
    parameters,
  }
}
