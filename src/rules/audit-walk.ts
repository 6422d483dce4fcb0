/**
 * Walking along a chain of the audit: each record is held against what seals it, and the first that is
 * not what it was is named.
 *
 * @see OWASP ASVS 5.0 V16.4.2
 * @module
 */
import type { KeyObject } from 'node:crypto'
import { type AuditRow, macOf } from './audit.ts'
import type { Instant } from './time.ts'

/** What can be wrong, with the sentence that tells it. */
export const faultKinds = {
  changed: 'The record is not what was sealed here: it was changed, or another took its place.',
  missing: 'The record is gone.',
  added: 'The record stands behind the end of its chain.',
  end: 'The end of the chain is not where its last record is, or is gone.',
  cut: 'A checkpoint says that the chain had come further: its records are gone, and its end was put back.',
  rewritten: 'A checkpoint says that another record stood here.',
  checkpoint: 'A checkpoint was not made by this instance, or was changed.',
  boundary: 'What says that earlier records were removed in time was changed.',
} as const

export type FaultKind = keyof typeof faultKinds

/** The first thing that is wrong with a chain. */
export interface Fault {
  readonly what: FaultKind
  readonly chain: string
  readonly seq: number
  /** Of the record, where there is one. */
  readonly id: string | null
  readonly at: Instant | null
}

/** How far a chain was walked. */
export interface Walk {
  readonly seq: number
  readonly mac: string
  /** The place, among the keys, of the one that sealed the last record. */
  readonly key: number | undefined
}

export const atStart: Walk = { seq: 0, mac: '', key: undefined }

/**
 * Walks on.
 *
 * @param keys All that may have sealed a record, the active one first: behind a record of that one there
 *   is none of an older one, which somebody may have got hold of.
 * @param rows What comes next in the chain, in order of its numbers.
 */
export function walk(
  keys: readonly KeyObject[],
  from: Walk,
  rows: readonly AuditRow[],
): { readonly walked: Walk; readonly fault?: Fault } {
  let walked = from
  for (const row of rows) {
    const seq = walked.seq + 1
    if (row.seq !== seq) return { walked, fault: gone(row.chain, seq) }
    const key = keyOf(keys, walked, row)
    if (key === undefined) return { walked, fault: faultAt('changed', row) }
    walked = { seq, mac: row.mac, key }
  }
  return { walked }
}

function keyOf(keys: readonly KeyObject[], { mac, key }: Walk, row: AuditRow): number | undefined {
  const fits = (place: number) => {
    const one = keys[place]
    return one !== undefined && macOf(one, mac, row) === row.mac
  }
  // Nearly always the same as before.
  if (key !== undefined && fits(key)) return key
  if (key === 0) return undefined
  const found = keys.findIndex((_, place) => place !== key && fits(place))
  return found === -1 ? undefined : found
}

export const faultAt = (what: FaultKind, { chain, seq, id, at }: AuditRow): Fault => ({
  what,
  chain,
  seq,
  id,
  at,
})

export const gone = (chain: string, seq: number, what: FaultKind = 'missing'): Fault => ({
  what,
  chain,
  seq,
  id: null,
  at: null,
})
