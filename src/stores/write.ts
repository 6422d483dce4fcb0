/**
 * Writing: deeds and sealed audit records become statements that meet exactly one row when the
 * world is as it was shown, and none when it is not.
 *
 * @module
 */
import { sql } from 'kysely'
import type { AuditRow, ChainHead } from '../rules/audit.ts'
import type { Query, Tables } from './database.ts'
import type { Deed } from './plan.ts'
import type { Site } from './shapes.ts'

/** @param revision The one that every record written now gets. */
export function writeOf(site: Site, deed: Deed, revision: string): Query {
  const { builder, dialect, shaped } = site
  const { kind, id } = deed
  switch (deed.act) {
    case 'insert':
      return inserting(site, kind, { ...storable(deed.fact), revision })
    case 'update':
    case 'move': {
      const changed = deed.act === 'update' ? storable(deed.changed) : {}
      const values = { ...changed, revision }
      const guard = deed.revision === undefined ? [] : [deed.revision]
      return shaped(
        `update ${kind} ${Object.keys(values)} ${guard.length}`,
        [...Object.values(values), id, ...guard],
        () => {
          const update = builder.updateTable(kind).set(values as never)
          const here = update.where(sql.ref('id'), '=', id)
          return (deed.revision ? here.where(shownWith(deed.revision)) : here).compile()
        },
      )
    }
    case 'forget': {
      const removal = builder.deleteFrom(kind).where(sql.ref('id'), '=', id)
      return removal.where(shownWith(deed.revision)).compile()
    }
    case 'check':
      return shaped(`check ${kind}`, [id, deed.revision], () => {
        const look = builder.selectFrom(kind).select('id').where(sql.ref('id'), '=', id)
        const check = look.where(shownWith(deed.revision))
        // SQLite has one writer, and this is it. Elsewhere the record must stay until the commit.
        return (dialect === 'sqlite' ? check : check.forShare()).compile()
      })
  }
}

/** An insert that meets no row where the record, or one with the same unique key, is there already. */
function inserting({ builder, shaped }: Site, table: keyof Tables, row: object): Query {
  return shaped(`insert ${table} ${Object.keys(row)}`, Object.values(row), () =>
    builder
      .insertInto(table)
      .values(row as never)
      .onConflict((conflict) => conflict.doNothing())
      .compile(),
  )
}

const shownWith = (revision: string) => sql<boolean>`${sql.ref('revision')} = ${revision}`

/** The sealed records and, last, the new end of their chain. None for no record. */
export function recordOf(
  site: Site,
  held: ChainHead,
  sealed: { readonly rows: readonly AuditRow[]; readonly head: ChainHead },
): Query[] {
  if (sealed.rows.length === 0) return []
  const records = sealed.rows.map((row) => inserting(site, 'audit', row))
  if (held.seq === 0) return [...records, inserting(site, 'audit_chains', sealed.head)]

  const { chain, seq, mac } = sealed.head
  const end = site.shaped('move chain', [seq, mac, chain, held.seq, held.mac], () =>
    site.builder
      .updateTable('audit_chains')
      .set({ seq, mac })
      .where('chain', '=', chain)
      .where('seq', '=', held.seq)
      .where('mac', '=', held.mac)
      .compile(),
  )
  return [...records, end]
}

/**
 * The same with text as every database gives it back: neither half surrogates nor U+0000, which
 * become U+FFFD. What is sealed must be what is read, or the chain would look tampered with.
 */
export function storable<R extends object>(row: R): R {
  const entries = Object.entries(row).map(([name, value]) => [
    name,
    typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\ufffd') : value,
  ])
  return Object.fromEntries(entries) as R
}
