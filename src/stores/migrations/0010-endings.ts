/**
 * Every ending of trust in somebody's sessions, not the last one alone: each session is told its own.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

export const endings: Migration = ({ builder: { schema }, builder }) => [
  schema.alterTable('users').renameColumn('overReason', 'endings'),
  // When it was is not known: told before whatever else ended a session.
  builder
    .updateTable('users')
    .set({ endings: sql`'[[' || version || ',0,"' || endings || '"]]'` })
    .where('endings', 'is not', null),
]
