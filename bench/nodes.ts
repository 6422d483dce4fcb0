/**
 * Nodes as they are run, each a process of its own: how long a request that ends trust takes until it is
 * answered, and what a session check costs each of two nodes.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../scripts/free-port.ts'
import { startPostgres } from '../test/provision/postgres-server.ts'
import { type Served, serveAt, serveClaimed } from './claimed.ts'
import { median, shown, spread, table } from './figures.ts'
import type { Load, Loaded } from './load.ts'
import { type Program, startProgram } from './program.ts'
import { reached, type Told } from './told.ts'

interface Nodes extends Served {
  /** All of them, the first among them. */
  readonly all: readonly { readonly program: Program; readonly origin: string }[]
  end(): Promise<void>
}

/** Starts `count` servers over one database. @param database `undefined` for a SQLite file. */
async function serveNodes(count: number, database: string | undefined): Promise<Nodes> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const env = {
    SALLYPORT_SECRET: randomBytes(32).toString('base64url'),
    ...(database === undefined ? {} : { SALLYPORT_DATABASE: database }),
  }
  const first = await serveClaimed(folder, { env })
  const all = [{ program: first.program, origin: first.origin }]
  while (all.length < count) {
    const port = await freePort()
    const shared = { ...env, SALLYPORT_PUBLIC_ORIGIN: first.origin }
    const program = await serveAt(port, folder, { env: shared })
    all.push({ program, origin: `http://localhost:${port}` })
  }
  return {
    ...first,
    all,
    async end() {
      await Promise.all(all.map(({ program }) => program.end()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** @returns Milliseconds from sending a request that takes a role away to its answer, sorted. */
async function endings({ origin, cookie }: Nodes, times: number): Promise<number[]> {
  const headers = {
    cookie,
    origin,
    'content-type': 'application/json',
    'x-csrf-token': /csrf=([^;]+)/.exec(cookie)?.[1] ?? '',
  }
  const ask = async (method: string, path: string, body: object) => {
    const sent = { method, headers, body: JSON.stringify(body) }
    const answer = await fetch(`${origin}/api/v1${path}`, sent)
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as { readonly user: { readonly id: string } }
  }
  const { user } = await ask('POST', '/users', { username: 'eve', role: 'member' })
  const took: number[] = []
  for (let n = 0; n < times + 10; n++) {
    const role = n % 2 === 0 ? 'viewer' : 'member'
    const before = performance.now()
    await ask('PATCH', `/users/${user.id}`, { role })
    took.push(performance.now() - before)
  }
  return took.slice(10).toSorted((a, b) => a - b)
}

interface Checked {
  /** A second, by all together. */
  readonly rate: number
  /** Microseconds of CPU a check, of the first node. */
  readonly cost: number
}

/** Asks some of the nodes as fast as they answer, each by a client of its own. */
async function check(
  { all, cookie }: Nodes,
  loads: readonly Program[],
  seconds: number,
): Promise<Checked> {
  const [first] = all
  if (!first) throw new Error('no node')
  const before = await first.program.cpu()
  const loaded = await Promise.all(
    loads.map((load, at) => {
      const url = `${all[at]?.origin}/api/v1/auth/me`
      const asked: Load = { kind: 'get', url, headers: { cookie }, connections: 25, seconds }
      return load.ask<Loaded>(asked)
    }),
  )
  const used = (await first.program.cpu()) - before
  const failed = loaded.reduce((sum, one) => sum + one.failed, 0)
  if (failed > 0) throw new Error(`${failed} answers were not 200`)
  return {
    rate: loaded.reduce((sum, { requests, took }) => sum + requests / took, 0),
    cost: used / (loaded[0]?.requests ?? Number.NaN),
  }
}

async function checks(nodes: Nodes, rounds: number, seconds: number): Promise<Told> {
  const loads = [startProgram('load.ts'), startProgram('load.ts')]
  const one: Checked[] = []
  const two: Checked[] = []
  try {
    await check(nodes, loads, 1)
    for (let n = 0; n < rounds; n++) {
      one.push(await check(nodes, loads.slice(0, 1), seconds))
      two.push(await check(nodes, loads, seconds))
    }
  } finally {
    await Promise.all(loads.map((load) => load.end()))
  }
  const ratios = two.map(({ cost }, n) => cost / (one[n]?.cost ?? Number.NaN))
  const row = (name: string, of: readonly Checked[]) => [
    name,
    shown(median(of.map(({ rate }) => rate))),
    shown(median(of.map(({ cost }) => cost))),
  ]
  const text = `Session checks (\`GET /auth/me\`) on PostgreSQL, ${rounds} interleaved rounds of ${seconds} s; servers,
clients and database share the machine, so what both nodes do together says little.

${table(
  ['nodes', 'checks/s together', 'CPU µs a check, of the first'],
  [row('one of two', one), row('both', two)],
)}
With both at work a check costs the first ${median(ratios).toFixed(2)} × as much (${spread(ratios)}).`
  const what = 'CPU of a check with a second node at work × alone'
  return {
    text,
    goals: [reached({ goal: 'G13', what, most: 1.1, unit: '×' }, ratios, median(ratios))],
  }
}

/** What a second node takes from the first. */
export async function benchTwoNodes(rounds: number, seconds: number): Promise<Told> {
  const postgres = await startPostgres({ durable: true })
  try {
    const nodes = await serveNodes(2, await postgres.fresh())
    try {
      return await checks(nodes, rounds, seconds)
    } finally {
      await nodes.end()
    }
  } finally {
    await postgres.stop()
  }
}

export async function benchNodes(times: number, rounds: number, seconds: number): Promise<string> {
  const postgres = await startPostgres({ durable: true })
  const rows: string[][] = []
  let checked = ''
  try {
    for (const count of [1, 2, 4])
      for (const [name, place] of [
        ['SQLite', undefined],
        ['PostgreSQL', await postgres.fresh()],
      ] as const) {
        const nodes = await serveNodes(count, place)
        try {
          const took = await endings(nodes, times)
          const at = (part: number) => shown(took[Math.floor(took.length * part)] ?? Number.NaN)
          rows.push([`${name}, ${count}`, at(0.5), at(0.99)])
          if (place !== undefined && count === 2)
            checked = (await checks(nodes, rounds, seconds)).text
        } finally {
          await nodes.end()
        }
      }
  } finally {
    await postgres.stop()
  }
  return `## Nodes, each a process

From a request that takes a role away to its answer, when every node has dropped it; ${times} one after the
other, none of them dead.

${table(['database, nodes', 'p50, ms', 'p99, ms'], rows)}
${checked}
`
}
