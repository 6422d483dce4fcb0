/**
 * The order in which names at rest are listed.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

export const lockouts: Migration = ({ builder: { schema } }) => [
  // Names that are nobody's are not listed, and there may be many.
  schema
    .createIndex('attempts_of_somebody')
    .on('attempts')
    .columns(['since desc', 'id'])
    .where(sql.ref('username'), 'is not', null),
]
