/**
 * Revocation: how long a step that ends trust takes until every node has dropped it, and what a session
 * costs in memory. The nodes share this process; each has a way of its own to the database.
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { session, user } from '../src/ports.ts'
import { keep } from '../src/rules/step.ts'
import { memory } from '../src/stores/memory.ts'
import { startNode } from '../src/stores/node.ts'
import { openDatabase } from '../src/stores/open.ts'
import { sqlStore } from '../src/stores/sql-store.ts'
import { startPostgres } from '../test/provision/postgres-server.ts'
import { person, sessionOf } from '../test/store/bed.ts'
import { shown, table } from './figures.ts'

const random = { bytes: (length: number) => randomBytes(length) }
const clock = { now: () => Date.now(), elapsed: () => performance.now() }

/** @returns Milliseconds from the step to its answer, sorted. */
async function endings(place: string, count: number, times: number): Promise<number[]> {
  const nodes = await Promise.all(
    Array.from({ length: count }, async () => {
      const database = await openDatabase(place, { clock, random })
      const node = await startNode({ database, clock, random, lease: 1_000 })
      return {
        node,
        store: sqlStore({ database, random, auditKey: () => randomBytes(32), node, clock }),
      }
    }),
  )
  const [first] = nodes
  const took: number[] = []
  for (let n = 0; n < times && first; n++) {
    const before = performance.now()
    await first.store.step({ ada: user('ada') }, ({ ada }) => ({
      verdict: 0,
      keep: [keep('users', ada ? { ...ada, version: ada.version + 1 } : person('ada'))],
    }))
    took.push(performance.now() - before)
  }
  for (const { node, store } of nodes) {
    await node.close()
    await store.close()
  }
  return took.slice(1).toSorted((a, b) => a - b)
}

const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** @returns Bytes for each session that is remembered, on the heap and beside it; two of each person. */
async function bytesASession(count: number): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const kept = memory()
  const agents = Array.from({ length: 50 }, (_, n) => userAgent.replace('140', `${100 + n}`))
  collect()
  const used = () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = used()
  for (let n = 0; n < count; n++) {
    const id = randomBytes(16).toString('base64url')
    // As a row comes from the database: every text of its own.
    const owner = createHash('sha256')
      .update(`${Math.floor(n / 2)}`)
      .digest('base64url')
      .slice(0, 22)
    const more = {
      userAgent: agents[n % agents.length] ?? '',
      address: `192.0.${n % 100}.${n % 250}`,
      digest: `generation$${randomBytes(32).toString('base64url')}`,
    }
    const row = JSON.stringify(sessionOf(owner, id, more))
    await kept.fill('sessions', id, async () => JSON.parse(row))
  }
  collect()
  const bytes = (used() - before) / count
  if (kept.get('sessions', session('nobody').is)) throw new Error('somebody is nobody')
  return bytes
}

export async function benchRevocation(times: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const server = await startPostgres({ durable: true })
  const rows: string[][] = []
  try {
    for (const count of [1, 2, 4])
      for (const [name, place] of [
        ['SQLite', `sqlite:${join(folder, `${count}.db`)}`],
        ['PostgreSQL', await server.fresh()],
      ] as const) {
        const took = await endings(place, count, times)
        const at = (part: number) => shown(took[Math.floor(took.length * part)] ?? Number.NaN)
        rows.push([`${name}, ${count}`, at(0.5), at(0.99)])
      }
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true })
  }
  return `## Revocation

From a step that ends trust to its answer, when every node has dropped it; ${times} one after the other,
all nodes in one process, none of them dead.

${table(['database, nodes', 'p50, ms', 'p99, ms'], rows)}
A session that is remembered takes ${shown(await bytesASession(50_000))} bytes.`
}
