/**
 * Buckets of guesses, beyond one by its id: which of them rest.
 *
 * @module
 */
import type { Store } from '../ports.ts'
import type { Attempts } from '../rules/facts.ts'
import type { Site } from './shapes.ts'
import { factOf } from './show.ts'

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
