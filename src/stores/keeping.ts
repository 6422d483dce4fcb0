/**
 * Keeping the audit: checkpoints, boundaries and the removal of what is old, one write each.
 *
 * @module
 */
import { setImmediate as turn } from 'node:timers/promises'
import { type RawBuilder, sql } from 'kysely'
import type { Records } from '../audit-ports.ts'
import type { Site } from './shapes.ts'

/** Chains looked up at once. */
const some = 500

export function keepingOf({
  builder,
  read,
  write,
  now,
}: Site): Pick<Records, 'keeps' | 'resigns' | 'unshipped' | 'shipped' | 'seal' | 'bound' | 'trim'> {
  const run = (query: RawBuilder<unknown>) => write(query.compile(builder))
  return {
    async keeps(node, lease) {
      const until = now() + lease
      const met = await run(sql`update audit_keeper set node = ${node}, until = ${until}
        where node = ${node} or until <= ${now()}`)
      return met === 1
    },

    async resigns(node) {
      await run(sql`update audit_keeper set until = 0 where node = ${node} and until > 0`)
    },

    async unshipped(after) {
      const ends = sql`select ends.chain, ends.seq, coalesce(done.seq, 0) as "from"
        from audit_chains as ends left join audit_shipped as done on done.chain = ends.chain
        where ends.chain > ${after} order by ends.chain limit ${some}`
      const { rows } = await read(() => [ends.compile(builder)])
      const all = (rows[0] ?? []) as unknown as { chain: string; seq: number; from: number }[]
      const found = all.filter(({ seq, from }) => seq > from)
      const next = all.length === some ? all.at(-1)?.chain : undefined
      return next === undefined ? { found } : { found, next }
    },

    async shipped(chain, seq) {
      await run(sql`insert into audit_shipped (chain, seq) values (${chain}, ${seq})
        on conflict (chain) do update set seq = excluded.seq
        where audit_shipped.seq < excluded.seq`)
    },

    async seal({ chain, seq, at, mac, seal, opens, opensAt }) {
      const insert = builder.insertInto('audit_checkpoints')
      const row = { chain, seq, at, mac, seal, opens, opensAt }
      // Who kept the audit before, and was only slow, may have been here.
      await write(
        insert
          .values(row)
          .onConflict((conflict) => conflict.doNothing())
          .compile(),
      )
      await run(sql`delete from audit_checkpoints
        where chain = ${chain} and seq > ${opens} and seq < ${seq}`)
    },

    async bound({ chain, seq, at, mac, seal }) {
      await run(sql`insert into audit_boundaries (chain, seq, "at", mac, seal)
        values (${chain}, ${seq}, ${at}, ${mac}, ${seal})
        on conflict (chain) do update set seq = excluded.seq, "at" = excluded."at",
          mac = excluded.mac, seal = excluded.seal
        where audit_boundaries.seq < excluded.seq`)
    },

    async trim({ chain, seq }, limit) {
      const removed = await run(sql`delete from audit where chain = ${chain} and seq in
        (select seq from audit where chain = ${chain} and seq <= ${seq} order by seq limit ${limit})`)
      if (removed < limit)
        await run(sql`delete from audit_checkpoints where chain = ${chain} and seq <= ${seq}`)
      await turn()
      return removed
    },
  }
}
