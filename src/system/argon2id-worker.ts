/**
 * The hashing thread: takes one job, computes, answers, and knows nothing of passwords or of PHC
 * strings. Its own thread, so that neither the main thread nor the pool of files and DNS waits.
 *
 * @module
 */
import { constants, setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { hashRawSync } from '@node-rs/argon2'

/** What to compute: argon2id, version 1.3. */
export interface Job {
  /** Over a buffer of its own, which moves to the thread and is wiped there. */
  readonly secret: Uint8Array<ArrayBuffer>
  readonly salt: Uint8Array<ArrayBuffer>
  /** KiB. */
  readonly memory: number
  readonly passes: number
  readonly lanes: number
  /** Bytes to put out. */
  readonly length: number
}

if (!parentPort) throw new Error('argon2id-worker: not started as a worker thread')
const port = parentPort

// On Linux this lowers the thread alone: where cores are short, requests go before hashes.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL)

port.on('message', ({ secret, salt, memory, passes, lanes, length }: Job) => {
  const output = hashRawSync(secret, {
    salt,
    memoryCost: memory,
    timeCost: passes,
    parallelism: lanes,
    outputLen: length,
  })
  secret.fill(0)
  port.postMessage(output)
})
