/**
 * Checkpoints of the audit: a sealed saying of how far a chain had come, to be carried outside. Whoever
 * cuts a chain and puts its end back is found out by the last one that was carried away.
 *
 * @see OWASP ASVS 5.0 V16.4.2
 * @module
 */
import { createHmac, type KeyObject } from 'node:crypto'
import type { ChainHead } from './audit.ts'
import { day, type Instant, minute } from './time.ts'

/** At `at` a chain had come as far as the record `seq`, sealed with `mac`. */
export interface Checkpoint extends ChainHead {
  readonly at: Instant
  /** HMAC-SHA-256 over the rest, base64url. */
  readonly seal: string
}

/** What is said: the chain had come here, or everything up to here was removed in time. */
export type SealKind = 'checkpoint' | 'boundary'

/** The one chain that every command of the operator writes. */
export const commandChain = 'cli'

/** Seals how far a chain has come. @param key 32 bytes derived for `audit`. */
export function sealedAt(
  key: Buffer | KeyObject,
  kind: SealKind,
  { chain, seq, mac }: ChainHead,
  at: Instant,
): Checkpoint {
  // Five values, where a record has fourteen: the seal of one is never that of the other.
  const canonical = JSON.stringify([kind, chain, seq, at, mac])
  const seal = createHmac('sha256', key).update(canonical).digest('base64url')
  return { chain, seq, at, mac, seal }
}

export const isSealed = (keys: readonly KeyObject[], kind: SealKind, found: Checkpoint): boolean =>
  keys.some((key) => sealedAt(key, kind, found, found.at).seal === found.seal)

/** A chain that moves is sealed this often, or after as many records. */
export const sealEvery = minute
export const sealAfter = 1_000

/** No segment is longer than this, or than `sealAfter` records, unless nothing was sealed for longer. */
const longestSegment = day

/** The end of the segment before the one that a new checkpoint lies in; `last` is the one before it. */
export function openedBy(
  last: (Checkpoint & { readonly opens: number; readonly opensAt: Instant }) | undefined,
  made: Checkpoint,
): { readonly opens: number; readonly opensAt: Instant } {
  if (!last) return { opens: 0, opensAt: made.at }
  const { opens, opensAt } = last
  const full = made.seq - opens > sealAfter || made.at - opensAt > longestSegment
  return full ? { opens: last.seq, opensAt: last.at } : { opens, opensAt }
}

/** What is kept of the audit by settings. */
export const auditSettings = {
  retention: {
    is: 'duration',
    default: 400 * day,
    min: day,
    max: 36_500 * day,
    doc: 'How long records are kept. What is older goes, whole sealed segments at a time.',
  },
  sink: {
    is: 'text',
    default: undefined,
    doc: 'Where records are carried as well: stdout, or syslog at udp://, tcp:// or tls://<host>:<port>.',
  },
} as const
