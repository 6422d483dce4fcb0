/**
 * Chains of the audit: where each begins and ends, as it is kept and as its rows are.
 *
 * @module
 */
import { setImmediate as turn } from 'node:timers/promises'
import { type RawBuilder, sql } from 'kysely'
import type { ChainFound, KeptCheckpoint, Records } from '../audit-ports.ts'
import type { ChainHead } from '../rules/audit.ts'
import type { Checkpoint } from '../rules/audit-seal.ts'
import type { Site } from './shapes.ts'

/** Chains looked up at once. */
const some = 200

/** @param are What their names are. A list that was cut says where it goes on. */
export async function chainsAmong(
  { builder, read }: Site,
  are: RawBuilder<unknown>,
): ReturnType<Records['chains']> {
  const ends = sql`select chain, seq, mac from audit_chains where chain ${are} order by chain limit ${some}`
  // From each name to the next by the index: not a row more is looked at.
  const named = sql`with recursive names(chain) as (
      select (select min(chain) from audit where chain ${are})
      union all
      select (select min(chain) from audit where audit.chain > names.chain and audit.chain ${are})
      from names where names.chain is not null
    )
    select chain, (select min(seq) from audit where audit.chain = names.chain) as first,
      (select max(seq) from audit where audit.chain = names.chain) as last
    from names where chain is not null limit ${some}`
  const bounds = sql`select * from audit_boundaries where chain ${are} order by chain limit ${some}`
  const ofChain = (which: 'min' | 'max') => sql`select kept.* from
      (select * from audit_chains where chain ${are} order by chain limit ${some}) as ends
    left join audit_boundaries as bound on bound.chain = ends.chain
    join audit_checkpoints as kept on kept.chain = ends.chain
      and kept.seq = (select ${sql.raw(which)}(seq) from audit_checkpoints as any_of
        where any_of.chain = ends.chain and any_of.seq > coalesce(bound.seq, 0))`
  const { rows } = await read(() =>
    [ends, named, bounds, ofChain('min'), ofChain('max')].map((query) => query.compile(builder)),
  )
  await turn()
  return joined(rows as never)
}

type Named = Pick<ChainFound, 'chain' | 'first' | 'last'>

function joined([ends, named, bounds, oldest, newest]: readonly [
  readonly ChainHead[],
  readonly Named[],
  readonly Checkpoint[],
  readonly KeptCheckpoint[],
  readonly KeptCheckpoint[],
]): Awaited<ReturnType<Records['chains']>> {
  // Behind the end of a list that was cut, the others say only half.
  const cut = [ends, named, bounds]
    .filter((list) => list.length === some)
    .map((list) => String(list.at(-1)?.chain))
    .sort()[0]
  const names = [...ends, ...named, ...bounds].map(({ chain }) => chain)
  const whole = [...new Set(names)].sort().filter((chain) => cut === undefined || chain <= cut)
  const by = <T extends { readonly chain: string }>(list: readonly T[]) =>
    new Map(list.map((one) => [one.chain, one]))
  const [endOf, rowsOf, boundOf, oldestOf, newestOf] = [
    by(ends),
    by(named),
    by(bounds),
    by(oldest),
    by(newest),
  ] as const
  const found = whole.map(
    (chain): ChainFound => ({
      chain,
      head: endOf.get(chain),
      first: rowsOf.get(chain)?.first ?? 0,
      last: rowsOf.get(chain)?.last ?? 0,
      boundary: boundOf.get(chain),
      oldest: oldestOf.get(chain),
      newest: newestOf.get(chain),
    }),
  )
  return cut === undefined ? { found } : { found, next: cut }
}
