/**
 * Records: what was recorded, for those who look at it or verify it. Whatever is long is read in slices
 * that let others take a turn.
 *
 * @module
 */
import { setImmediate as turn } from 'node:timers/promises'
import { type RawBuilder, sql } from 'kysely'
import type { RecordPlace, Records, RecordsAsked } from '../audit-ports.ts'
import type { AuditRow } from '../rules/audit.ts'
import type { Checkpoint } from '../rules/audit-seal.ts'
import { chainsAmong } from './chains.ts'
import type { Row } from './database.ts'
import { keepingOf } from './keeping.ts'
import type { Site } from './shapes.ts'
import { most } from './show.ts'

/** Slices that one page looks through for rare records before it says how far it came. */
const slicesAPage = 50

export const recordsOf = (site: Site): Records => ({
  page: (asked, from) => pageOf(site, asked, from),
  chains: (after = '') => chainsAmong(site, sql`> ${after}`),

  async chain(name) {
    const { found } = await chainsAmong(site, sql`= ${name}`)
    return found[0]
  },

  async stretch(chain, after, limit) {
    const length = Math.min(limit, most)
    const [rows = [], checkpoints = []] = await read(site, [
      sql`select * from audit where chain = ${chain} and seq > ${after} order by seq limit ${length}`,
      sql`select chain, seq, "at", mac, seal from audit_checkpoints
        where chain = ${chain} and seq > ${after} and seq <= ${after + length} order by seq`,
    ])
    await turn()
    return {
      rows: rows as unknown as AuditRow[],
      checkpoints: checkpoints as unknown as Checkpoint[],
    }
  },

  ...keepingOf(site),
})

async function read(
  { builder, read }: Site,
  queries: readonly RawBuilder<unknown>[],
): Promise<readonly (readonly Row[])[]> {
  return (await read(() => queries.map((query) => query.compile(builder)))).rows
}

async function pageOf(
  site: Site,
  asked: RecordsAsked,
  { after, limit }: { readonly after?: RecordPlace | undefined; readonly limit: number },
): ReturnType<Records['page']> {
  const items: AuditRow[] = []
  let from = after
  for (let slices = 0; slices < slicesAPage; slices++) {
    // One more than asked for tells whether there are more.
    const { found, end } = await sliceOf(site, asked, from, limit + 1 - items.length)
    items.push(...found)
    if (items.length > limit) {
      items.length = limit
      return { items, next: placeOf(items.at(-1)) }
    }
    if (!end) return { items, next: undefined }
    from = end
    await turn()
  }
  return { items, next: from }
}

/** Some of the records after a place, and where that slice ends; nothing when all ends with it. */
async function sliceOf(
  site: Site,
  asked: RecordsAsked,
  after: RecordPlace | undefined,
  limit: number,
): Promise<{ readonly found: readonly AuditRow[]; readonly end: RecordPlace | undefined }> {
  const { types } = asked
  if (!types) {
    const length = Math.min(limit, most)
    const [rows = []] = await read(site, [selectRecords(asked, after, length)])
    const found = rows as unknown as AuditRow[]
    return { found, end: found.length < length ? undefined : placeOf(found.at(-1)) }
  }
  const slice = selectRecords(asked, after, most)
  const among = sql.join(types)
  const [rows = [], ends = []] = await read(site, [
    sql`select * from (${slice}) as slice where type in (${among}) ${inOrder(asked)} limit ${limit}`,
    sql`select "at", chain, seq from (${slice}) as slice ${inOrder(asked)} limit 1 offset ${most - 1}`,
  ])
  return {
    found: rows as unknown as AuditRow[],
    end: placeOf(ends[0] as RecordPlace | undefined),
  }
}

const placeOf = (row: RecordPlace | undefined): RecordPlace | undefined =>
  row && { at: row.at, chain: row.chain, seq: row.seq }

const inOrder = ({ order }: RecordsAsked) =>
  order === 'newest first'
    ? sql`order by "at" desc, chain desc, seq desc`
    : sql`order by "at", chain, seq`

/** The records after a place, whatever their type. */
function selectRecords(asked: RecordsAsked, after: RecordPlace | undefined, limit: number) {
  const { user, from, to, order } = asked
  const newest = order === 'newest first'
  const conditions = [
    ...(from === undefined ? [] : [sql`"at" >= ${from}`]),
    ...(to === undefined ? [] : [sql`"at" < ${to}`]),
    ...(after ? [newest ? isBefore(after) : isBehind(after)] : []),
  ]
  const where = (more: readonly RawBuilder<unknown>[]) => {
    const all = [...more, ...conditions]
    const held = all.length === 0 ? sql`` : sql`where ${sql.join(all, sql` and `)}`
    return sql`select * from audit ${held} ${inOrder(asked)} limit ${limit}`
  }
  if (user === undefined) return where([])
  const who = `user:${user}`
  // What a person did to itself stands under `subject` already; and so says the index.
  const toOthers = sql`actor <> 'anonymous' and actor is distinct from subject`
  return sql`select * from (
      select * from (${where([sql`subject = ${who}`])}) as about
      union all
      select * from (${where([sql`actor = ${who}`, toOthers])}) as did
    ) as theirs ${inOrder(asked)} limit ${limit}`
}

// The first half is what an index on the instant alone is searched by.
const isBefore = ({ at, chain, seq }: RecordPlace) =>
  sql`"at" <= ${at} and ("at", chain, seq) < (${at}, ${chain}, ${seq})`

const isBehind = ({ at, chain, seq }: RecordPlace) =>
  sql`"at" >= ${at} and ("at", chain, seq) > (${at}, ${chain}, ${seq})`
