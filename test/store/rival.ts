/**
 * A real process that competes for one record: opens the database, counts a user's version up, and
 * tells how often it was beaten. Its first step commits only when told to, so that all have read.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { user } from '../../src/ports.ts'
import { keep } from '../../src/rules/step.ts'
import { openDatabase } from '../../src/stores/open.ts'
import { sqlStore } from '../../src/stores/sql-store.ts'
import { mutations, newTally, watched } from './race.ts'

export type Order =
  | { readonly kind: 'count'; readonly times: number; readonly mutation?: keyof typeof mutations }
  | { readonly kind: 'commit' }
export type Told =
  | { readonly kind: 'opened'; readonly instanceId: string }
  | { readonly kind: 'read' }
  | { readonly kind: 'counted'; readonly lost: number }
  | { readonly kind: 'failed'; readonly why: string }

const tell = (told: Told) => process.send?.(told)
const order = () => new Promise<Order>((resolve) => process.once('message', resolve))

const [place = ''] = process.argv.slice(2)
const random = { bytes: (length: number) => randomBytes(length) }
const clock = { now: () => Date.now(), elapsed: () => performance.now() }

try {
  const database = await openDatabase(place, { clock, random })
  tell({ kind: 'opened', instanceId: database.instanceId })
  const work = await order()
  if (work.kind !== 'count') throw new Error('told to commit before reading')

  const tally = newTally()
  let held = true
  const before = async () => {
    if (!held) return
    held = false
    const told = order()
    tell({ kind: 'read' })
    await told
  }
  const mutation = work.mutation && mutations[work.mutation]
  const store = sqlStore({
    database: watched(database, { tally, before, mutation }),
    random,
    auditKey: () => Buffer.alloc(32, 7),
  })
  for (let n = 0; n < work.times; n++) {
    await store.step({ ada: user('ada') }, ({ ada }) => ({
      verdict: undefined,
      keep: ada ? [keep('users', { ...ada, version: ada.version + 1 })] : [],
    }))
  }
  await store.close()
  tell({ kind: 'counted', lost: tally.lost })
} catch (error) {
  tell({ kind: 'failed', why: String(error) })
}
process.disconnect()
