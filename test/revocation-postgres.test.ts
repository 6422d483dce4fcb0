/**
 * The history checker over one PostgreSQL. `npm run campaign -- revocation` runs it for ten minutes.
 *
 * @module
 */
import { freshPostgres } from './provision/postgres.ts'
import { checkHistories } from './server/checker.ts'

checkHistories(process.env.CAMPAIGN ? [2, 4] : [4], freshPostgres)
