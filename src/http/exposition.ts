/**
 * Exposition: metrics as Prometheus and everything like it read them.
 *
 * @see Prometheus, text-based exposition format 0.0.4
 * @module
 */

export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

export interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly samples: readonly Sample[]
}

export interface Sample {
  /** After the name: a histogram has three kinds of samples. */
  readonly suffix?: '_bucket' | '_sum' | '_count'
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

/** Counts by an upper bound each, as they lie side by side; told, each holds those below it too. */
export function histogram(
  bounds: readonly { readonly bound: number; readonly count: number }[],
  { sum, count }: { readonly sum: number; readonly count: number },
): readonly Sample[] {
  let below = 0
  const buckets = bounds.map(({ bound, count }): Sample => {
    below += count
    return { suffix: '_bucket', labels: { le: numberText(bound) }, value: below }
  })
  return [
    ...buckets,
    { suffix: '_bucket', labels: { le: '+Inf' }, value: count },
    { suffix: '_sum', value: sum },
    { suffix: '_count', value: count },
  ]
}

export const exposition = (metrics: readonly Metric[]): string => metrics.map(written).join('')

function written({ name, help, type, samples }: Metric): string {
  const lines = [
    `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(({ suffix = '', labels = {}, value }) => {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
      const set = pairs.length > 0 ? `{${pairs.join(',')}}` : ''
      return `${name}${suffix}${set} ${numberText(value)}`
    }),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

const numberText = (value: number): string =>
  Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? '+Inf' : '-Inf'
