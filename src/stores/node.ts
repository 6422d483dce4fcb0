/**
 * A node: one process that answers from memory, under a lease. It looks at the feed again and again,
 * drops what was revoked, and says how far it has heard; when anything is not as it should be it
 * forgets everything and begins anew.
 *
 * @module
 */
import type { Barriers, Clock, Random } from '../ports.ts'
import {
  beatAfter,
  endedAfter,
  forgottenAfter,
  type Held,
  holds,
  type Moment,
} from '../rules/revocation.ts'
import type { Millis } from '../rules/time.ts'
import type { Subject } from '../rules/trust.ts'
import type { Database, NodeRow } from './database.ts'
import {
  beating,
  type Entry,
  everybody,
  forgetting,
  isWhole,
  type Looked,
  leaving,
  looking,
  registering,
  saidOf,
  trimming,
} from './feed.ts'
import { memory } from './memory.ts'
import { onceAtATime } from './queue.ts'
import { shapes } from './shapes.ts'
import { silence } from './silence.ts'
import { watching } from './watching.ts'

/** Later than this after a lease has ended, nothing can be promised to those who watch. */
const graceAfterLease: Millis = 750
/** What barriers are told apart by; the longest there is takes 5.5 s. */
const barrierBounds: readonly Millis[] = [2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 6_000]
/**
 * So long a node keeps to itself that it has heard of what it revoked alone. Others only wait for that when they
 * have come upon it; saying it each time is a commit beside each sign-out.
 */
const tellOwnAfter: Millis = 50
/** Own entries not yet seen in the feed that are told from others' at most. */
const mostOwn = 1_000
/** At most so long between two looks, also under a long lease. */
const lookEvery: Millis = 250

export type Node = Awaited<ReturnType<typeof startNode>>

/**
 * Joins the others.
 *
 * @param given.clock Of this machine: monotonic for the lease, wall to know when it slept.
 * @param given.lease How long it may answer without having heard.
 * @throws {Unavailable} When the database does not answer.
 */
