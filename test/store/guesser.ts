/**
 * A real process that guesses: opens the database of an instance and sends wrong passwords through the
 * sign-in flow, all at once. Its commits wait until told, so that others have read meanwhile. What is
 * counted is how often a password was really looked at.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { logIn } from '../../src/flows/log-in.ts'
import { saidIn } from '../../src/options.ts'
import type { World } from '../../src/ports.ts'
import { openDatabase } from '../../src/stores/open.ts'
import { sqlStore } from '../../src/stores/sql-store.ts'
import { openWorld } from '../../src/world.ts'
import { atOnce, mutations, newTally, watched } from './race.ts'

export type Order =
  | {
      readonly kind: 'guess'
      readonly username: string
      readonly times: number
      readonly mutation?: keyof typeof mutations
    }
  /** Lets all commits go that wait now; with `free`, also those to come. */
  | { readonly kind: 'commit'; readonly free: boolean }
export type Told =
  | { readonly kind: 'opened' }
  | { readonly kind: 'read' }
  | {
      readonly kind: 'guessed'
      readonly looked: number
      readonly lost: number
      readonly codes: readonly string[]
    }
  | { readonly kind: 'failed'; readonly why: string }

const tell = (told: Told) => process.send?.(told)
const [options = '{}', number = '0'] = process.argv.slice(2)
const random = { bytes: (length: number) => randomBytes(length) }

let free = false
let waiting: (() => void)[] = []
let asked: (order: Order & { kind: 'guess' }) => void
const work = new Promise<Order & { kind: 'guess' }>((resolve) => {
  asked = resolve
})
process.on('message', (order: Order) => {
  if (order.kind === 'guess') asked(order)
  else {
    free = order.free
    const going = waiting
    waiting = []
    for (const go of going) go()
  }
})

try {
  const said = saidIn(JSON.parse(options))
  const { world, policy, close } = await openWorld(said, undefined)
  const database = await openDatabase(policy.database, { clock: world.clock, random })
  tell({ kind: 'opened' })
  const { username, times, mutation } = await work

  const tally = newTally()
  const before = async () => {
    if (free) return
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      tell({ kind: 'read' })
    })
  }
  let looked = 0
  const watching: World = {
    ...world,
    store: sqlStore({
      database: watched(database, { tally, before, mutation: mutation && mutations[mutation] }),
      random,
      auditKey: () => world.keys.active('audit').key,
    }),
    hasher: {
      ...world.hasher,
      // Wrong without the work: the race is about who gets here.
      verify: async () => {
        looked += 1
        return { ok: true, value: false }
      },
    },
  }
  const done = await atOnce(times, (n) => {
    const address = `198.18.${number}.${n}`
    const from = { address, bucket: address, userAgent: '', came: undefined }
    return logIn(watching, { username, password: 'wrong', remember: false }, from)
  })
  await database.close()
  await close()
  const codes = done.map((one) => (one.ok ? 'in' : one.code))
  tell({ kind: 'guessed', looked, lost: tally.lost, codes })
} catch (error) {
  tell({ kind: 'failed', why: String(error) })
}
process.disconnect()
