/**
 * The first tables: the one instance, people, their sessions, and audit.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

export const sessions: Migration = ({ builder: { schema }, builder, text, fresh }) => [
  schema
    .createTable('instance')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('instanceId', text, (column) => column.notNull())
    .addColumn('epoch', 'integer', (column) => column.notNull())
    .addColumn('claimedAt', 'bigint')
    .addColumn('keyId', text)
    .addColumn('revision', text, (column) => column.notNull())
    .addCheckConstraint('instance_is_one', sql`id = 'instance'`),
  builder.insertInto('instance').values({
    id: 'instance',
    instanceId: fresh.instanceId,
    epoch: 1,
    claimedAt: null,
    keyId: null,
    revision: fresh.revision,
  }),

  schema
    .createTable('users')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('username', text, (column) => column.notNull().unique())
    .addColumn('displayName', text)
    .addColumn('role', text, (column) => column.notNull())
    .addColumn('scopes', text, (column) => column.notNull())
    .addColumn('passwordHash', text)
    .addColumn('mustChangePassword', 'integer', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('createdAt', 'bigint', (column) => column.notNull())
    .addColumn('lastLoginAt', 'bigint')
    .addColumn('disabledAt', 'bigint')
    .addColumn('revision', text, (column) => column.notNull()),

  schema
    .createTable('sessions')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('userId', text, (column) =>
      column.notNull().references('users.id').onDelete('cascade'),
    )
    .addColumn('userVersion', 'integer', (column) => column.notNull())
    .addColumn('epoch', 'integer', (column) => column.notNull())
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('createdAt', 'bigint', (column) => column.notNull())
    .addColumn('lastActiveAt', 'bigint', (column) => column.notNull())
    .addColumn('idleUntil', 'bigint', (column) => column.notNull())
    .addColumn('idleFor', 'bigint', (column) => column.notNull())
    .addColumn('expiresAt', 'bigint', (column) => column.notNull())
    .addColumn('remembered', 'integer', (column) => column.notNull())
    .addColumn('address', text, (column) => column.notNull())
    .addColumn('userAgent', text, (column) => column.notNull())
    .addColumn('endedAt', 'bigint')
    .addColumn('endReason', text)
    .addColumn('revision', text, (column) => column.notNull()),
  // In the order a page is read; ended sessions wait for the sweep in the second index only.
  schema
    .createIndex('sessions_open')
    .on('sessions')
    .columns(['userId', 'createdAt desc', 'id'])
    .where(sql.ref('endedAt'), 'is', null),
  schema.createIndex('sessions_by_user').on('sessions').column('userId'),

  schema
    .createTable('audit')
    .addColumn('id', text, (column) => column.notNull().unique())
    .addColumn('chain', text, (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('type', text, (column) => column.notNull())
    .addColumn('actor', text, (column) => column.notNull())
    .addColumn('subject', text)
    .addColumn('session', text)
    .addColumn('address', text)
    .addColumn('device', text)
    .addColumn('outcome', text, (column) => column.notNull())
    .addColumn('reason', text)
    .addColumn('details', text)
    .addColumn('mac', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('audit_in_order', ['chain', 'seq']),
  schema.createIndex('audit_by_time').on('audit').columns(['at', 'chain', 'seq']),
  schema.createIndex('audit_by_subject').on('audit').columns(['subject', 'at']),

  schema
    .createTable('audit_chains')
    .addColumn('chain', text, (column) => column.primaryKey())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('mac', text, (column) => column.notNull()),
]
