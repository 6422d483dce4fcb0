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
import { betterAuth, installPeers, peerEmail, peerPassword, startPeer } from './peers.ts'
import { type Program, startProgram } from './program.ts'
import { type Reached, reached, type Told } from './told.ts'

const atOnce = 16

/** Prints the table. @param rounds Of each; `seconds` long. */
export async function benchSignIns(rounds: number, seconds: number): Promise<Told> {
  installPeers()
  const { memory, passes, workers } = hashingDefaults
  const rows: string[][] = []
  const goals: Reached[] = []
  const values: Record<string, number> = {}
  for (const threads of new Set([workers, 2])) {
    const one = await measured(threads, rounds, seconds, threads === workers)
    rows.push(one.row)
    goals.push(...one.goals)
    Object.assign(values, one.values)
  }
  const head = [
    'hashing threads',
    'sign-ins/s',
    'raw, same threads',
    'sign-ins / raw',
    'from–to',
    'raw, one loop',
    'CPU ms a sign-in',
    'besides the hash',
    '× better-auth',
  ]
  const text = `argon2id m=${memory} KiB t=${passes} p=1, ${atOnce} at once, ${atOnce} people with 5 sessions each, SQLite,
${rounds} interleaved rounds of ${seconds} s, nothing bound to a core; besides the hash: what all other threads use. better-auth hashes by scrypt, as it does by itself.

${table(head, rows)}`
  return { text, goals, values }
}

async function measured(
  workers: number,
  rounds: number,
  seconds: number,
  /** Whether this is how it is by default: what the goals are about. */
  isDefault: boolean,
): Promise<Told & { readonly row: string[]; readonly goals: readonly Reached[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const flags = ['--hashing-workers', `${workers}`, '--trust-proxy', '127.0.0.1/32']
  const { program, origin } = await serveClaimed(folder, { flags })
  const load = startProgram('load.ts')
  const raw = startProgram('hashing.ts')
  const peer = isDefault ? await startPeer(betterAuth, folder) : undefined
  try {
    const people16 = people(folder, atOnce)
    const signIn = async (time: number) => {
      const sent: Load = { kind: 'sign-in', origin, people: people16, password, seconds: time }
      const { value, cost, hashing } = await costing(program, () => load.ask<Loaded>(sent))
      if (value.failed > 0) throw new Error(`${value.failed} sign-ins failed`)
      const { requests } = value
      const besides = hashing === undefined ? undefined : (cost - hashing) / requests
      return { rate: requests / value.took, cost: cost / requests, besides }
    }
    const pool = async (time: number) => {
      const asked = { kind: 'pool', workers, atOnce, seconds: time }
      const { value, cost } = await costing(raw, () => raw.ask<number>(asked))
      return { rate: value, cost: cost / (value * time) }
    }
    const loop = () => raw.ask<number>({ kind: 'loop', seconds })
    const body = JSON.stringify({ email: peerEmail, password: peerPassword })
    const theirs = async () => {
      if (!peer) return 1
      const headers = { 'Content-Type': 'application/json', Origin: peer.origin }
      const url = `${peer.origin}/api/auth/sign-in/email`
      // At ten a second, less would be a matter of luck.
      const longer = Math.max(3, seconds)
      const sent: Load = { kind: 'get', url, headers, body, connections: atOnce, seconds: longer }
      const { requests, took } = await load.ask<Loaded>(sent)
      return requests / took
    }
    // A server runs for months: what its first thousand sign-ins cost is mostly the compiling of code.
    await signIn(5 * seconds)
    await pool(1)
    const all = []
    for (let n = 0; n < rounds; n++) {
      const first = n % 2 === 0 ? await signIn(seconds) : undefined
      const byPool = await pool(seconds)
      const byHttp = first ?? (await signIn(seconds))
      all.push({ byHttp, byPool, loop: await loop(), theirs: await theirs() })
    }
    const rates = all.map(({ byHttp, byPool }) => byHttp.rate / byPool.rate)
    const cost = median(all.map(({ byHttp }) => byHttp.cost)) / 1_000
    const hash = median(all.map(({ byPool }) => byPool.cost)) / 1_000
    const better = all.map((one) => one.byHttp.rate / one.theirs)
    // A hash costs now more, now less, with what else is in the caches: its threads are asked themselves.
    const besides = all.map(
      ({ byHttp, byPool }) => (byHttp.besides ?? byHttp.cost - byPool.cost) / 1_000,
    )
    const goals = [
      reached(
        { goal: 'G6', what: 'sign-ins × raw hash rate', least: 0.95, unit: '×' },
        rates,
        median(rates),
      ),
      reached(
        { goal: 'G6', what: 'CPU of a sign-in besides the hash', most: 0.3, unit: 'ms' },
        besides,
        median(besides),
      ),
      reached(
        { goal: 'G6', what: 'sign-ins × better-auth’s', least: 8, unit: '×' },
        better,
        median(better),
      ),
    ]
    const row = [
      String(workers),
      shown(median(all.map(({ byHttp }) => byHttp.rate))),
      shown(median(all.map(({ byPool }) => byPool.rate))),
      median(rates).toFixed(2),
      spread(rates),
      shown(median(all.map((one) => one.loop))),
      shown(cost),
      shown(median(besides)),
      isDefault ? median(better).toFixed(1) : '',
    ]
    const values = { signIns: median(all.map(({ byHttp }) => byHttp.rate)), hashCpu: hash }
    return isDefault ? { text: '', row, goals, values } : { text: '', row, goals: [] }
  } finally {
    await Promise.all([load, raw, program, peer?.program].map((one) => one?.end()))
    rmSync(folder, { recursive: true, force: true })
  }
}

async function costing<T>(program: Program, work: () => Promise<T>) {
  const [before, hashed] = [await program.cpu(), await program.hashingCpu()]
  const value = await work()
  const cost = (await program.cpu()) - before
  const now = await program.hashingCpu()
  const hashing = now === undefined || hashed === undefined ? undefined : now - hashed
  return { value, cost, hashing }
}
