/**
 * What a bench tells: Markdown for people, and the figures that goals, charts and the page on scale are made of.
 *
 * @module
 */

/** What became of a goal. */
export interface Reached {
  /** As in the goals table: `G1`. */
  readonly goal: string
  readonly what: string
  /** What was asked; one of the two. */
  readonly least?: number
  readonly most?: number
  readonly unit?: string
  /** The median, and the ends of all rounds. */
  readonly value: number
  readonly from: number
  readonly to: number
}

/** A chart of bars. */
export interface Bars {
  /** The name of its file. */
  readonly name: string
  readonly title: string
  readonly caption: string
  readonly unit: string
  readonly bars: readonly {
    readonly label: string
    readonly value: number
    /** Ours stands out; a limit is what nobody can be better than. */
    readonly kind: 'ours' | 'peer' | 'limit'
  }[]
}

export interface Told {
  readonly text: string
  readonly goals?: readonly Reached[]
  readonly charts?: readonly Bars[]
  /** For the page on scale, by name. */
  readonly values?: Readonly<Record<string, number>>
}

/** @param all One value a round. */
export const reached = (
  said: Omit<Reached, 'value' | 'from' | 'to'>,
  all: readonly number[],
  value: number,
): Reached => ({ ...said, value, from: Math.min(...all), to: Math.max(...all) })

export const isMet = ({ least, most, value }: Reached): boolean =>
  value >= (least ?? Number.NEGATIVE_INFINITY) && value <= (most ?? Number.POSITIVE_INFINITY)

export const ratios = (all: readonly number[], others: readonly number[]): number[] =>
  all.map((value, at) => value / (others[at] ?? Number.NaN))
