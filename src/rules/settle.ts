/**
 * Settle: what was said of the settings, from wherever, to one policy. Everything wrong with it is
 * said at once, each under the name it was given by, with what would do.
 *
 * @module
 */
import type { PolicyOf, Setting, Settings } from './settings.ts'
import { day, hour, type Millis, minute, second } from './time.ts'

/** One setting as somebody said it. `text` values come from the environment or the command line. */
export interface Said {
  /** Dotted, as in `session.limit`. */
  readonly path: string
  readonly value: unknown
  /** The name it was given by, for complaints: `SALLYPORT_SESSION_LIMIT`, `--session-limit`. */
  readonly as: string
  readonly text: boolean
}

export interface Settled<S> {
  /** What was said, and the default wherever it was nothing or could not be meant. */
  readonly policy: PolicyOf<S>
  /** One sentence each; with any of them the policy is not to be used. */
  readonly complaints: readonly string[]
}

/** A value that fits, or what is wrong with it. */
type Parsed = { readonly value: unknown } | { readonly wrong: string }

/** Every setting of a table by its dotted path. */
export function pathsOf(settings: Settings, above = ''): [path: string, setting: Setting][] {
  return Object.entries(settings).flatMap(([name, entry]) =>
    isSetting(entry) ? [[above + name, entry]] : pathsOf(entry, `${above}${name}.`),
  )
}

const isSetting = (entry: Setting | Settings): entry is Setting => typeof entry.is === 'string'

/** `session.limitPolicy` → `SESSION_LIMIT_POLICY`, behind `SALLYPORT_`. */
export const environmentName = (path: string): string =>
  `SALLYPORT_${words(path).join('_').toUpperCase()}`

/** `session.limitPolicy` → `--session-limit-policy`. */
export const flagName = (path: string): string => `--${words(path).join('-').toLowerCase()}`

const words = (path: string): string[] => path.replace(/[A-Z]/g, (big) => `.${big}`).split('.')

/**
 * Settles a table.
 *
 * @param said Later wins over earlier.
 */
export function settle<S extends Settings>(settings: S, said: readonly Said[]): Settled<S> {
  const table = new Map(pathsOf(settings))
  const last = new Map(said.map((one) => [one.path, one]))
  const complaints = [...last.values()]
    .filter(({ path }) => !table.has(path))
    .map(({ as }) => `${as}: there is no such setting.`)

  const policy: Record<string, unknown> = {}
  for (const [path, setting] of table) {
    const one = last.get(path)
    const parsed: Parsed = one ? parse(setting, one) : { value: setting.default }
    if ('wrong' in parsed) complaints.push(`${one?.as}: ${parsed.wrong}. ${setting.doc}`)
    place(policy, path.split('.'), 'wrong' in parsed ? setting.default : parsed.value)
  }
  return { policy: policy as PolicyOf<S>, complaints }
}

function place(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path
  if (rest.length === 0) into[name] = value
  else {
    into[name] ??= {}
    place(into[name] as Record<string, unknown>, rest, value)
  }
}

function parse(setting: Setting, { value, text }: Said): Parsed {
  switch (setting.is) {
    case 'duration': {
      const length = typeof value === 'string' ? durationOf(value) : undefined
      if (length === undefined)
        return { wrong: 'write a length of time as 500ms, 30s, 15m, 12h or 7d' }
      return within(setting.min, setting.max, length, durationText)
    }
    case 'count': {
      const number = text && /^\d{1,9}$/.test(String(value)) ? Number(value) : value
      if (typeof number !== 'number' || !Number.isSafeInteger(number))
        return { wrong: 'write a whole number' }
      return within(setting.min, setting.max, number, String)
    }
    case 'flag': {
      const flag = text ? { true: true, false: false }[String(value)] : value
      return typeof flag === 'boolean' ? { value: flag } : { wrong: 'write true or false' }
    }
    case 'choice':
      return typeof value === 'string' && setting.of.includes(value)
        ? { value }
        : { wrong: `${shown(value)} is not one of ${setting.of.join(', ')}` }
    case 'text':
      return typeof value === 'string' && value.trim() !== ''
        ? { value }
        : { wrong: 'write some text, or leave it out' }
    case 'texts':
      return listOf(value, text)
  }
}

function listOf(value: unknown, text: boolean): Parsed {
  const list = text
    ? String(value)
        .split(',')
        .map((one) => one.trim())
    : value
  const good =
    Array.isArray(list) && list.every((one) => typeof one === 'string' && one.trim() !== '')
  return good
    ? { value: list }
    : { wrong: text ? 'separate them by commas' : 'write a list of texts' }
}

function within(min: number, max: number, value: number, show: (n: number) => string): Parsed {
  return value >= min && value <= max
    ? { value }
    : { wrong: `${show(value)} is not between ${show(min)} and ${show(max)}` }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 64))
  if (value === null) return 'nothing'
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`
}

const units: readonly [unit: string, length: Millis][] = [
  ['d', day],
  ['h', hour],
  ['m', minute],
  ['s', second],
  ['ms', 1],
]

/** `15m` → 900,000. */
export function durationOf(text: string): Millis | undefined {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? []
  const length = units.find(([name]) => name === unit)?.[1]
  return count === undefined || length === undefined ? undefined : Number(count) * length
}

/** 900,000 → `15m`, in the largest unit that leaves no rest. */
export function durationText(length: Millis): string {
  const [unit, one] = units.find(([, each]) => length >= each && length % each === 0) ?? ['ms', 1]
  return `${length / one}${unit}`
}
