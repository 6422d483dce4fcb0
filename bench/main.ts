/**
 * `npm run bench [-- --quick] [names]`: every measurement, or those named, as Markdown. Ratios of
 * interleaved rounds hold; absolute figures are this machine's, today.
 *
 * @module
 */
import { shown, table } from './figures.ts'
import { benchFirstPaint } from './first-paint.ts'
import { benchGrowthOnFiles, benchGrowthOnServer } from './growth.ts'
import { machine } from './machine.ts'
import { benchMounts } from './mounts.ts'
import { benchNodes } from './nodes.ts'
import { benchRemembered } from './remembered.ts'
import { benchSessionChecks } from './session-checks.ts'
import { benchSignIns } from './sign-ins.ts'
import { storeFigures } from './store.ts'

const quick = process.argv.includes('--quick')
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))

async function benchStore(rounds: number): Promise<string> {
  const figures = await storeFigures(rounds)
  const rows = figures.map(({ database, deed, ours, byHand, ratio }) => {
    return [`${database}, \`${deed}\``, shown(ours), shown(byHand), ratio.toFixed(2)]
  })
  return `## The store

A \`find\` is one read by key. A \`step\` reads one record, changes it and records one event; by hand that
is a prepared read and one durable transaction of three prepared writes. One at a time, ${rounds}
interleaved rounds of 0.3 s.

${table(['deed', 'ours, µs', 'by hand, µs', 'by hand / ours'], rows)}`
}

const sizes = quick ? [1_000, 20_000] : [1_000, 100_000, 1_000_000]
const benches: Readonly<Record<string, () => Promise<string>>> = {
  store: () => benchStore(quick ? 3 : 9),
  remembered: benchRemembered,
  nodes: () => benchNodes(quick ? 50 : 300, quick ? 3 : 9, quick ? 1 : 3),
  'sign-ins': () => benchSignIns(quick ? 2 : 9, quick ? 1.5 : 3),
  'growth-on-sqlite': () => benchGrowthOnFiles(sizes, quick ? 3 : 5),
  'growth-on-postgres': () => benchGrowthOnServer(sizes, quick ? 3 : 5),
  'first-paint': () => benchFirstPaint(quick ? 3 : 9),
  mounts: () => benchMounts(quick ? 3 : 9, 2),
  'session-checks': () => benchSessionChecks(quick ? 3 : 9, quick ? 1 : 3),
}

const unknown = named.filter((name) => !Object.hasOwn(benches, name))
if (unknown.length > 0)
  throw new Error(`no ${unknown.join(', ')}; there is ${Object.keys(benches).join(', ')}`)

const command = [
  'npm run bench',
  ...(process.argv.length > 2 ? ['--'] : []),
  ...process.argv.slice(2),
]
process.stdout.write(`${machine(command.join(' '))}\n`)
for (const [name, bench] of Object.entries(benches))
  if (named.length === 0 || named.includes(name)) process.stdout.write(`${await bench()}\n`)
