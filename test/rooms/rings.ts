/**
 * Rings in a graph of who needs whom.
 *
 * @module
 */

/** One way round for every ring met: `a → b → a`. */
export function rings(needs: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()

  const walk = (node: string, way: readonly string[]) => {
    const met = way.indexOf(node)
    if (met >= 0) {
      found.push([...way.slice(met), node].join(' → '))
      return
    }
    if (done.has(node)) return
    for (const next of needs.get(node) ?? []) walk(next, [...way, node])
    done.add(node)
  }

  for (const node of needs.keys()) walk(node, [])
  return found
}
