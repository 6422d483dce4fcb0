/**
 * The queue before the hashing threads: first come, first served, bounded in length, in waiting and in
 * what one address may hold of it. Whoever does not fit hears so at once and may come again. Who is known
 * has a lane of his own, served first: strangers without end keep nobody out who was here before.
 *
 * @module
 */
import type { Hashed } from '../hash-ports.ts'
import { refuse } from '../rules/refusal.ts'
import type { Millis } from '../rules/time.ts'
import { hashThreads } from './hash-threads.ts'
import type { Job } from './hashing-worker.ts'

export interface QueueOptions {
  /** Threads; each computes one job at a time. */
  readonly workers: number
  /** Jobs that may wait in each lane. */
  readonly queue: number
  /** How long a job may wait for a thread. */
  readonly wait: Millis
  /** Jobs of one address, waiting and computing together. */
  readonly perAddress: number
}

export interface HashQueue {
  /**
   * @param by Whose place it takes.
   * @param known Whether it is for somebody signed in, or on a device that is trusted.
   * @returns The output, or `busy`, or `unavailable` once closed.
   * @throws {Error} When the thread dies over it.
   */
  run(job: Job, by: string, known?: boolean): Promise<Hashed<Buffer>>
  /**
   * Lets somebody in at the door, before what has to be done for a hash: no more than there are places for.
   *
   * @returns What is called when he leaves; `busy`.
   */
  admit(known: boolean): Hashed<() => void>
  /** Jobs done since the start, and those that wait for a thread. */
  state(): { readonly evaluated: number; readonly waiting: number }
  /** Refuses who waits, lets finish what is computing, and ends the threads. */
  close(): Promise<void>
}

/** A job in the queue; it leaves by exactly one of the two. */
interface Waiting {
  readonly job: Job
  readonly start: (output: Promise<Buffer>) => void
  readonly refuse: (why: string) => void
}

export function hashQueue({ workers, queue, wait, perAddress }: QueueOptions): HashQueue {
  const threads = hashThreads(workers, serveWaiting)
  const [knownLane, lane]: [Waiting[], Waiting[]] = [[], []]
  const waiting = () => knownLane.length + lane.length
  const held = new Map<string, number>()
  const inside = { known: 0, strangers: 0 }
  let closed = false
  let evaluated = 0

  const done = async (output: Promise<Buffer>): Promise<Hashed<Buffer>> => {
    const value = await output
    evaluated += 1
    return { ok: true, value }
  }
  const refused = (why: string) =>
    refuse(closed ? 'unavailable' : 'busy', { why, retryAfter: wait })

  function serveWaiting(): void {
    while (waiting() > 0) {
      const first = knownLane[0] ?? lane[0]
      const output = first && threads.compute(first.job)
      if (output === undefined) return
      ;(knownLane.shift() ?? lane.shift())?.start(output)
    }
  }

  /** Takes a place in the queue until a thread is free, the time is over, or all is closed. */
  function stand(job: Job, waiting: Waiting[]): Promise<Hashed<Buffer>> {
    return new Promise((resolve) => {
      const entry: Waiting = {
        job,
        start(output) {
          clearTimeout(limit)
          resolve(done(output))
        },
        refuse(why) {
          clearTimeout(limit)
          waiting.splice(waiting.indexOf(entry), 1)
          resolve(refused(why))
        },
      }
      const limit = setTimeout(() => entry.refuse('hash_wait_too_long'), wait)
      waiting.push(entry)
    })
  }

  async function enter(job: Job, known: boolean): Promise<Hashed<Buffer>> {
    const output = waiting() === 0 ? threads.compute(job) : undefined
    if (output !== undefined) return done(output)
    const own = known ? knownLane : lane
    return own.length < queue ? stand(job, own) : refused('hash_queue_full')
  }

  return {
    async run(job, by, known = false) {
      if (closed) return refused('hasher_closed')
      const places = held.get(by) ?? 0
      if (places >= perAddress) return refused('hash_share_used_up')
      held.set(by, places + 1)
      try {
        return await enter(job, known)
      } finally {
        const left = (held.get(by) ?? 1) - 1
        if (left > 0) held.set(by, left)
        else held.delete(by)
      }
    },
    admit(known) {
      const who = known ? 'known' : 'strangers'
      if (closed || inside[who] >= queue + workers) return refused('hash_queue_full')
      inside[who] += 1
      return {
        ok: true,
        value: () => {
          inside[who] -= 1
        },
      }
    },
    state: () => ({ evaluated, waiting: waiting() }),
    async close() {
      closed = true
      for (const entry of [...knownLane, ...lane]) entry.refuse('hasher_closed')
      await threads.close()
    },
  }
}
