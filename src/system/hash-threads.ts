/**
 * The hashing threads: a fixed number, one job at a time each. They start at once, so that the first
 * sign-in waits for none; one that dies is replaced when the next job comes; none keeps a process alive.
 *
 * @module
 */
import { Worker } from 'node:worker_threads'
import type { Job } from './hashing-worker.ts'

export interface HashThreads {
  /**
   * Starts computing.
   *
   * @returns The output, rejected when the thread dies over it; `undefined` when all are at work.
   */
  compute(job: Job): Promise<Buffer> | undefined
  /** Lets finish what is computing and ends the threads. */
  close(): Promise<void>
}

/** @param onFree Called whenever a thread has become free, or may be replaced. */
export function hashThreads(count: number, onFree: () => void): HashThreads {
  const threads = new Set<Worker>()
  const idle: Worker[] = []
  const computing = new Set<Promise<unknown>>()

  function start(): Worker {
    const thread = new Worker(workerFile(), { name: 'sallyport-hashing', env: {}, execArgv: [] })
    threads.add(thread)
    // Without a listener the death of an idle thread would be the death of the process.
    thread.on('error', () => undefined)
    thread.on('exit', () => {
      threads.delete(thread)
      const place = idle.indexOf(thread)
      if (place >= 0) idle.splice(place, 1)
    })
    thread.unref()
    return thread
  }

  for (let started = 0; started < count; started++) idle.push(start())

  return {
    compute(job) {
      const thread = idle.shift() ?? (threads.size < count ? start() : undefined)
      if (!thread) return undefined
      const output = outputOf(thread, job)
        .then((bytes) => {
          idle.push(thread)
          return bytes
        })
        .catch((cause) => {
          // Of no use any more, though its exit may still have to be told.
          threads.delete(thread)
          throw new Error('the hashing thread failed', { cause })
        })
        .finally(() => {
          computing.delete(output)
          onFree()
        })
      computing.add(output)
      return output
    },
    async close() {
      await Promise.allSettled(computing)
      await Promise.all([...threads].map((thread) => thread.terminate()))
    },
  }
}

function outputOf(thread: Worker, job: Job): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (answer: () => void) => {
      thread.off('message', done).off('error', failed).off('exit', ended).unref()
      answer()
    }
    const done = (output: Uint8Array) => settle(() => resolve(Buffer.from(output)))
    const failed = (cause: unknown) => settle(() => reject(cause))
    const ended = (code: number) => settle(() => reject(new Error(`it ended with code ${code}`)))
    thread.on('message', done).on('error', failed).on('exit', ended)
    // While it computes somebody waits: the process must not end under it.
    thread.ref()
    // Moved, not copied: no secret stays behind in this thread.
    thread.postMessage(job, [job.secret.buffer])
  })
}

/** Beside this file, as source or as built. */
function workerFile(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./hashing-worker.${extension}`, import.meta.url)
}
