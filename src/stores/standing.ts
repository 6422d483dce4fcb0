/**
 * Standing: what a node's memory is to those who ask who stands.
 *
 * @module
 */
import type { One, Recall, Standing, Store } from '../ports.ts'
import type { Facts, Kind } from '../rules/facts.ts'
import { subjectOf } from '../rules/trust.ts'
import type { Node } from './node.ts'

/** Where nobody answers requests, nothing is remembered: a command reads what it needs. */
export const withoutMemory = (store: Pick<Store, 'find'>): Standing => ({
  node: '',
  recall: () => undefined,
  find<K extends Kind>(kind: K, id: string) {
    const ref: One<K> = { one: kind, by: 'id', is: id }
    return store.find(ref) as Promise<Facts[K] | undefined>
  },
  forget: () => {},
  watch: () => () => {},
  count: () => {},
  state: () => ({
    fresh: false,
    leaseAge: Number.POSITIVE_INFINITY,
    feedLag: 0,
    remembered: 0,
    read: 0,
    size: 0,
    barriers: { count: 0, total: 0, longest: 0, upTo: [] },
  }),
})

export function standingOf(node: Node, store: Pick<Store, 'find'>): Standing {
  const counted = { remembered: 0, read: 0 }
  const recall: Recall = (kind, id) => node.memory.get(kind, id)
  return {
    node: node.id,
    recall: () => (node.fresh() ? recall : undefined),
    find<K extends Kind>(kind: K, id: string) {
      const ref: One<K> = { one: kind, by: 'id', is: id }
      const read = () => store.find(ref) as Promise<Facts[K] | undefined>
      return node.memory.fill(kind, id, read)
    },
    forget: (kind, id) => node.memory.drop(subjectOf(kind, id)),
    watch: node.watch,
    count(how) {
      counted[how] += 1
    },
    state: () => ({
      fresh: node.fresh(),
      leaseAge: node.age(),
      feedLag: node.behind(),
      ...counted,
      size: node.memory.size,
      barriers: structuredClone(node.barriers),
    }),
  }
}
