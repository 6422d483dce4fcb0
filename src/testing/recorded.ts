/**
 * What was recorded, for a test to hold against what it expects: all of it, in order, and nothing
 * else.
 *
 * @module
 */
import { deepStrictEqual } from 'node:assert/strict'
import type { World } from '../ports.ts'
import type { AuditRow } from '../rules/audit.ts'

export interface AuditLine
  extends Omit<AuditRow, 'id' | 'chain' | 'seq' | 'at' | 'mac' | 'details'> {
  /** Who did it: a user name where it was one of the test's people, otherwise as `actor`. */
  readonly by: string
  /** Whom it was done to: a user name where it was one of them, otherwise as `subject`. */
  readonly about: string | null
  readonly details: Readonly<Record<string, unknown>> | null
}

/** The type of an event, or as much of it as is to be looked at. */
export type ExpectedLine = string | Partial<AuditLine>

export interface Recorded {
  /** What was recorded since this or `expect` was last asked. */
  readonly take: () => Promise<AuditLine[]>
  readonly expect: (expected: readonly ExpectedLine[]) => Promise<void>
  /** Takes what `is` says of what was recorded since, and leaves the rest. */
  readonly overlook: (is: (line: AuditLine) => boolean) => Promise<void>
}

/** @param nameOf The user name of an id. */
export function recordedIn(
  { store }: Pick<World, 'store'>,
  nameOf: (id: string) => string | undefined,
): Recorded {
  const seen = new Set<string>()
  const named = (text: string) => nameOf(text.replace(/^user:/, '')) ?? text

  async function fresh(): Promise<AuditRow[]> {
    const found: AuditRow[] = []
    for (let after: { createdAt: number; id: string } | undefined; ; ) {
      const page = await store.page({ list: 'audit', since: 'at' }, { after, limit: 200 })
      found.push(...page.filter(({ id }) => !seen.has(id)))
      const last = page.at(-1)
      if (!last || page.length < 200) break
      after = { createdAt: last.at, id: last.id }
    }
    // One process on SQLite has one chain, so its numbers are the order.
    return found.sort((a, b) => a.seq - b.seq)
  }

  const lineOf = ({ id, chain, seq, at, mac, details, ...row }: AuditRow): AuditLine => ({
    ...row,
    by: named(row.actor),
    about: row.subject === null ? null : named(row.subject),
    details: details === null ? null : JSON.parse(details),
  })

  async function take(): Promise<AuditLine[]> {
    const rows = await fresh()
    for (const { id } of rows) seen.add(id)
    return rows.map(lineOf)
  }

  return {
    take,
    async expect(expected) {
      const found = await take()
      deepStrictEqual(
        found.map((line, at) => asMuchAs(line, expected[at])),
        expected,
        undefined,
      )
    },
    async overlook(is) {
      for (const row of await fresh()) if (is(lineOf(row))) seen.add(row.id)
    },
  }
}

/** Of a line what is expected of it, so that the difference that is shown is the one that matters. */
function asMuchAs(line: AuditLine, expected: ExpectedLine | undefined): ExpectedLine {
  if (typeof expected !== 'object') return line.type
  return Object.fromEntries(Object.entries(line).filter(([name]) => name in expected))
}
