/**
 * What sweeps look rows up by: without these each would read whole tables.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

export const sweeps: Migration = ({ builder: { schema } }) => [
  schema.createIndex('sessions_over').on('sessions').column('expiresAt'),
  schema.createIndex('devices_over').on('devices').column('expiresAt'),
  schema
    .createIndex('users_deleted')
    .on('users')
    .column('deletedAt')
    .where(sql.ref('deletedAt'), 'is not', null),
]
