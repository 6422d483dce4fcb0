/**
 * What was measured, kept in `measured.json`, and the pages made of it: whatever of the benches is run again
 * takes the place of its own earlier figures only.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chart } from './chart.ts'
import { shown, table } from './figures.ts'
import { scalePage } from './scale.ts'
import { isMet, type Reached, type Told } from './told.ts'

export interface Measured extends Told {
  readonly date: string
  readonly command: string
  /** What else the machine was doing; of one, five and fifteen minutes. */
  readonly load: string
  /** The machine, and the versions of everything. */
  readonly on?: string
}

export type AllMeasured = Readonly<Record<string, Measured>>

const root = join(import.meta.dirname, '..')
const file = join(import.meta.dirname, 'measured.json')

export const readMeasured = (): AllMeasured => JSON.parse(readFileSync(file, 'utf8'))

/** Keeps what was measured anew, and writes the pages. */
export function keepMeasured(fresh: AllMeasured): void {
  const all = { ...readMeasured(), ...fresh }
  writeFileSync(file, `${JSON.stringify(all, undefined, 2)}\n`)
  for (const [path, text] of pages(all)) {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

/** Every file that is made of the figures, by its path from the root of the repository. */
export function pages(all: AllMeasured): ReadonlyMap<string, string> {
  const charts = Object.values(all).flatMap((one) => one.charts ?? [])
  const page = 'docs/performance.md'
  return new Map([
    [page, filled(readFileSync(join(root, page), 'utf8'), all)],
    // What nobody has measured yet is left open.
    ['docs/scale.md', scalePage(all).replaceAll('NaN', '–')],
    ...charts.map((one) => [`docs/charts/${one.name}.svg`, chart(one)] as const),
  ])
}

/** Puts figures between the marks of a page: `<!-- bench:name -->` to `<!-- /bench -->`. */
export function filled(page: string, all: AllMeasured): string {
  return page.replace(
    /<!-- bench:([\w-]+) -->\n[\s\S]*?<!-- \/bench -->/g,
    (whole, name: string) => {
      const text = name === 'goals' ? goalsTable(all) : sectionOf(all[name])
      return text === undefined ? whole : `<!-- bench:${name} -->\n${text}\n<!-- /bench -->`
    },
  )
}

function sectionOf(one: Measured | undefined): string | undefined {
  if (!one) return undefined
  const { date, command, load, text, charts = [] } = one
  const pictures = charts.map(({ name, title }) => `\n![${title}](charts/${name}.svg)\n`).join('')
  return `${text.trimEnd()}\n${pictures}\n*${date}, \`${command}\`, load before ${load}*`
}

/** Goal, asked, reached, from–to, of everything measured so far. */
export function goalsTable(all: AllMeasured): string {
  const rows = Object.values(all)
    .flatMap(({ goals = [], date }) => goals.map((goal) => ({ goal, date })))
    .toSorted((a, b) => number(a.goal) - number(b.goal))
    .map(({ goal, date }) => [
      `${goal.goal}: ${goal.what}`,
      asked(goal),
      `${isMet(goal) ? '' : '**'}${written(goal.value, goal)}${isMet(goal) ? '' : '**'}`,
      goal.from === goal.to ? '' : `${written(goal.from, {})}–${written(goal.to, {})}`,
      date.slice(5, 16),
    ])
  return `${table(['goal', 'asked', 'reached', 'from–to', 'measured'], rows)}
In bold what is not reached. ${latest(all)}`
}

const latest = (all: AllMeasured): string =>
  Object.values(all)
    .toSorted((a, b) => a.date.localeCompare(b.date))
    .flatMap(({ on }) => on ?? [])
    .at(-1) ?? ''

const number = ({ goal }: Reached): number => Number(goal.slice(1))

const asked = (goal: Reached): string =>
  goal.least === undefined ? `≤ ${written(goal.most ?? 0, goal)}` : `≥ ${written(goal.least, goal)}`

const written = (value: number, { unit = '' }: Pick<Reached, 'unit'>): string =>
  `${shown(value)}${unit && ` ${unit}`}`
