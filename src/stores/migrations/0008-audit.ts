/**
 * What the records are looked up by: what somebody did to others stands under those.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

export const audit: Migration = ({ builder: { schema } }) => [
  schema
    .createIndex('audit_by_actor')
    .on('audit')
    .columns(['actor', 'at'])
    .where(sql<boolean>`actor <> 'anonymous' and actor is distinct from subject`),
]
