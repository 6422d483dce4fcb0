/**
 * The history checker over one PostgreSQL. `npm run campaign -- revocation` runs it for ten minutes.
 *
 * @module
 */
import { freshPostgres } from './provision/postgres.ts'
import { checkHistories } from './server/checker.ts'

checkHistories([4], freshPostgres)
