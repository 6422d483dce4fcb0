/**
 * Barrier: whoever has revoked something waits until every node has dropped it, or can no longer
 * answer from memory. It rests on no clock but the own, monotonic one.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../ports.ts'
import { longestLease, waitsFor } from '../rules/revocation.ts'
import type { Millis } from '../rules/time.ts'
import type { NodeRow } from './database.ts'
import { everybody } from './feed.ts'
import type { Node } from './node.ts'
import type { Site } from './shapes.ts'

/** The longest pause between two looks. */
const longestPause: Millis = 25

/**
 * Waits. To be called after the commit, which thereby lies before the end of the feed as it is read.
 *
 * @param node Who answers from memory in this process: asked, not read, how far it has heard.
 * @returns How long it took.
 */
export async function barrier(
  site: Pick<Site, 'builder' | 'read' | 'shaped'>,
  { elapsed }: Pick<Clock, 'elapsed'>,
  node: Pick<Node, 'id' | 'hears'> | undefined,
): Promise<Millis> {
  const since = elapsed()
  // A node that is not known of may have the longest lease there is.
  let longest: Millis | undefined
  /** Where the feed ended at first: what others revoke meanwhile is theirs to wait for. */
  let upTo: number | undefined
  for (let wait = 1; ; wait = Math.min(2 * wait, longestPause)) {
    const seen = await site.read(() => everybody(site)).catch(() => undefined)
    if (seen) {
      const [rows = [], [end] = []] = seen.rows
      const nodes = rows as unknown as NodeRow[]
      const head = Math.min(upTo ?? Number(end?.head), Number(end?.head))
      upTo = head
      const others = nodes.every(({ id, applied }) => id === node?.id || applied >= head)
      if (others && (await (node?.hears(head) ?? true))) return elapsed() - since
      longest = Math.max(longest ?? 0, ...nodes.map(({ lease }) => lease))
    }
    if (elapsed() - since >= waitsFor(longest ?? longestLease)) return elapsed() - since
    await pause(wait)
  }
}