export async function startNode(given: {
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
  readonly lease: Millis
}) {
  const { database, clock, lease } = given
  const { builder } = database
  const site = { builder, shaped: shapes() }
  const id = given.random.bytes(16).toString('base64url')
  const moment = (): Moment => ({ elapsed: clock.elapsed(), wall: clock.now() })

  const remembered = memory()
  const watchers = watching()
  const silent = silence(clock)
  const line = database.line(() => void look())

  /** Up to where everything was dropped, and in which epoch; nothing before the first good look. */
  let heard: { readonly epoch: number; readonly applied: number } | undefined
  let looked: Moment | undefined
  /** The last beat that was acknowledged. */
  let written = { beats: 0, sent: clock.elapsed() }
  let beats = 0
  /** Whether somebody may be waiting to read how far this node has heard. */
  let owed = false
  /** What own steps have told and the feed has not shown yet; and what will tell of having heard it. */
  const own = new Set<string>()
  let tellingOwn: NodeJS.Timeout | undefined
  let head = 0
  const upTo = barrierBounds.map((bound) => ({ bound, count: 0 }))
  const barriers = { count: 0, total: 0, longest: 0, upTo }
  let lost = false
  let waiting = false
  let closed = false

  const fresh = (): boolean =>
    looked !== undefined && holds({ looked, beaten: written.sent } satisfies Held, moment(), lease)

  /** Forgets everything; nothing is answered from memory before the next good look. */
  function begin(): void {
    heard = undefined
    looked = undefined
    remembered.clear()
    watchers.tellAll('changed')
  }

  /** @param applied What was revoked up to there it remembers nothing of: it remembers nothing. */
  async function register(applied: number): Promise<void> {
    begin()
    const sent = clock.elapsed()
    beats += 1
    await line.write(registering(builder, rowOf(applied)))
    written = { beats, sent }
    owed = false
  }
  const rowOf = (applied: number): NodeRow => ({ id, lease, applied, beats })

  /** One look at the feed. @returns Whether it was good. */
  async function round(): Promise<boolean> {
    const sent = moment()
    const [[row] = [], entries = []] = await line.read(looking(site, id, heard?.applied ?? 0))
    const seen = row as Looked | undefined
    if (closed || !seen) return closed
    head = seen.head
    // A row that knows less than was acknowledged is of another time: the database was put back.
    const known = written.beats > 0 && seen.beats !== null && seen.beats >= written.beats
    if (!known || (heard && !takeIn(entries as readonly Entry[], seen))) {
      await register(seen.head)
      return false
    }
    if (!heard) {
      // What was read before this look may have been revoked before it, too.
      remembered.clear()
      heard = { epoch: seen.epoch, applied: seen.head }
      // What it has registered may be behind that by now, and somebody wait for it.
      owed = true
    }
    looked = sent
    lost = false
    return true
  }

  /** Drops what the feed names. @returns False when there is a hole, or another epoch. */
  function takeIn(entries: readonly Entry[], { epoch, head }: Looked): boolean {
    if (!heard || epoch !== heard.epoch || !isWhole(entries, heard.applied, head)) return false
    heard = { epoch, applied: head }
    const others = entries.filter(({ subjects }) => !own.delete(subjects))
    if (others.length > 0) owed = true
    else if (entries.length > 0) tellingOwn ??= setTimeout(tellOwn, tellOwnAfter).unref()
    // Its own too: one whose commit was never answered may have been dropped too early.
    for (const { subjects } of entries) drop(subjects.split(' ') as Subject[])
    return true
  }

  function tellOwn(): void {
    tellingOwn = undefined
    owed = true
    // Not without a look: a database that was put back meanwhile shows by the row that a beat would write.
    void look()
  }

  function drop(subjects: readonly Subject[]): void {
    for (const subject of subjects) remembered.drop(subject)
    watchers.tell(subjects)
  }

  /** Says how far this node has heard, or only that it lives. */
  async function beat(): Promise<void> {
    const due = clock.elapsed() - written.sent >= beatAfter * lease
    if (!heard || closed || !(due || owed)) return
    const sent = clock.elapsed()
    beats += 1
    owed = false
    const row = rowOf(heard.applied)
    try {
      if ((await line.write(beating(site, row))) === 1) written = { beats: row.beats, sent }
    } catch (error) {
      owed = true
      throw error
    }
    if (due) await tidy()
  }

  /** Forgets nodes that have been silent for long, and entries that were heard long ago. */
  async function tidy(): Promise<void> {
    const [rows = []] = await line.read(everybody(site))
    const others = (rows as unknown as NodeRow[]).filter((row) => row.id !== id)
    for (const gone of silent.heard(others)(forgottenAfter))
      await line.write(forgetting(builder, gone))
    const old = trimming(builder, head)
    if (old) await line.write(old)
  }

  const looks = onceAtATime(async () => {
    // Who has to begin anew does so at once.
    for (let tries = 0; tries < 3 && !closed; tries++) if (await round()) return
  })
  const beatings = onceAtATime(beat)
  /** Looks, and says so. Whatever fails is tried again at the next tick; the lease runs meanwhile. */
  async function look(): Promise<void> {
    if (closed) return
    const done = looks()
    done.then(beatings).catch(() => undefined)
    await done.catch(() => undefined)
  }
  async function tick(): Promise<void> {
    // A look that does not come back says as little as one that fails.
    if (!waiting) {
      waiting = true
      await look()
      waiting = false
    }
    mourn()
  }
  function mourn(): void {
    const gone = looked === undefined || clock.elapsed() - looked.elapsed > lease + graceAfterLease
    if (!gone || lost || closed) return
    lost = true
    watchers.tellAll('lost')
  }

  try {
    await looks()
  } catch (error) {
    await line.close()
    throw error
  }
  const ticking = setInterval(() => void tick(), Math.min(lease / 4, lookEvery)).unref()

  return {
    id,
    lease,
    memory: remembered,
    watch: watchers.watch,
    fresh,
    /** What this node's own step is about to tell the feed, which may show it before the step knows. */
    tells(heardOf: readonly Subject[]): void {
      if (heardOf.length === 0) return
      // What is never kept is never seen.
      if (own.size >= mostOwn) own.clear()
      own.add(saidOf(heardOf))
    },
    /** What this node's own step has written: dropped at once, and told when others are told. */
    wrote(quietly: readonly Subject[], heardOf: readonly Subject[]): void {
      for (const subject of quietly) remembered.drop(subject)
      drop(heardOf)
    },
    /** Whether nothing is answered here any more that was revoked up to there. */
    async hears(head: number): Promise<boolean> {
      if (!heard || heard.applied < head) await look()
      return heard === undefined || heard.applied >= head || !fresh()
    },
    /** Those whose lease has not ended, as far as this node has watched them. */
    living(nodes: readonly NodeRow[]): readonly string[] {
      const others = nodes.filter((row) => row.id !== id)
      const gone = new Set(
        silent
          .heard(others)(endedAfter)
          .map((row) => row.id),
      )
      return nodes.map((row) => row.id).filter((one) => !gone.has(one))
    },
    waited(took: Millis): void {
      barriers.count += 1
      barriers.total += took
      barriers.longest = Math.max(barriers.longest, took)
      const within = upTo.find(({ bound }) => took <= bound)
      if (within) within.count += 1
    },
    barriers: barriers as Barriers,
    /** Since the last good look was sent, and how far behind the feed as it was then. */
    age: (): Millis => (looked ? clock.elapsed() - looked.elapsed : Number.POSITIVE_INFINITY),
    behind: (): number => head - (heard?.applied ?? 0),
    async close(): Promise<void> {
      closed = true
      clearInterval(ticking)
      clearTimeout(tellingOwn)
      looked = undefined
      remembered.clear()
      await Promise.allSettled([looks(), beatings()])
      await line.write(leaving(builder, id)).catch(() => undefined)
      await line.close()
    },
  }
}
