/**
 * `npm run bench [-- --quick] [--write] [names]`: every measurement, or those named, as Markdown; `goals` are those
 * that the goals are held to but growth, in about ten minutes. Ratios of interleaved rounds hold; absolute
 * figures are this machine's, today. `--write` keeps them and writes the pages anew; `pages` only writes them.
 *
 * @module
 */
import { loadavg } from 'node:os'
import { benchChecks, benchPosts } from './checks.ts'
import { benchColdStarts } from './cold-starts.ts'
import { benchDeeds } from './deeds.ts'
import { shown, table } from './figures.ts'
import { benchFirstPaint } from './first-paint.ts'
import { benchFlood } from './flood.ts'
import { benchGrowthOnFiles, benchGrowthOnServer } from './growth.ts'
import { benchClient, benchInstalls } from './installs.ts'
import { machine, surroundings } from './machine.ts'
import { goalsTable, keepMeasured, type Measured, readMeasured } from './measured.ts'
import { benchMounts } from './mounts.ts'
import { benchNodes, benchTwoNodes } from './nodes.ts'
import { benchRemembered } from './remembered.ts'
import { benchRowBytes } from './row-bytes.ts'
import { benchSessionChecks } from './session-checks.ts'
import { benchSignIns } from './sign-ins.ts'
import { storeFigures } from './store.ts'
import type { Told } from './told.ts'

const quick = process.argv.includes('--quick')
const write = process.argv.includes('--write')
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))

async function benchStore(rounds: number): Promise<string> {
  const figures = await storeFigures(rounds)
  const rows = figures.map(({ database, deed, ours, byHand, ratio }) => {
    return [`${database}, \`${deed}\``, shown(ours), shown(byHand), ratio.toFixed(2)]
  })
  return `A \`find\` is one read by key. A \`step\` reads one record, changes it and records one event; by hand that
is a prepared read and one durable transaction of three prepared writes. One at a time, ${rounds}
interleaved rounds of 0.3 s.

${table(['deed', 'ours, µs', 'by hand, µs', 'by hand / ours'], rows)}`
}

const sizes = quick ? [1_000, 20_000, 40_000] : [1_000, 20_000, 100_000, 1_000_000]
/** What the goals are held to, in this order. */
const goals: Readonly<Record<string, () => Promise<string | Told>>> = {
  checks: () => benchChecks(quick ? 1 : 9),
  posts: () => benchPosts(quick ? 1 : 5),
  'sign-ins': () => benchSignIns(quick ? 2 : 5, quick ? 1 : 2),
  flood: () => benchFlood(quick ? 1 : 3, quick ? 2 : 5),
  deeds: () => benchDeeds(quick ? 2 : 7, quick ? 0.2 : 0.3),
  'two-nodes': () => benchTwoNodes(quick ? 2 : 7, quick ? 1 : 2),
  'cold-starts': () => benchColdStarts(quick ? 2 : 7),
  remembered: benchRemembered,
  client: benchClient,
  'row-bytes': () => benchRowBytes(quick ? 2_000 : 20_000),
  installs: () => benchInstalls(quick ? 1 : 3),
}
const others: Readonly<Record<string, () => Promise<string | Told>>> = {
  store: () => benchStore(quick ? 3 : 9),
  nodes: () => benchNodes(quick ? 50 : 300, quick ? 3 : 9, quick ? 1 : 3),
  'growth-on-sqlite': () => benchGrowthOnFiles(sizes, quick ? 3 : 5),
  'growth-on-postgres': () => benchGrowthOnServer(sizes, quick ? 3 : 5),
  'first-paint': () => benchFirstPaint(quick ? 3 : 9),
  mounts: () => benchMounts(quick ? 3 : 9, 2),
  'session-checks': () => benchSessionChecks(quick ? 3 : 9, quick ? 1 : 3),
}
const benches = { ...goals, ...others }

const known = ['goals', 'pages', ...Object.keys(benches)]
const unknown = named.filter((name) => !known.includes(name))
if (unknown.length > 0) throw new Error(`no ${unknown.join(', ')}; there is ${known.join(', ')}`)

const asked = process.argv.slice(2)
const command = ['npm run bench', ...(asked.length > 0 ? ['--', ...asked] : [])].join(' ')
process.stdout.write(`${machine(command)}\n`)

const isAsked = (name: string) =>
  named.length === 0 || named.includes(name) || (named.includes('goals') && name in goals)
const fresh: Record<string, Measured> = {}
const failed: string[] = []
for (const [name, bench] of Object.entries(benches)) {
  if (!isAsked(name)) continue
  const load = loadavg()[0]?.toFixed(1) ?? ''
  const began = performance.now()
  try {
    const said = await bench()
    const told = typeof said === 'string' ? { text: said.replace(/^## .*\n\n/, '') } : said
    const date = `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`
    fresh[name] = { date, command, load, on: surroundings(), ...told }
    const took = ((performance.now() - began) / 1_000).toFixed(0)
    process.stdout.write(`## ${name}\n\n${told.text.trimEnd()}\n\n*${took} s*\n\n`)
    // At once: what comes later may fail.
    if (write) keepMeasured({ [name]: fresh[name] })
  } catch (error) {
    // One that fails takes no other along.
    process.stderr.write(`${name}: ${error instanceof Error ? error.stack : error}\n`)
    failed.push(name)
  }
}
if (named.includes('pages')) keepMeasured({})
if (Object.values(fresh).some((one) => one.goals))
  process.stdout.write(`## goals\n\n${goalsTable(write ? readMeasured() : fresh)}\n`)
if (failed.length > 0) {
  process.stderr.write(`Failed: ${failed.join(', ')}\n`)
  process.exitCode = 1
}
