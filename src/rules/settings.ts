/**
 * Settings: the numbers an operator may turn. Each is declared once, beside its rule, with default,
 * bounds and a sentence; the option types, environment names, start-up complaints and the reference
 * page come from that table.
 *
 * @module
 */
import type { Millis } from './time.ts'

interface Described {
  /** One sentence: what it decides. */
  readonly doc: string
}

/** A length of time; written `500ms`, `30s`, `15m`, `12h`, `7d`. Bounds in milliseconds, inclusive. */
export interface Duration extends Described {
  readonly is: 'duration'
  readonly default: Millis
  readonly min: Millis
  readonly max: Millis
}

/** A whole number; bounds inclusive. `undefined` as default means not given. */
export interface Count extends Described {
  readonly is: 'count'
  readonly default: number | undefined
  readonly min: number
  readonly max: number
  readonly unit: string
}

export interface Flag extends Described {
  readonly is: 'flag'
  readonly default: boolean
}

export interface Choice extends Described {
  readonly is: 'choice'
  readonly default: string
  readonly of: readonly string[]
}

/** Text; `undefined` as default means not given. `secret` text is never printed. */
export interface Text extends Described {
  readonly is: 'text'
  readonly default: string | undefined
  readonly secret?: true
}

/** Several texts; in the environment and in flags separated by commas. */
export interface Texts extends Described {
  readonly is: 'texts'
  readonly default: readonly string[]
}

export type Setting = Duration | Count | Flag | Choice | Text | Texts

/** A table of settings by name; one level of nesting gives the dotted names. */
export interface Settings {
  readonly [name: string]: Setting | Settings
}

/** What a table of settings settles to: durations in milliseconds, all defaults filled in. */
export type PolicyOf<S> = {
  readonly [N in keyof S]: S[N] extends Duration | (Count & { readonly default: number })
    ? number
    : S[N] extends Count
      ? number | undefined
      : S[N] extends Flag
        ? boolean
        : S[N] extends { readonly is: 'choice'; readonly of: readonly (infer C)[] }
          ? C
          : S[N] extends Texts
            ? readonly string[]
            : S[N] extends { readonly is: 'text'; readonly default: string }
              ? string
              : S[N] extends Text
                ? string | undefined
                : PolicyOf<S[N]>
}
