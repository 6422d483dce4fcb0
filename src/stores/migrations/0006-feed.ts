/**
 * What nodes hear from each other by: the ordered feed of what ended trust, its end, and the nodes
 * with how far each has heard.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

export const feed: Migration = ({ builder: { schema }, builder, text }) => [
  // A row of its own: it is locked until commit, and nobody who does not write here waits for it.
  schema
    .createTable('feed')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('head', 'bigint', (column) => column.notNull())
    .addCheckConstraint('feed_is_one', sql`id = 'feed'`),
  builder.insertInto('feed').values({ id: 'feed', head: 0 }),
  schema
    .createTable('revocations')
    .addColumn('seq', 'bigint', (column) => column.primaryKey())
    .addColumn('subjects', text, (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull()),
  schema
    .createTable('nodes')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('lease', 'integer', (column) => column.notNull())
    .addColumn('applied', 'bigint', (column) => column.notNull())
    .addColumn('beats', 'bigint', (column) => column.notNull()),
]
