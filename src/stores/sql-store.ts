/**
 * The store on SQL, the same for every database. Every record has a revision that moves when it is
 * written; a step commits only while all it was shown still has the revision it was shown with.
 *
 * @module
 */
import type { KeyObject } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { type Clock, type Random, type Ref, type Shown, type Store, Unavailable } from '../ports.ts'
import { seal } from '../rules/audit.ts'
import { floodEvent } from '../rules/audit-flood.ts'
import type { Kind } from '../rules/facts.ts'
import { second } from '../rules/time.ts'
import { barrier } from './barrier.ts'
import { resting } from './buckets.ts'
import type { Database } from './database.ts'
import { telling } from './feed.ts'
import { figuresOf } from './figures.ts'
import { type Floods, floodsOf } from './floods.ts'
import { pageOf } from './list.ts'
import { countLiveSessions } from './live-sessions.ts'
import type { Node } from './node.ts'
import { isResting, plan, refuseUnknownList, toldBy } from './plan.ts'
import { online } from './presence.ts'
import { queue } from './queue.ts'
import { recordsOf } from './records.ts'
import { type Site, shapes } from './shapes.ts'
import { factOf, guardOf, selectAll, show } from './show.ts'
import { sweepSlice } from './sweep.ts'
import { formerRoots, usesOf } from './uses.ts'
import { recordOf, storable, writeOf } from './write.ts'

/** How often, and for how long, a step is tried. A handful of tries is lost in a row in practice. */
const tries = 50
const patience = 5 * second

/** Records every sign-in is shown and hardly any step writes; queueing for them would help nobody. */
const calm: ReadonlySet<Kind> = new Set(['instance'])

/** Of the machine; it only says how long others were waited for. */
const ownClock: Pick<Clock, 'elapsed'> = { elapsed: () => performance.now() }

/**
 * @param given.node Who answers from memory in this process, if anybody does.
 * @param given.clock For the time that the other nodes are waited for.
 * @param given.auditKey Answers the 32 bytes derived for `audit`; a rotation changes them.
 * @param given.random Must not repeat itself, nor what another store over this database draws.
 */
export function sqlStore(given: {
  readonly database: Database
  readonly random: Random
  readonly auditKey: () => Buffer | KeyObject
  readonly node?: Pick<Node, 'id' | 'tells' | 'wrote' | 'waited' | 'hears' | 'living'>
  readonly clock?: Pick<Clock, 'elapsed'>
}): Store {
  const { database, random, auditKey, node, clock = ownClock } = given
  const site: Site = { ...database, shaped: shapes() }
  const inTurn = queue()
  const floods = floodsOf()
  const fresh = (length: number) => random.bytes(length).toString('base64url')

  const stepping =
    (split: Floods['split']): Store['step'] =>
    async (asked, rule) => {
      const refs = Object.values(asked)
      for (const ref of refs) if ('many' in ref) refuseUnknownList(ref)
      const until = performance.now() + patience

      const done = await inTurn(turnsOf(refs), async () => {
        for (let lost = 0; lost < tries; lost++) {
          // Also whoever waited its turn behind others that waited for the database.
          if (performance.now() > until) throw new Unavailable('the database stays busy')
          const { now, shown, seen } = await show(site, asked)
          const { verdict, keep = [], record = [] } = rule(shown as Parameters<typeof rule>[0], now)
          const { written, done: noted } = split(record, now)
          if (keep.length + written.length === 0) {
            noted()
            return { verdict, ends: isResting(seen, []) }
          }

          const deeds = plan(seen, keep)
          const events = written.map(storable)
          const ids = events.map(() => fresh(16))
          const revision = fresh(12)
          const { touched, revoked } = toldBy(seen, deeds, now)
          node?.tells(revoked)
          const committed = await database
            .commit((held) => {
              const sealed = seal(auditKey(), held, events, ids, now)
              const writes = deeds.map((deed) => writeOf(site, deed, revision))
              const told = telling(site, revoked, now)
              const recorded = recordOf(site, held, sealed)
              return { writes: [...writes, ...told, ...recorded], head: sealed.head }
            })
            .catch((error) => {
              // It may have been done all the same.
              node?.wrote(touched, revoked)
              throw error
            })
          if (committed) {
            noted()
            node?.wrote(touched, revoked)
            return { verdict, ends: revoked.length > 0 || isResting(seen, keep) }
          }
          // Whoever lost again and again steps aside for a moment, each for a different one.
          if (lost > 2) await pause(Math.random() * Math.min(2 ** lost, 50))
        }
        const names = Object.keys(asked).join(', ')
        throw new Error(
          `a step over ${names} lost ${tries} tries to others, or to a record it never asked`,
        )
      })
      if (done.ends) {
        const took = await barrier(site, clock, node)
        node?.waited(took)
      }
      return done.verdict
    }

  const step = stepping(floods.split)

  return {
    step,
    records: recordsOf(site),

    async recordFloods() {
      const taken = floods.take()
      try {
        const record = taken.map(floodEvent)
        await stepping(one)({}, () => ({ verdict: undefined, record }))
      } catch (error) {
        floods.putBack(taken)
        throw error
      }
      return taken.length
    },
    figures: figuresOf(site),

    async find<R extends Ref>(ref: R) {
      const { rows } = await database.read((now) => selectAll(site, [ref], now))
      const facts = (rows[0] ?? []).map(factOf)
      return ('one' in ref ? facts[0] : facts) as Shown<R>
    },

    page: async (ref, from) => (await pageOf(site, ref, from)) as never,

    resting: (from) => resting(site, from),
    sweep: (kind, by) => sweepSlice(database, kind, by),

    formerRoots: () => formerRoots(site),

    uses: (keyId, underWay) => usesOf(site, keyId, underWay),

    countLiveSessions: () => countLiveSessions(database),
    online: () => online(database, node),

    async ping() {
      await database.read(() => [database.builder.selectFrom('instance').select('id').compile()])
    },

    close: () => database.close(),
  }
}

/** Every record is written by itself: those of floods, which are no flood. */
const one: Floods['split'] = (written) => ({ written, done() {} })

/** What a step queues for: the records that guard what it asks. */
function turnsOf(refs: readonly Ref[]): string[] {
  const guards = refs.map(guardOf).filter(({ one }) => !calm.has(one))
  return [...new Set(guards.map(({ one, by, is }) => `${one} ${by} ${is}`))]
}
