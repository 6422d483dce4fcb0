/**
 * The history checker as tests: the servers as they are, and the servers with each guard taken away,
 * which must be found out.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { reported } from '../campaigns/report.ts'
import { type Alteration, type Fleet, fleet } from './fleet.ts'
import { history } from './history.ts'

const campaign = process.env.CAMPAIGN !== undefined
const time = campaign ? 600_000 : 10_000
/** As long as a mutation may go unnoticed. */
const noticed = 180_000
const timeout = time + 150_000

const mutations: readonly Alteration[] = [
  'waits for nobody',
  'looks at no lease',
  'remembers what was revoked',
]

/** How sessions were checked while the lease was held, as every process told it last. */
function checkedIn({ servers }: Fleet) {
  const told = servers.flatMap(
    ({ stderr }) => stderr.findLast((line) => line.startsWith('checked ')) ?? [],
  )
  const all = told.map((line) => JSON.parse(line.slice('checked '.length)))
  const sum = (name: string) => all.reduce((total, one) => total + Number(one[name]), 0)
  return { remembered: sum('remembered'), read: sum('read') }
}

/** @param counts How many servers. @param place `undefined` for SQLite, else where PostgreSQL is. */
export function checkHistories(
  counts: readonly number[],
  place: () => Promise<string | undefined>,
): void {
  test.each(counts)(
    '%i servers: whatever was revoked lets nobody in again',
    { timeout },
    async (count) => {
      const at = await place()
      const some = await fleet(count, at, ['remembers slowly'])
      const told = await history(some, time, {
        // A short one begins with reading everybody once, and has few checks to make up for it.
        pace: campaign ? 300 : 500,
        most: campaign ? 40 : 12,
        checks: 5_000,
      })
      const { remembered, read } = checkedIn(some)
      const share = remembered / (remembered + read)
      const { violations, wronged, met, late } = told
      reported(`${at === undefined ? 'SQLite' : 'PostgreSQL'}, ${count} servers`, {
        counts: { minutes: time / 60_000, remembered, read, late, ...met },
        violations: [...violations, ...wronged].map((one) => JSON.stringify(one)),
      })
      expect(told.violations).toEqual([])
      expect(told.wronged).toEqual([])
      expect(share).toBeGreaterThanOrEqual(0.95)
      expect(told.met.stops).toBeGreaterThan(0)
      expect(told.late).toBeGreaterThan(0)
    },
  )

  // What the guards are worth is shown step by step in `revocation-nodes.test.ts`; here it takes longer.
  describe.runIf(campaign)('two servers', () => {
    test.each(mutations)('of which each %s are found out', { timeout }, async (mutation) => {
      const some = await fleet(2, await place(), ['remembers slowly', mutation])
      const told = await history(some, noticed, { pace: 5, most: 10 })
      expect(told.violations).not.toEqual([])
    })
  })
}
