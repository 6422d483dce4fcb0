/**
 * Where attacks are tried: on which database and how many nodes. `npm test` tries them on SQLite with
 * one node and, where a test names databases, on PostgreSQL with two; `npm run campaign -- attacks`
 * tries all of them in each of four forms.
 *
 * @module
 */
export type DatabaseKind = 'sqlite' | 'postgres'

/** `sqlite-1`, `sqlite-2`, `postgres-1` or `postgres-2`; `small` for the attacks of `npm test`. */
const said = process.env.ATTACK_FORM ?? ''
const [, only, count] = /^(sqlite|postgres)-([12])$/.exec(said) ?? []

/** Whether this is one of the four, in which every refused request is followed by a look at all that is kept. */
export const whole = only !== undefined

/** Whether a test is held to what holds after every attack; `CANARY` holds all tests to it. */
export const watched = said !== '' || process.env.CANARY !== undefined

/** The databases every scenario is run on. */
export const databases: readonly DatabaseKind[] = only
  ? [only as DatabaseKind]
  : ['sqlite', 'postgres']

/** The one for a test that names SQLite because any would do; who names PostgreSQL needs it. */
export const databaseFor = (kind: DatabaseKind): DatabaseKind =>
  kind === 'sqlite' && only ? (only as DatabaseKind) : kind

export const nodesOn = (kind: DatabaseKind): number =>
  count ? Number(count) : said === 'small' && kind === 'postgres' ? 2 : 1
