/**
 * A process that plays the session machine: commands drawn from a seed, sent to the real system and to
 * the model, until both disagree or enough runs are over. A process of its own, because the source may
 * be altered as it is loaded; each order has its own copy of it.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import pg from 'pg'
import type { createSallyport } from '../../src/index.ts'
import type { Played } from './acts.ts'
import { alteredIndex } from './altering.ts'
import { drawn, opening } from './commands.ts'
import { browsers, newModel, type Policy, short, usual } from './model.ts'
import { openReal } from './real.ts'

export interface Order {
  /** A PostgreSQL to be emptied before each run; a new SQLite file each when left out. */
  readonly postgres?: string
  readonly seed: number
  readonly runs: number
  /** The most commands of a run. */
  readonly length: number
  /** The mutation to load the source with. */
  readonly mutation?: string
}

export interface Done {
  readonly runs: number
  readonly calls: number
  /** The counterexample, as short as it could be made; of a mutation the first that was met. */
  readonly found: string | undefined
}

const policies: fc.Arbitrary<Policy> = fc.record({
  limit: fc.constantFrom(1, 2, 2, 3, 0),
  limitPolicy: fc.constantFrom('evict-oldest', 'evict-idle', 'reject'),
  remember: fc.boolean(),
  refresh: fc.constantFrom(true, true, true, true, false),
  lifetimes: fc.constantFrom(usual, short),
})

/** An empty database, and how it is thrown away. */
async function empty(postgres: string | undefined) {
  if (postgres === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-machine-'))
    const discard = () => rmSync(folder, { recursive: true, force: true })
    return { database: `sqlite:${join(folder, 'auth.db')}`, discard }
  }
  const client = new pg.Client({ connectionString: postgres })
  await client.connect()
  await client.query('drop schema if exists sallyport cascade')
  await client.end()
  return { database: postgres, discard: () => {} }
}

async function play(order: Order, create: typeof createSallyport): Promise<Done> {
  let [runs, calls] = [0, 0]
  const { seed, length, mutation } = order
  const claimed = fc.constantFrom(true, true, true, true, true, true, false)
  const commands = fc.commands(drawn, { maxCommands: length, size: 'max' })
  const property = fc.asyncProperty(policies, claimed, commands, async (policy, opened, all) => {
    const { database, discard } = await empty(order.postgres)
    const model = newModel(policy)
    const real = await openReal(create, database, policy, model.now)
    const snapshots: Played['snapshots'] = Array.from({ length: browsers }, () => [])
    const played: Played = {
      snapshots,
      real: {
        ...real,
        answer: (...asked) => {
          calls += 1
          return real.answer(...asked)
        },
      },
    }
    runs += 1
    try {
      if (opened) for (const one of opening) await one.run(model, played)
      await fc.asyncModelRun(() => ({ model, real: played }), all)
    } finally {
      await real.close()
      discard()
    }
  })
  const details = await fc.check(property, {
    seed,
    numRuns: order.runs,
    endOnFailure: mutation !== undefined,
  })
  return { runs, calls, found: details.failed ? told(details) : undefined }
}

/** What was done, one thing a line, and where the two disagreed. */
function told(details: {
  readonly seed: number
  readonly counterexample: readonly unknown[] | null
  readonly errorInstance: unknown
}): string {
  const { seed, counterexample, errorInstance } = details
  const [policy, claimed, commands] = counterexample ?? []
  const first = claimed ? opening : []
  const deeds = `${first.join()}${commands}`
  return `seed ${seed}, ${JSON.stringify(policy)}${deeds}\n${errorInstance}${because(errorInstance)}`
}

const because = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? `: ${(error.cause as Error).stack}` : ''

process.on('message', async (order: Order) => {
  try {
    const { createSallyport } = await alteredIndex(order.mutation)
    process.send?.(await play(order, createSallyport))
  } catch (error) {
    process.send?.({ runs: 0, calls: 0, failed: String(error) })
  }
})
