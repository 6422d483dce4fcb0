/**
 * Metrics: how this node is doing, for whoever looks after it. All of it is read when it is asked for;
 * on the way of a request only one number goes up.
 *
 * @module
 */
import type { World } from '../ports.ts'
import { type Millis, second } from '../rules/time.ts'
import { exposition, histogram, type Metric, type Sample } from './exposition.ts'
import type { Lives } from './live.ts'

export interface Metrics {
  /** Counts an answer. */
  answered(status: number): void
  /** Counts a session that was renewed. */
  refreshed(): void
  /** All of it, in the format of `exposition.ts`. */
  text(): Promise<string>
}

/** Sessions are counted anew after so long: that reads them all, though a slice at a time. */
const countAgain: Millis = 30 * second
/** Of very many it takes a while, and may take this part of the time. */
const mostOfTime = 0.01

/** @param lives The connections of this node. */
export function metricsOf(world: World, lives: Pick<Lives, 'count'>): Metrics {
  const { standing, hasher } = world
  const answers = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 }
  let refreshes = 0
  const liveSessions = countedNowAndThen(world)

  return {
    answered(status) {
      const klass = `${Math.floor(status / 100)}xx`
      if (klass in answers) answers[klass as keyof typeof answers] += 1
    },
    refreshed() {
      refreshes += 1
    },
    async text() {
      const { fresh, leaseAge, feedLag, remembered, read, size, barriers } = standing.state()
      const hashing = hasher.state()
      const sessions = await liveSessions()
      const inSeconds = barriers.upTo.map(({ bound, count }) => ({ bound: bound / second, count }))
      const sum = barriers.total / second
      return exposition([
        counter(
          'requests_total',
          'Answers of this node since its start, by the class of their status.',
          Object.entries(answers).map(([status, value]) => ({ labels: { status }, value })),
        ),
        counter('refreshes_total', 'Sessions that were renewed here; the audit has none of them.', [
          { value: refreshes },
        ]),
        counter('checks_total', 'Sessions and keys that were checked, from memory or by reading.', [
          { labels: { by: 'memory' }, value: remembered },
          { labels: { by: 'reading' }, value: read },
        ]),
        gauge('fresh', 'Whether this node answers from memory: 1, or 0 when it has no lease.', [
          { value: fresh ? 1 : 0 },
        ]),
        gauge('lease_age_seconds', 'Since the last good look at the feed was sent.', [
          { value: leaseAge / second },
        ]),
        gauge('feed_lag_entries', 'Entries of the feed that were seen and are not applied.', [
          { value: feedLag },
        ]),
        gauge('remembered_records', 'Records in the memory of this node.', [{ value: size }]),
        {
          ...named('barrier_seconds', 'How long what ended trust here waited for the other nodes.'),
          type: 'histogram',
          samples: histogram(inSeconds, { sum, count: barriers.count }),
        },
        counter('password_hashes_total', 'Password hashes that were evaluated here.', [
          { value: hashing.evaluated },
        ]),
        gauge('password_queue_length', 'Passwords that wait for a thread to hash them.', [
          { value: hashing.waiting },
        ]),
        gauge('connections', 'Sockets and event streams that are open at this node.', [
          { value: lives.count() },
        ]),
        gauge(
          'live_sessions',
          'Sessions of everybody that stand, over all nodes; counted now and then.',
          sessions === undefined ? [] : [{ value: sessions }],
        ),
      ])
    },
  }
}

const named = (name: string, help: string) => ({ name: `sallyport_${name}`, help })

const counter = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  ...named(name, help),
  type: 'counter',
  samples,
})

const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  ...named(name, help),
  type: 'gauge',
  samples,
})

/**
 * @returns How many sessions stand, as of lately: only the first to ask waits until they are counted.
 *   `undefined` when they could not be, the database being away.
 */
function countedNowAndThen({ store, clock }: World): () => Promise<number | undefined> {
  let known: number | undefined
  let counting: Promise<void> | undefined
  let due: Millis = Number.NEGATIVE_INFINITY

  async function count(): Promise<void> {
    const began = clock.elapsed()
    known = await store.countLiveSessions().catch(() => undefined)
    const now = clock.elapsed()
    due = known === undefined ? now : now + Math.max(countAgain, (now - began) / mostOfTime)
    counting = undefined
  }
  return async () => {
    if (clock.elapsed() >= due) counting ??= count()
    if (known === undefined) await counting
    return known
  }
}
