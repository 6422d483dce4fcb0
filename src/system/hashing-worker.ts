/**
 * The hashing thread: takes one job, computes, answers, and knows nothing of passwords or of hash
 * strings. Its own thread, so that neither the main thread nor the pool of files and DNS waits.
 *
 * @module
 */
import { pbkdf2Sync, scryptSync } from 'node:crypto'
import { constants, setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { hashRawSync } from '@node-rs/argon2'
import bcrypt from 'bcryptjs'

/** What to compute. Only argon2id makes new hashes; the others verify imported ones. */
export type Work =
  /** Argon2, version 1.3. */
  | {
      readonly kind: 'argon2id' | 'argon2i'
      /** KiB. */
      readonly memory: number
      readonly passes: number
      readonly lanes: number
      /** Bytes to put out. */
      readonly length: number
    }
  | {
      readonly kind: 'scrypt'
      /** N of RFC 7914, a power of two. */
      readonly cost: number
      readonly blockSize: number
      readonly lanes: number
      readonly length: number
    }
  | {
      readonly kind: 'pbkdf2'
      readonly digest: 'sha256' | 'sha512'
      readonly passes: number
      readonly length: number
    }
  /** Puts out the 31 characters of its own base64; `rounds` are a power of two. */
  | { readonly kind: 'bcrypt'; readonly rounds: number }

export interface Job {
  /** Over a buffer of its own, which moves to the thread and is wiped there. */
  readonly secret: Uint8Array<ArrayBuffer>
  /** For bcrypt its 22 characters. */
  readonly salt: Uint8Array<ArrayBuffer>
  readonly work: Work
}

function outputOf({ secret, salt, work }: Job): Uint8Array {
  switch (work.kind) {
    case 'argon2id':
    case 'argon2i':
      return hashRawSync(secret, {
        // The binding's own names for them exist at compile time only.
        algorithm: work.kind === 'argon2i' ? 1 : 2,
        salt,
        memoryCost: work.memory,
        timeCost: work.passes,
        parallelism: work.lanes,
        outputLen: work.length,
      })
    case 'scrypt': {
      const { cost, blockSize, lanes } = work
      // What it takes, and no more than that.
      const maxmem = 128 * blockSize * (cost + lanes + 2)
      return scryptSync(secret, salt, work.length, { N: cost, r: blockSize, p: lanes, maxmem })
    }
    case 'pbkdf2':
      return pbkdf2Sync(secret, salt, work.passes, work.length, work.digest)
    case 'bcrypt': {
      const rounds = String(work.rounds).padStart(2, '0')
      const setting = `$2b$${rounds}$${Buffer.from(salt)}`
      return Buffer.from(bcrypt.hashSync(Buffer.from(secret).toString(), setting).slice(-31))
    }
  }
}

if (!parentPort) throw new Error('hashing-worker: not started as a worker thread')
const port = parentPort

// On Linux this lowers the thread alone: where cores are short, requests go before hashes.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL)

port.on('message', (job: Job) => {
  const output = outputOf(job)
  job.secret.fill(0)
  port.postMessage(output)
})
