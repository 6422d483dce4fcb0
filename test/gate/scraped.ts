/**
 * What a scraper makes of metrics: the text format of Prometheus, read strictly.
 *
 * @see Prometheus, text-based exposition format 0.0.4
 * @module
 */

export interface Scraped {
  /** The type each metric says it has. */
  readonly types: ReadonlyMap<string, string>
  /** Samples as they are written, with their labels: `name{label="value"}`. */
  readonly values: ReadonlyMap<string, number>
}

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const label = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"'
const sample = new RegExp(
  `^(${name})(\\{${label}(?:,${label})*\\})? (-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?|NaN|[+-]Inf)$`,
)

/** @throws For whatever a scraper could not read, or would read twice. */
export function scrapedFrom(text: string): Scraped {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const types = new Map<string, string>()
  const values = new Map<string, number>()
  let current = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const [, help] = new RegExp(`^# HELP (${name}) \\S`).exec(line) ?? []
    const [, typed, type] =
      new RegExp(`^# TYPE (${name}) (counter|gauge|histogram)$`).exec(line) ?? []
    const [, of, labels = '', value] = sample.exec(line) ?? []
    if (help) {
      if (types.has(help)) throw new Error(`${help}: twice`)
      current = help
    } else if (typed && type) {
      if (typed !== current) throw new Error(`${typed}: its type stands elsewhere`)
      types.set(typed, type)
    } else if (of && value) {
      const histogram = types.get(current) === 'histogram'
      const own = histogram ? of.replace(/_(?:bucket|sum|count)$/, '') : of
      if (own !== current) throw new Error(`${of}: stands under ${current}`)
      if (values.has(of + labels)) throw new Error(`${of}${labels}: twice`)
      values.set(of + labels, Number(value.replace('Inf', 'Infinity')))
    } else throw new Error(`no line of the format: ${line}`)
  }
  return { types, values }
}
