/**
 * The history checker over one SQLite file. `npm run campaign -- revocation` runs it for ten minutes.
 *
 * @module
 */
import { checkHistories } from './server/checker.ts'

checkHistories([2], async () => undefined)
