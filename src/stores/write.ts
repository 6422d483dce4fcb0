/**
 * Writing: deeds and sealed audit records become statements that meet exactly one row when the
 * world is as it was shown, and none when it is not.
 *
 * @module
 */
import { type CompiledQuery, sql } from 'kysely'
import type { AuditRow, ChainHead } from '../rules/audit.ts'
import type { Database } from './database.ts'
import type { Deed } from './plan.ts'

type Site = Pick<Database, 'builder' | 'dialect'>

/** @param revision The one that every record written now gets. */
export function writeOf({ builder, dialect }: Site, deed: Deed, revision: string): CompiledQuery {
  const { kind, id } = deed
  switch (deed.act) {
    case 'insert': {
      const values = { ...storable(deed.fact), revision } as never
      return builder
        .insertInto(kind)
        .values(values)
        .onConflict((conflict) => conflict.doNothing())
        .compile()
    }
    case 'update': {
      const { id: _, ...rest } = storable(deed.fact)
      const update = builder.updateTable(kind).set({ ...rest, revision } as never)
      return update.where(sql.ref('id'), '=', id).where(shownWith(deed.revision)).compile()
    }
    case 'move': {
      const move = builder.updateTable(kind).set({ revision } as never)
      const here = move.where(sql.ref('id'), '=', id)
      return (deed.revision ? here.where(shownWith(deed.revision)) : here).compile()
    }
    case 'forget': {
      const removal = builder.deleteFrom(kind).where(sql.ref('id'), '=', id)
      return removal.where(shownWith(deed.revision)).compile()
    }
    case 'check': {
      const look = builder.selectFrom(kind).select('id').where(sql.ref('id'), '=', id)
      const check = look.where(shownWith(deed.revision))
      // SQLite has one writer, and this is it. Elsewhere the record must stay until the commit.
      return (dialect === 'sqlite' ? check : check.forShare()).compile()
    }
  }
}

const shownWith = (revision: string) => sql<boolean>`${sql.ref('revision')} = ${revision}`

/** The sealed records and, last, the new end of their chain. None for no record. */
export function recordOf(
  { builder }: Site,
  held: ChainHead,
  sealed: { readonly rows: readonly AuditRow[]; readonly head: ChainHead },
): CompiledQuery[] {
  if (sealed.rows.length === 0) return []
  const { chain, seq, mac } = sealed.head
  const inserts = sealed.rows.map((row) => builder.insertInto('audit').values(row).compile())
  const end =
    held.seq === 0
      ? builder.insertInto('audit_chains').values({ chain, seq, mac })
      : builder
          .updateTable('audit_chains')
          .set({ seq, mac })
          .where('chain', '=', chain)
          .where('seq', '=', held.seq)
          .where('mac', '=', held.mac)
  return [...inserts, end.compile()]
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
