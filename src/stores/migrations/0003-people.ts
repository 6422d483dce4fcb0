/**
 * What people are changed by: why their sessions are over, which proofs are void; and the orders in
 * which people and everybody's sessions are listed.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

export const people: Migration = ({ builder: { schema }, text }) => [
  schema.alterTable('users').addColumn('overReason', text),
  schema
    .alterTable('users')
    .addColumn('proofsVoidUntil', 'bigint', (column) => column.notNull().defaultTo(0)),
  schema
    .createIndex('users_newest')
    .on('users')
    .columns(['createdAt desc', 'id'])
    .where(sql.ref('deletedAt'), 'is', null),
  schema
    .createIndex('users_by_role')
    .on('users')
    .columns(['role', 'createdAt desc', 'id'])
    .where(sql.ref('disabledAt'), 'is', null),
  schema
    .createIndex('sessions_newest')
    .on('sessions')
    .columns(['createdAt desc', 'id'])
    .where(sql.ref('endedAt'), 'is', null),
]
