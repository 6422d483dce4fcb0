/**
 * Session checks: `GET /auth/me` of the standalone server and of our Node mount, beside a bare
 * `node:http` that answers with the very same headers and body. One server at a time is under load.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, serveClaimed } from './claimed.ts'
import { median, shown, spread, table } from './figures.ts'
import type { Load, Loaded } from './load.ts'
import { type Program, pins, startProgram } from './program.ts'

const path = '/api/v1/auth/me'
const connections = 50

interface Contender {
  readonly name: string
  readonly program: Program
  readonly url: string
  readonly rates: number[]
  readonly costs: number[]
}

/** Prints the table. @param rounds Of each server; `seconds` long. */
export async function benchSessionChecks(rounds: number, seconds: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const load = startProgram('load.ts', [], { core: 1 })
  const { program, origin, cookie } = await serveClaimed(folder, { core: 0 })
  const contenders: Contender[] = []
  const enter = (name: string, from: Program, url: string) =>
    contenders.push({ name, program: from, url, rates: [], costs: [] })
  try {
    const answer = await fetch(origin + path, { headers: { cookie } })
    const headers = Object.fromEntries(answer.headers)
    for (const own of ['date', 'connection', 'keep-alive']) delete headers[own]
    const env = { ANSWER: JSON.stringify({ headers, body: await answer.text() }) }

    const barePort = await freePort()
    const bare = startProgram('bare-server.ts', [`${barePort}`], { core: 0, env })
    enter('bare `node:http`', bare, `http://localhost:${barePort}${path}`)
    const mountPort = await freePort()
    const at = [`${mountPort}`, origin, join(folder, 'data')]
    const mount = startProgram('mount-server.ts', at, { core: 0 })
    // Any loopback host on a node's own port is answered, so the cookie is good there too.
    enter('our Node mount', mount, `http://localhost:${mountPort}${path}`)
    enter('`sallyport serve`', program, origin + path)
    await Promise.all([bare.line(/^Listening/), mount.line(/^Listening/)])

    for (const one of contenders) await round(load, one, cookie, seconds)
    for (const one of contenders) one.rates.length = one.costs.length = 0
    for (let n = 0; n < rounds; n++) {
      // Each is first, second and last equally often.
      const shift = n % contenders.length
      const order = [...contenders.slice(shift), ...contenders.slice(0, shift)]
      for (const one of order) await round(load, one, cookie, seconds)
    }
    return told(contenders, rounds, seconds)
  } finally {
    await Promise.all([load, program, ...contenders.map((one) => one.program)].map((p) => p.end()))
    rmSync(folder, { recursive: true, force: true })
  }
}

async function round(load: Program, one: Contender, cookie: string, seconds: number) {
  const before = await one.program.cpu()
  const asked: Load = { kind: 'get', url: one.url, cookie, connections, seconds }
  const { requests, took, failed } = await load.ask<Loaded>(asked)
  const used = (await one.program.cpu()) - before
  if (failed > 0) throw new Error(`${one.name}: ${failed} answers were not 200`)
  one.rates.push(requests / took)
  one.costs.push(used / requests)
}

function told(contenders: readonly Contender[], rounds: number, seconds: number): string {
  const [bare] = contenders
  const by = (all: readonly number[], others: readonly number[] = []) =>
    all.map((value, at) => value / (others[at] ?? Number.NaN))
  const rows = contenders.map(({ name, rates, costs }) => {
    const ratios = by(rates, bare?.rates)
    return [
      name,
      shown(median(rates)),
      median(ratios).toFixed(2),
      spread(ratios),
      shown(median(costs)),
      median(by(costs, bare?.costs)).toFixed(2),
    ]
  })
  const where = pins ? 'server on one core, load on another' : 'nothing bound to a core'
  return `## Session checks

\`GET ${path}\`, ${connections} connections, ${rounds} interleaved rounds of ${seconds} s, ${where}.

${table(['server', 'requests/s', '× bare', 'from–to', 'CPU µs a request', '× bare'], rows)}`
}
