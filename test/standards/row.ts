/**
 * A row of a standard: what it asks, how that stands here, and the tests that show it.
 *
 * A proof is the id of a case (`CSRF-01`, in the titles of its tests), a file of tests, or a file and
 * words of titles in it (`test/serve.test.ts: claimed, it forgets`).
 *
 * @module
 */

export type Level = 1 | 2 | 3 | 'SHALL' | 'SHOULD' | 'MAY'

export interface Row {
  readonly id: string
  readonly level: Level
  /** What the standard asks for, in our words. */
  readonly asks: string
  /** How the product meets it, or what it brings along for whoever runs it. */
  readonly how?: string
  readonly by: readonly string[]
  /** What is not met, and why. */
  readonly gap?: string
  /** What whoever runs it has to do. */
  readonly operator?: string
  /** Whether it applies to second factors alone, which are not built. */
  readonly later?: true
}

export interface Chapter {
  readonly heading: string
  readonly rows: readonly Row[]
  /** Requirements there is nothing here for, by why. */
  readonly without?: readonly (readonly [ids: string, why: string])[]
}

type Make = (id: string, level: Level, asks: string, ...rest: string[]) => Row

/** Met by the product: how, and the proofs. */
export const met: Make = (id, level, asks, how = '', ...by) => ({ id, level, asks, how, by })

/** Met in part: how, what is missing, and the proofs of what is there. */
export const partly: Make = (id, level, asks, how = '', gap = '', ...by) => ({
  ...{ id, level, asks, how, gap, by },
})

/** Not met: why. */
export const unmet: Make = (id, level, asks, gap = '') => ({ id, level, asks, gap, by: [] })

/** The operator's: what he does, what the product brings along, and the proofs of that. */
export const operators: Make = (id, level, asks, operator = '', how = '', ...by) => ({
  ...{ id, level, asks, operator, by },
  ...(how && { how }),
})

/** Of second factors. */
export const later: Make = (id, level, asks) => ({ id, level, asks, by: [], later: true })

export const standings = [
  'met',
  'met in part',
  'not met',
  'the operator’s',
  'with second factors',
] as const
export type Standing = (typeof standings)[number]

export function standingOf({ how, gap, operator, later }: Row): Standing {
  if (later) return 'with second factors'
  if (gap) return how ? 'met in part' : 'not met'
  return operator ? 'the operator’s' : 'met'
}
