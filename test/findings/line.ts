/**
 * A line of the ledger: something that went wrong elsewhere, and how it stands here. A line that says
 * nothing else is shown by a test that has its id in the title.
 *
 * @module
 */

export interface Line {
  readonly id: string
  /** What was wrong. */
  readonly was: string
  /** The ids of others whose tests show this as well. */
  readonly by?: readonly string[]
  /** Why it cannot occur here. */
  readonly cannot?: string
  /** What it belongs to, that is not built yet. */
  readonly later?: string
}

/** Lines, with a heading for the page. */
export interface Chapter {
  readonly heading: string
  readonly lines: readonly Line[]
}
