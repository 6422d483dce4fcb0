/**
 * The raw hash rate, in a process of its own: the hasher's own threads without HTTP, and the binding
 * called in a loop.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { hashSync } from '@node-rs/argon2'
import { argon2id, hashingDefaults } from '../src/system/argon2id.ts'

const { memory, passes } = hashingDefaults
const secret = randomBytes(32)
const pools = new Map<number, ReturnType<typeof argon2id>>()

function poolOf(workers: number): ReturnType<typeof argon2id> {
  const made = pools.get(workers) ?? argon2id({ workers })
  pools.set(workers, made)
  return made
}

/** @returns Hashes a second. */
async function byPool(workers: number, atOnce: number, seconds: number): Promise<number> {
  const pool = poolOf(workers)
  const began = performance.now()
  let done = 0
  await Promise.all(
    Array.from({ length: atOnce }, async (_, by) => {
      while (performance.now() < began + seconds * 1_000) {
        const verified = await pool.verify(pool.decoy, secret, String(by))
        if (!verified.ok) throw new Error(verified.code)
        done += 1
      }
    }),
  )
  return done / ((performance.now() - began) / 1_000)
}

function inLoop(seconds: number): number {
  const began = performance.now()
  let done = 0
  for (; performance.now() < began + seconds * 1_000; done++)
    hashSync(secret, { memoryCost: memory, timeCost: passes, parallelism: 1, outputLen: 32 })
  return done / ((performance.now() - began) / 1_000)
}

interface Asked {
  readonly id: number
  readonly kind: string
  readonly workers: number
  readonly atOnce: number
  readonly seconds: number
}

// It lives for what it is asked.
process.channel?.ref()
process.on('message', async ({ id, kind, workers, atOnce, seconds }: Asked) => {
  if (kind === 'pool') process.send?.({ id, value: await byPool(workers, atOnce, seconds) })
  if (kind === 'loop') process.send?.({ id, value: inLoop(seconds) })
})
