/**
 * What a session that a node remembers costs in memory.
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { memory } from '../src/stores/memory.ts'
import { sessionOf } from '../test/store/bed.ts'
import { shown } from './figures.ts'
import { reached, type Told } from './told.ts'

const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** @returns Bytes a session, on the heap and beside it; two of each person. */
async function bytesASession(count: number): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const kept = memory()
  const agents = Array.from({ length: 50 }, (_, n) => userAgent.replace('140', `${100 + n}`))
  const used = () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  collect()
  const before = used()
  for (let n = 0; n < count; n++) {
    const id = randomBytes(16).toString('base64url')
    const owner = createHash('sha256')
      .update(`${Math.floor(n / 2)}`)
      .digest('base64url')
    const more = {
      userAgent: agents[n % agents.length] ?? '',
      address: `192.0.${n % 100}.${n % 250}`,
      digest: `generation$${randomBytes(32).toString('base64url')}`,
    }
    // As a row comes from the database: every text of its own.
    const row = JSON.stringify(sessionOf(owner.slice(0, 22), id, more))
    await kept.fill('sessions', id, async () => JSON.parse(row))
  }
  collect()
  const bytes = (used() - before) / count
  if (kept.get('sessions', 'nobody')) throw new Error('somebody is nobody')
  return bytes
}

export async function benchRemembered(): Promise<Told> {
  const bytes = await bytesASession(50_000)
  return {
    text: `A session that is remembered takes ${shown(bytes)} bytes, of 50,000 of 25,000 people with fifty browsers.`,
    goals: [
      reached(
        { goal: 'G10', what: 'memory a standing session', most: 300, unit: 'bytes' },
        [bytes],
        bytes,
      ),
    ],
    values: { sessionMemory: bytes },
  }
}
