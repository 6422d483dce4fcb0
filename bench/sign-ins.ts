/**
 * Sign-ins through HTTP, beside what the same hasher does without any, and the binding alone in a
 * loop on one thread. The three take turns.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashingDefaults } from '../src/system/argon2id.ts'
import { password, people, serveClaimed } from './claimed.ts'
import { median, shown, spread, table } from './figures.ts'
import type { Load, Loaded } from './load.ts'
import { type Program, startProgram } from './program.ts'

const atOnce = 16

/** Prints the table. @param rounds Of each; `seconds` long. */
export async function benchSignIns(rounds: number, seconds: number): Promise<string> {
  const { memory, passes, workers } = hashingDefaults
  const rows: string[][] = []
  for (const threads of new Set([workers, 2])) rows.push(await measured(threads, rounds, seconds))
  const head = [
    'hashing threads',
    'sign-ins/s',
    'raw, same threads',
    'sign-ins / raw',
    'from–to',
    'raw, one loop',
    'CPU ms a sign-in',
    'besides the hash',
  ]
  return `## Sign-ins

argon2id m=${memory} KiB t=${passes} p=1, ${atOnce} at once, ${atOnce} people with 5 sessions each, SQLite,
${rounds} interleaved rounds of ${seconds} s, nothing bound to a core.

${table(head, rows)}`
}

async function measured(workers: number, rounds: number, seconds: number): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const flags = ['--hashing-workers', `${workers}`, '--trust-proxy', '127.0.0.1/32']
  const { program, origin } = await serveClaimed(folder, { flags })
  const load = startProgram('load.ts')
  const raw = startProgram('hashing.ts')
  try {
    const people16 = people(folder, atOnce)
    const signIn = async (time: number) => {
      const sent: Load = { kind: 'sign-in', origin, people: people16, password, seconds: time }
      const { value, cost } = await costing(program, () => load.ask<Loaded>(sent))
      if (value.failed > 0) throw new Error(`${value.failed} sign-ins failed`)
      return { rate: value.requests / value.took, cost: cost / value.requests }
    }
    const pool = async (time: number) => {
      const asked = { kind: 'pool', workers, atOnce, seconds: time }
      const { value, cost } = await costing(raw, () => raw.ask<number>(asked))
      return { rate: value, cost: cost / (value * time) }
    }
    const loop = () => raw.ask<number>({ kind: 'loop', seconds })
    await signIn(1)
    await pool(1)
    const all = []
    for (let n = 0; n < rounds; n++) {
      const first = n % 2 === 0 ? await signIn(seconds) : undefined
      const byPool = await pool(seconds)
      const byHttp = first ?? (await signIn(seconds))
      all.push({ byHttp, byPool, loop: await loop() })
    }
    const ratios = all.map(({ byHttp, byPool }) => byHttp.rate / byPool.rate)
    const cost = median(all.map(({ byHttp }) => byHttp.cost)) / 1_000
    const hash = median(all.map(({ byPool }) => byPool.cost)) / 1_000
    return [
      String(workers),
      shown(median(all.map(({ byHttp }) => byHttp.rate))),
      shown(median(all.map(({ byPool }) => byPool.rate))),
      median(ratios).toFixed(2),
      spread(ratios),
      shown(median(all.map((one) => one.loop))),
      shown(cost),
      shown(cost - hash),
    ]
  } finally {
    await Promise.all([load, raw, program].map((one) => one.end()))
    rmSync(folder, { recursive: true, force: true })
  }
}

async function costing<T>(program: Program, work: () => Promise<T>) {
  const before = await program.cpu()
  const value = await work()
  return { value, cost: (await program.cpu()) - before }
}
