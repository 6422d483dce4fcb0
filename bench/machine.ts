/**
 * What was measured on what: figures without it say nothing.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem, type } from 'node:os'
import { DatabaseSync } from 'node:sqlite'

/** A list in Markdown. Names of hosts and people are not in it. */
export function machine(command: string): string {
  const memory = new DatabaseSync(':memory:')
  const { version } = memory.prepare('select sqlite_version() as version').get() ?? {}
  memory.close()
  const lines = [
    ['date', `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`],
    ['command', `\`${command}\``],
    ['machine', `${availableParallelism()} cores, ${cpus()[0]?.model.trim()}, ${gibibytes()} GiB`],
    ['system', type()],
    // Whatever else runs makes absolute figures worse, and ratios less sure.
    [
      'load before',
      loadavg()
        .map((average) => average.toFixed(1))
        .join(', '),
    ],
    ['versions', `Node ${process.version}, SQLite ${version}, sallyport ${ours()}`],
    ['peers', peerVersions()],
  ]
  return lines.map(([name, value]) => `- ${name}: ${value}\n`).join('')
}

const gibibytes = (): number => Math.round(totalmem() / 2 ** 30)

function peerVersions(): string {
  const { dependencies } = JSON.parse(
    readFileSync(`${import.meta.dirname}/peers/package.json`, 'utf8'),
  ) as { dependencies: Record<string, string> }
  return Object.entries(dependencies)
    .map((pair) => pair.join(' '))
    .join(', ')
}

/** What was measured on, in a line. */
export const surroundings = (): string =>
  `${availableParallelism()} cores, ${cpus()[0]?.model.trim()}, Node ${process.version}; ${peerVersions()}`

function ours(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(`${import.meta.dirname}/../package.json`, 'utf8'),
  )
  return String((manifest as { version: unknown }).version)
}
