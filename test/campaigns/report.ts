/**
 * What a campaign has shown, written where it can be looked up: `docs/campaigns/<name>.json`, and the
 * same as a page. In the suite, where its small form runs, nothing is written.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { machine } from '../../bench/machine.ts'

/** One oracle of a campaign. */
export interface Part {
  /** How often, how much, how long: by name. */
  readonly counts: Readonly<Record<string, string | number>>
  readonly violations: readonly string[]
}

interface Report {
  /** Of the last part that was run; one of those before may be older. */
  readonly machine: string
  /** `at`: when it was over, to the minute, in UTC. */
  readonly parts: Readonly<Record<string, Part & { readonly at?: string }>>
}

const folder = join(import.meta.dirname, '../../docs/campaigns')

/** Puts down what one part has shown; a part of the same name is replaced. */
export function reported(part: string, told: Part): void {
  const name = process.env.CAMPAIGN
  if (name === undefined) return
  const file = join(folder, `${name}.json`)
  mkdirSync(folder, { recursive: true })
  const before: Report | undefined = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Report)
    : undefined
  const at = new Date().toISOString().slice(0, 16).replace('T', ' ')
  const report: Report = {
    machine: machine(`npm run campaign -- ${name}`),
    parts: { ...before?.parts, [part]: { ...told, at } },
  }
  writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`)
  writeFileSync(join(folder, `${name}.md`), pageOf(name, report))
}

/** The same of a test that has come to its end: what does not hold fails it before. */
export const held = (part: string, counts: Part['counts']): void =>
  reported(part, { counts, violations: [] })

function pageOf(name: string, { machine, parts }: Report): string {
  const all = Object.values(parts)
  const columns = [...new Set(all.flatMap(({ counts }) => Object.keys(counts)))]
  const head = ['', ...columns, 'violations', 'at']
  const rows = Object.entries(parts).map(([part, { counts, violations, at }]) => [
    part,
    ...columns.map((column) => String(counts[column] ?? '')),
    String(violations.length),
    at ?? '',
  ])
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  const wrong = all.flatMap(({ violations }) => violations).map((one) => `- ${one}`)
  const found = wrong.length > 0 ? `\n## Violations\n\n${wrong.join('\n')}\n` : ''
  return `# Campaign: ${name}\n\nWritten by its last run.\n\n${machine}\n${lines.join('\n')}\n${found}`
}
