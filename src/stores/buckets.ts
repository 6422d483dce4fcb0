/**
 * Buckets of guesses, beyond one by its id: which of them rest, and which stopped mattering.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Store } from '../ports.ts'
import type { Attempts } from '../rules/facts.ts'
import type { Site } from './shapes.ts'
import { factOf } from './show.ts'

/** More are not removed in one go, so that nobody waits for it. */
const most = 500

/** The names at rest. Names that are nobody's are not among them: only their pseudonyms are kept. */
export async function resting(
  site: Site,
  { after, limit, consecutive }: Parameters<Store['resting']>[0],
): Promise<Attempts[]> {
  const { rows } = await site.read((now) => {
    let query = site.builder
      .selectFrom('attempts')
      .selectAll()
      .where('username', 'is not', null)
      .where('staleAt', '>', now)
      .where(({ eb, or }) => or([eb('restsUntil', '>', now), eb('failures', '>=', consecutive)]))
    if (after) {
      const { createdAt: since, id } = after
      query = query.where(({ eb, or, and }) =>
        or([eb('since', '<', since), and([eb('since', '=', since), eb('id', '>', id)])]),
      )
    }
    return [query.orderBy('since', 'desc').orderBy('id').limit(limit).compile()]
  })
  return (rows[0] ?? []).map(factOf) as unknown as Attempts[]
}

/** Removes buckets that stopped mattering; none when one of them was charged meanwhile. */
export async function sweep(site: Site): Promise<number> {
  const { builder } = site
  const { rows } = await site.read((now) => [
    builder
      .selectFrom('attempts')
      .select(['id', 'revision'])
      .where('staleAt', '<=', now)
      .orderBy('staleAt')
      .limit(most)
      .compile(),
  ])
  const stale = (rows[0] ?? []) as { id: string; revision: string }[]
  if (stale.length === 0) return 0
  const writes = stale.map(({ id, revision }) =>
    site.shaped('sweep attempts', [id, revision], () =>
      builder
        .deleteFrom('attempts')
        .where('id', '=', id)
        .where(sql<boolean>`${sql.ref('revision')} = ${revision}`)
        .compile(),
    ),
  )
  return (await site.commit((head) => ({ writes, head }))) ? stale.length : 0
}
