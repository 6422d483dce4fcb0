/**
 * What trust is kept by: refresh tokens and proofs on the session, trusted browsers, charged guesses.
 *
 * @module
 */
import type { Migration } from '../migrate.ts'

export const trust: Migration = ({ builder: { schema }, text }) => [
  schema.alterTable('users').addColumn('temporaryUntil', 'bigint'),
  schema.alterTable('users').addColumn('deletedAt', 'bigint'),

  schema.alterTable('sessions').addColumn('replacedAt', 'bigint'),
  schema
    .alterTable('sessions')
    .addColumn('provenAt', 'bigint', (column) => column.notNull().defaultTo(0)),
  schema
    .alterTable('sessions')
    .addColumn('generation', 'integer', (column) => column.notNull().defaultTo(0)),
  schema.alterTable('sessions').addColumn('digest', text),
  schema.alterTable('sessions').addColumn('previousDigest', text),
  schema.alterTable('sessions').addColumn('rotationSalt', text),
  schema.alterTable('sessions').addColumn('rotationKey', text),
  schema.alterTable('sessions').addColumn('rotatedAt', 'bigint'),

  schema
    .createTable('devices')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('userId', text, (column) =>
      column.notNull().references('users.id').onDelete('cascade'),
    )
    .addColumn('userAgent', text, (column) => column.notNull())
    .addColumn('createdAt', 'bigint', (column) => column.notNull())
    .addColumn('lastUsedAt', 'bigint', (column) => column.notNull())
    .addColumn('expiresAt', 'bigint', (column) => column.notNull())
    .addColumn('revision', text, (column) => column.notNull()),
  schema.createIndex('devices_of_user').on('devices').columns(['userId', 'createdAt', 'id']),

  schema
    .createTable('attempts')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('username', text)
    .addColumn('count', 'integer', (column) => column.notNull())
    .addColumn('since', 'bigint', (column) => column.notNull())
    .addColumn('rests', 'integer', (column) => column.notNull())
    .addColumn('restsUntil', 'bigint', (column) => column.notNull())
    .addColumn('failures', 'integer', (column) => column.notNull())
    .addColumn('addresses', text, (column) => column.notNull())
    .addColumn('requests', 'integer', (column) => column.notNull())
    .addColumn('minuteSince', 'bigint', (column) => column.notNull())
    .addColumn('staleAt', 'bigint', (column) => column.notNull())
    .addColumn('revision', text, (column) => column.notNull()),
  schema.createIndex('attempts_stale').on('attempts').column('staleAt'),
]
