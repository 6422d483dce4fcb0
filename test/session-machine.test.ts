/**
 * The whole session machine against a plain model (`machine/`): set-up, sign-in, renewal, replay,
 * revocation, passwords, people and time, drawn at random and played through the real surface, until
 * both disagree. And against copies of the source with one guard less each, which must be noticed.
 *
 * `npm run campaign -- sessions` plays much more of it. What fails is played again by its seed:
 * `SEED=<seed> npm run campaign -- sessions`.
 *
 * @module
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, type TestContext, test } from 'vitest'
import { held } from './campaigns/report.ts'
import { mutations } from './machine/mutations.ts'
import type { Done, Order } from './machine/play.ts'
import { freshPostgres } from './provision/postgres.ts'

const campaign = process.env.CAMPAIGN !== undefined
const timeout = campaign ? 1_800_000 : 60_000
const length = campaign ? 60 : 30
const seed = Number(process.env.SEED ?? (campaign ? Date.now() % 2 ** 31 : 7))

/** A process that plays, one order after the other. */
function player(
  onTestFinished: TestContext['onTestFinished'],
): (order: Omit<Order, 'seed' | 'length'>) => Promise<Done> {
  const child = fork(join(import.meta.dirname, 'machine/play.ts'))
  onTestFinished(() => void child.kill('SIGKILL'))
  return async (order) => {
    child.send({ seed, length, ...order } satisfies Order)
    const over = new AbortController()
    const [told] = await Promise.race([
      once(child, 'message', over),
      once(child, 'exit', over).then(() => [{ failed: 'the player has gone' }]),
    ]).finally(() => over.abort())
    if (told.failed) throw new Error(told.failed)
    return told
  }
}

test.concurrent('the machine does as the model says, on SQLite', { timeout }, async ({
  annotate,
  onTestFinished,
}) => {
  const { runs, calls, found } = await player(onTestFinished)({ runs: campaign ? 2_000 : 30 })
  expect(found).toBeUndefined()
  held('SQLite', { seed, runs, calls })
  await annotate(`seed ${seed}: ${runs} runs, ${calls} calls`)
})

test.concurrent('… and on PostgreSQL', { timeout }, async ({ annotate, onTestFinished }) => {
  const postgres = await freshPostgres()
  const { runs, calls, found } = await player(onTestFinished)({
    postgres,
    runs: campaign ? 300 : 5,
  })
  expect(found).toBeUndefined()
  held('PostgreSQL', { seed, runs, calls })
  await annotate(`seed ${seed}: ${runs} runs, ${calls} calls`)
})

/** Found soon; the campaign looks for all of them. */
const soon = [
  'sessions have no end',
  'a moved version ends nothing',
  'the session that came goes on',
  'a refresh keeps from idling',
  'disabling ends nothing',
  'what is over is ended again',
]

test.concurrent('whatever guard is missing, the model notices', { timeout }, async ({
  annotate,
  onTestFinished,
}) => {
  const play = player(onTestFinished)
  const needed: string[] = []
  for (const mutation of campaign ? Object.keys(mutations) : soon) {
    const { runs, calls, found } = await play({ mutation, runs: 1_000 })
    expect([mutation, found !== undefined]).toEqual([mutation, true])
    needed.push(`${mutation}: ${runs} runs, ${calls} calls`)
  }
  held('mutations, each noticed', { seed, mutations: needed.length })
  await annotate(`seed ${seed}:\n${needed.join('\n')}`)
})
