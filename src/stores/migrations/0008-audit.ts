/**
 * What the records are looked up by, and what they are kept by: checkpoints, the boundaries up to which
 * they were removed, and the one node at a time that sees to it.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

export const audit: Migration = ({ builder: { schema }, builder, text }) => [
  // What somebody did to others stands under those.
  schema
    .createIndex('audit_by_actor')
    .on('audit')
    .columns(['actor', 'at'])
    .where(sql<boolean>`actor <> 'anonymous' and actor is distinct from subject`),

  schema
    .createTable('audit_checkpoints')
    .addColumn('chain', text, (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('mac', text, (column) => column.notNull())
    .addColumn('seal', text, (column) => column.notNull())
    .addColumn('opens', 'bigint', (column) => column.notNull())
    .addColumn('opensAt', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('checkpoints_in_order', ['chain', 'seq']),
  schema
    .createTable('audit_boundaries')
    .addColumn('chain', text, (column) => column.primaryKey())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('mac', text, (column) => column.notNull())
    .addColumn('seal', text, (column) => column.notNull()),
  schema
    .createTable('audit_shipped')
    .addColumn('chain', text, (column) => column.primaryKey())
    .addColumn('seq', 'bigint', (column) => column.notNull()),

  schema
    .createTable('audit_keeper')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('node', text, (column) => column.notNull())
    .addColumn('until', 'bigint', (column) => column.notNull())
    .addCheckConstraint('audit_keeper_is_one', sql`id = 'keeper'`),
  builder.insertInto('audit_keeper').values({ id: 'keeper', node: '', until: 0 }),
]
