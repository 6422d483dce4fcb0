/**
 * Asking for lists: how a page of one is asked for, and how the question is written into a path.
 */

import type { CallOptions } from './transport.ts'

/** What every list can be asked. */
export interface ListAsk {
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined
  /** 1–200; 50 when not given. */
  readonly limit?: number
  readonly signal?: AbortSignal
  /** For calls no person asked for: the server does not count them as activity. */
  readonly passive?: boolean
}

/** A path and options for `Call`, of what is asked and of what only this list knows. */
export function asked(
  path: string,
  { cursor, limit, signal, passive }: ListAsk,
  more: Readonly<Record<string, string | undefined>> = {},
): readonly [path: string, options: CallOptions] {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...more, cursor, limit: limit?.toString() }))
    if (value) query.set(name, value)
  const options = { ...(signal && { signal }), ...(passive && { passive }) }
  return [query.size > 0 ? `${path}?${query}` : path, options]
}
