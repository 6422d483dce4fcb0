/**
 * What stands for a person without a cookie: API keys and one-use tickets, as digests; and who is
 * connected where.
 *
 * @module
 */
import type { Migration } from '../migrate.ts'

export const keys: Migration = ({ builder: { schema }, text }) => [
  schema
    .createTable('keys')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('userId', text, (column) =>
      column.notNull().references('users.id').onDelete('cascade'),
    )
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('scopes', text, (column) => column.notNull())
    .addColumn('createdAt', 'bigint', (column) => column.notNull())
    .addColumn('expiresAt', 'bigint', (column) => column.notNull())
    .addColumn('lastUsedAt', 'bigint')
    .addColumn('digest', text, (column) => column.notNull())
    .addColumn('lastFour', text, (column) => column.notNull())
    .addColumn('previousDigest', text)
    .addColumn('rotatesAt', 'bigint')
    .addColumn('revision', text, (column) => column.notNull()),
  schema.createIndex('keys_of_user').on('keys').columns(['userId', 'createdAt desc', 'id']),
  schema.createIndex('keys_by_end').on('keys').column('expiresAt'),

  // The id of a ticket is its digest.
  schema
    .createTable('tickets')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('userId', text, (column) =>
      column.notNull().references('users.id').onDelete('cascade'),
    )
    .addColumn('sessionId', text, (column) => column.notNull())
    .addColumn('origin', text, (column) => column.notNull())
    .addColumn('purpose', text, (column) => column.notNull())
    .addColumn('createdAt', 'bigint', (column) => column.notNull())
    .addColumn('expiresAt', 'bigint', (column) => column.notNull())
    .addColumn('revision', text, (column) => column.notNull()),
  schema.createIndex('tickets_of_user').on('tickets').columns(['userId', 'createdAt desc', 'id']),
  schema.createIndex('tickets_by_end').on('tickets').column('expiresAt'),

  schema
    .createTable('presence')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('node', text, (column) => column.notNull())
    .addColumn('userId', text, (column) => column.notNull())
    .addColumn('connections', 'integer', (column) => column.notNull())
    .addColumn('createdAt', 'bigint', (column) => column.notNull())
    .addColumn('revision', text, (column) => column.notNull()),
  schema.createIndex('presence_of_user').on('presence').columns(['userId', 'node', 'connections']),
]
