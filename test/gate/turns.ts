/**
 * Several nodes as one, as behind a balancer that sends the requests of each browser to them by turns.
 *
 * @module
 */
import type { Sallyport } from '../../src/index.ts'

const behind = new WeakMap<Pick<Sallyport, 'handle'>, readonly Sallyport[]>()
let visitors = 0

/** One gate; whatever is no request goes to the first. */
export function byTurns(nodes: readonly Sallyport[]): Sallyport {
  const [first] = nodes
  if (!first) throw new Error('no node')
  let turn = 0
  const next = () => nodes[turn++ % nodes.length] ?? first
  const gate: Sallyport = {
    ...first,
    handle: (request, from) => next().handle(request, from),
    handlePlain: (request, from) => next().handlePlain(request, from),
  }
  behind.set(gate, nodes)
  return gate
}

/** Who answers one browser, request by request; every second one begins elsewhere. */
export function turnsAt<Gate extends Pick<Sallyport, 'handle'>>(gate: Gate) {
  const nodes = behind.get(gate) ?? [gate]
  let turn = visitors++
  return (): Pick<Sallyport, 'handle'> => nodes[turn++ % nodes.length] ?? gate
}
