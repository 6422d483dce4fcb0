/**
 * A step: what a rule answers. The store carries it out whole, or, when something the rule was shown
 * has changed meanwhile, shows it anew and asks again.
 *
 * @module
 */
import type { AuditEvent } from './audit.ts'
import type { Facts, Kind } from './facts.ts'

/** One record to write or to remove. */
export type Change = {
  readonly [K in Kind]:
    | { readonly kind: K; readonly keep: Facts[K] }
    | { readonly kind: K; readonly forget: string }
}[Kind]

/**
 * The answer of a rule.
 *
 * @typeParam V The verdict, which the store hands back once the rest is committed.
 */
export interface Step<V> {
  readonly verdict: V
  /** Records to write. A step may keep a record it was shown, or a new one. */
  readonly keep?: readonly Change[]
  /** Events to record with the change, in one transaction with it. */
  readonly record?: readonly AuditEvent[]
}

/** Writes `fact`: over the one that was shown under its id, else as a new one. */
export function keep<K extends Kind>(kind: K, fact: Facts[K]): Change {
  // The union over all kinds cannot be narrowed by a generic K; the signature has checked the pair.
  return { kind, keep: fact } as unknown as Change
}

/** Removes the record that was shown under `id`. */
export function forget<K extends Kind>(kind: K, id: string): Change {
  return { kind, forget: id } as Change
}
