/**
 * The queue before the hashing threads: first come, first served, bounded in length, in waiting and in
 * what one address may hold of it. Whoever does not fit hears so at once and may come again.
 *
 * @module
 */
import type { Hashed } from '../ports.ts'
import { refuse } from '../rules/refusal.ts'
import type { Millis } from '../rules/time.ts'
import { hashThreads } from './hash-threads.ts'
import type { Job } from './hashing-worker.ts'

export interface QueueOptions {
  /** Threads; each computes one job at a time. */
  readonly workers: number
  /** Jobs that may wait. */
  readonly queue: number
  /** How long a job may wait for a thread. */
  readonly wait: Millis
  /** Jobs of one address, waiting and computing together. */
  readonly perAddress: number
}

export interface HashQueue {
  /**
   * @param by Whose place it takes.
   * @returns The output, or `busy`, or `unavailable` once closed.
   * @throws {Error} When the thread dies over it.
   */
  run(job: Job, by: string): Promise<Hashed<Buffer>>
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
  const waiting: Waiting[] = []
  const held = new Map<string, number>()
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
    for (let first = waiting[0]; first; first = waiting[0]) {
      const output = threads.compute(first.job)
      if (output === undefined) return
      waiting.shift()
      first.start(output)
    }
  }

  /** Takes a place in the queue until a thread is free, the time is over, or all is closed. */
  function stand(job: Job): Promise<Hashed<Buffer>> {
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

  async function enter(job: Job): Promise<Hashed<Buffer>> {
    const output = waiting.length === 0 ? threads.compute(job) : undefined
    if (output !== undefined) return done(output)
    return waiting.length < queue ? stand(job) : refused('hash_queue_full')
  }

  return {
    async run(job, by) {
      if (closed) return refused('hasher_closed')
      const places = held.get(by) ?? 0
      if (places >= perAddress) return refused('hash_share_used_up')
      held.set(by, places + 1)
      try {
        return await enter(job)
      } finally {
        const left = (held.get(by) ?? 1) - 1
        if (left > 0) held.set(by, left)
        else held.delete(by)
      }
    },
    state: () => ({ evaluated, waiting: waiting.length }),
    async close() {
      closed = true
      for (const entry of [...waiting]) entry.refuse('hasher_closed')
      await threads.close()
    },
  }
}
