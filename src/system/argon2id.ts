/**
 * Passwords by argon2id, kept as PHC strings; hashes of other programs are verified, never made.
 * Computing happens on threads of its own behind a bounded queue; here is only what a hash string says
 * and whether it says enough.
 *
 * @module
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { PasswordHasher } from '../hash-ports.ts'
import { type ReadHash, readForeign } from './foreign-hash.ts'
import { hashQueue, type QueueOptions } from './hash-queue.ts'
import type { Job, Work } from './hashing-worker.ts'

export interface HashingOptions extends QueueOptions {
  /** KiB a hash. */
  readonly memory: number
  readonly passes: number
}

/** One core is left to everything else, so that a flood of sign-ins does not slow what is signed in. */
export const hashingDefaults: HashingOptions = {
  memory: 19_456,
  passes: 2,
  workers: Math.max(1, availableParallelism() - 1),
  queue: 64,
  wait: 2_000,
  perAddress: 8,
}

const saltBytes = 16
const hashBytes = 32

/** What a kept hash may ask for at most, in KiB and passes: a row cannot make us take 4 GiB. */
const bounds = { memory: 1_048_576, passes: 64, lanes: 16, salt: [8, 64], hash: [16, 64] } as const

type Argon2 = Extract<Work, { readonly memory: number }>
type Phc = ReadHash & { readonly work: Argon2 }

/**
 * A hasher; its threads start with it.
 *
 * @param options What differs from the defaults; 0 workers are the default number.
 * @see RFC 9106; OWASP ASVS 5.0 V11.4.2 and Password Storage Cheat Sheet (m=19456, t=2, p=1)
 */
export function argon2id(options: Partial<HashingOptions> = {}): PasswordHasher {
  const settled = { ...hashingDefaults, ...options }
  const { memory, passes } = settled
  const queue = hashQueue({ ...settled, workers: settled.workers || hashingDefaults.workers })

  const work: Argon2 = { kind: 'argon2id', memory, passes, lanes: 1, length: hashBytes }

  return {
    async hash(secret, by, known) {
      const salt = randomBytes(saltBytes)
      const output = await queue.run(jobOf(secret, salt, work), by, known)
      return output.ok ? { ok: true, value: written({ work, salt, hash: output.value }) } : output
    },
    reads(phc) {
      try {
        return read(phc) !== undefined
      } catch {
        return false
      }
    },
    async verify(phc, secret, by, known) {
      const kept = read(phc)
      const output = await queue.run(jobOf(secret, kept.salt, kept.work), by, known)
      if (!output.ok) return output
      const right = timingSafeEqual(output.value, kept.hash)
      const rest = right ? undefined : restOf(kept.work, work)
      // Where there is no place for it, waiting has taken long enough.
      if (rest) await queue.run(jobOf(secret, randomBytes(saltBytes), rest), by, known)
      return { ok: true, value: right }
    },
    admit: queue.admit,
    // Nobody has ever hashed anything to this: it is drawn, not computed.
    decoy: written({ work, salt: randomBytes(saltBytes), hash: randomBytes(hashBytes) }),
    isOld(phc) {
      const kept = read(phc)
      return (
        kept.work.kind !== 'argon2id' ||
        kept.work.memory < memory ||
        kept.work.passes < passes ||
        kept.salt.length < saltBytes ||
        kept.hash.length < hashBytes
      )
    },
    state: () => queue.state(),
    close: () => queue.close(),
  }
}

/**
 * What a weaker hash leaves to do: once the parameters in use were raised, a name whose hash is not made
 * anew yet would be told wrong sooner than one that is nobody's. To an imported hash all of it is added:
 * a cheap one is covered by that, and one that costs more than ours takes what it takes.
 */
function restOf(kept: Work, { memory, passes, ...work }: Argon2): Argon2 | undefined {
  // The time of argon2 goes with the memory that is passed over.
  const rest = memory * passes - ('memory' in kept ? kept.memory * kept.passes : 0)
  if (rest < 8) return undefined
  const more = Math.ceil(rest / memory)
  return { ...work, passes: more, memory: Math.max(8, Math.floor(rest / more)) }
}

function jobOf(secret: Buffer, salt: Buffer, work: Work): Job {
  // A small Buffer is a window on a pool that others use too; the thread gets just these bytes.
  return { secret: Uint8Array.from(secret), salt: Uint8Array.from(salt), work }
}

/** The string format of the Password Hashing Competition, base64 without padding. */
function written({ work: { memory, passes, lanes }, salt, hash }: Phc): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${lanes}$${unpadded(salt)}$${unpadded(hash)}`
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')

/**
 * @throws {Error} When it is neither argon2 1.3 in this one spelling nor one of the foreign ones, or
 *   asks for too much. The message repeats nothing of it.
 */
function read(phc: string): ReadHash {
  const found = readArgon2(phc) ?? readForeign(phc)
  if (!found) throw new Error('password hash: of no known kind')
  return found
}

function readArgon2(phc: string): Phc | undefined {
  const parts =
    /^\$(argon2id?)\$v=19\$m=([1-9]\d{0,9}),t=([1-9]\d{0,9}),p=([1-9]\d{0,2})\$([A-Za-z\d+/]{1,200})\$([A-Za-z\d+/]{1,200})$/.exec(
      phc,
    )
  if (!parts) return undefined
  const [memory, passes, lanes] = [Number(parts[2]), Number(parts[3]), Number(parts[4])]
  const [salt, hash] = [decoded(parts[5] ?? ''), decoded(parts[6] ?? '')]
  const fits =
    memory >= 8 * lanes &&
    memory <= bounds.memory &&
    passes <= bounds.passes &&
    lanes <= bounds.lanes &&
    isWithin(salt.length, bounds.salt) &&
    isWithin(hash.length, bounds.hash)
  if (!fits) throw new Error('password hash: parameters out of bounds')
  const kind = parts[1] === 'argon2i' ? 'argon2i' : 'argon2id'
  return { work: { kind, memory, passes, lanes, length: hash.length }, salt, hash }
}

function decoded(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  if (unpadded(bytes) !== text) throw new Error('password hash: not base64')
  return bytes
}

function isWithin(size: number, [least, most]: readonly [number, number]): boolean {
  return size >= least && size <= most
}
