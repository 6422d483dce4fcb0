/**
 * Whether two piles of times can be told apart: the chance that one drawn from the first is longer than
 * one from the second (the area under the curve of Mann and Whitney), and how far their medians are
 * from each other.
 *
 * @module
 */

export interface Comparison {
  readonly one: string
  readonly other: string
  /** 0.5 when nothing can be told. */
  readonly auc: number
  /** Milliseconds. */
  readonly gap: number
  /** How large the gap may be, in milliseconds. */
  readonly bound: number
  readonly alike: boolean
}

/** The chance that a time of `one` is longer than one of `other`; equal ones count half. */
export function aucOf(one: readonly number[], other: readonly number[]): number {
  const all = [
    ...one.map((time) => ({ time, first: true })),
    ...other.map((time) => ({ time, first: false })),
  ].sort((a, b) => a.time - b.time)
  let ranks = 0
  for (let from = 0; from < all.length; ) {
    let to = from
    while (to < all.length && all[to]?.time === all[from]?.time) to += 1
    const firsts = all.slice(from, to).filter(({ first }) => first).length
    // Those that are equal share the mean of their ranks.
    ranks += (firsts * (from + 1 + to)) / 2
    from = to
  }
  return (ranks - (one.length * (one.length + 1)) / 2) / (one.length * other.length)
}

export function medianOf(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2
}

/** Compares all with all. @see ENUM-02 of the design: 0.5 ± 0.05, and less than 1 ms or 3 %. */
export function compared(piles: Readonly<Record<string, readonly number[]>>): Comparison[] {
  const names = Object.keys(piles)
  return names.flatMap((one, at) =>
    names.slice(at + 1).map((other) => {
      const [first = [], second = []] = [piles[one], piles[other]]
      const auc = aucOf(first, second)
      const gap = Math.abs(medianOf(first) - medianOf(second))
      const bound = Math.max(1, 0.03 * Math.min(medianOf(first), medianOf(second)))
      return { one, other, auc, gap, bound, alike: Math.abs(auc - 0.5) <= 0.05 && gap < bound }
    }),
  )
}
