/**
 * A contest: servers that answer the same, one at a time under the same load, in turns. The first of each
 * group is what the others of it are held against.
 *
 * @module
 */
import { median, shown, spread, table } from './figures.ts'
import type { Load, Loaded } from './load.ts'
import { type Program, pins } from './program.ts'

export interface Contender {
  readonly name: string
  readonly program: Program
  readonly load: Omit<Load & { kind: 'get' }, 'kind' | 'connections' | 'seconds'>
  /** Those that are compared; the first of a group is its measure. */
  readonly group?: string
  readonly rates: number[]
  readonly costs: number[]
}

export const connections = 50

/** A contender without figures yet. */
export const contender = (said: Omit<Contender, 'rates' | 'costs'>): Contender => ({
  ...said,
  rates: [],
  costs: [],
})

/** Puts each under load, `rounds` times for `seconds`, after a round that does not count. */
export async function contest(
  load: Program,
  contenders: readonly Contender[],
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<string> {
  for (const one of contenders) await round(load, one, seconds)
  for (const one of contenders) one.rates.length = one.costs.length = 0
  for (let n = 0; n < rounds; n++) {
    // Each is first, second and last equally often.
    const shift = n % contenders.length
    const order = [...contenders.slice(shift), ...contenders.slice(0, shift)]
    for (const one of order) await round(load, one, seconds)
  }
  return tableOf(contenders)
}

/** Puts one of them under load, and notes what came of it. */
export async function round(load: Program, one: Contender, seconds: number) {
  const before = await one.program.cpu()
  const asked: Load = { kind: 'get', ...one.load, connections, seconds }
  const { requests, took, failed } = await load.ask<Loaded>(asked)
  const used = (await one.program.cpu()) - before
  if (failed > 0) throw new Error(`${one.name}: ${failed} answers were not 200`)
  one.rates.push(requests / took)
  one.costs.push(used / requests)
}

function tableOf(contenders: readonly Contender[]): string {
  const by = (all: readonly number[], others: readonly number[] = []) =>
    all.map((value, at) => value / (others[at] ?? Number.NaN))
  const rows = contenders.map(({ name, group, rates, costs }) => {
    const bare = contenders.find((one) => one.group === group)
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
  return table(['server', 'requests/s', '× bare', 'from–to', 'CPU µs a request', '× bare'], rows)
}

/** How the servers were kept apart from what asks them. */
export const where = pins ? 'server on one core, load on another' : 'nothing bound to a core'
