/**
 * "Scale on paper": the measured costs carried to more people than anybody measures. Computed from
 * `measured.json` and the assumptions here, so that no figure of the page can drift from what it is made of.
 *
 * @module
 */
import { shown, table } from './figures.ts'
import type { AllMeasured } from './measured.ts'

/** What people do; each can be had otherwise, and the page with it. */
const assumed = {
  sessionsAPerson: 2,
  /** Of all people on one day. */
  activeADay: 0.3,
  /** Of a day's use in its busiest hour. */
  busiestHour: 0.12,
  checksAnActivePerson: 200,
  refreshesAnActivePerson: 8,
  signInsAnActivePerson: 0.2,
  /** What ends trust: sign-outs, sessions given up for new ones. */
  revocationsAnActivePerson: 0.15,
  /** Events kept, of every sign-in and revocation, for so many days. */
  auditDays: 365,
  /** How much of a core may be used at the busiest. */
  busy: 0.5,
} as const

const people = [1e6, 10e6, 100e6] as const

/** The page, or a word that there is nothing to compute it from yet. */
export function scalePage(all: AllMeasured): string {
  const value = (bench: string, name: string) => all[bench]?.values?.[name] ?? Number.NaN
  const perRow = (name: string) => value('row-bytes', `${name}BytesPostgreSQL`)
  const onFile = (name: string) => value('row-bytes', `${name}BytesSQLite`)
  const checkCpu = value('checks', 'checkCpu')
  const memory = value('remembered', 'sessionMemory')
  const hash = value('sign-ins', 'hashCpu')
  const refresh = value('deeds', 'refreshPostgreSQL')
  const a = assumed

  const each = (compute: (count: number) => string) => people.map(compute)
  const active = (count: number) => count * a.activeADay
  const atBusiest = (count: number, by: number) => (active(count) * by * a.busiestHour) / 3_600
  const events = (count: number) =>
    active(count) * (a.signInsAnActivePerson + a.revocationsAnActivePerson)
  const sessions = (count: number) => count * a.sessionsAPerson
  const checks = (count: number) => atBusiest(count, a.checksAnActivePerson)
  const refreshes = (count: number) => atBusiest(count, a.refreshesAnActivePerson)
  const signIns = (count: number) => atBusiest(count, a.signInsAnActivePerson)
  const feed = (count: number) => atBusiest(count, a.revocationsAnActivePerson)
  // A sign-in charges its guess before the hash and opens the session after it.
  const writes = (count: number) => refreshes(count) + 2 * signIns(count) + feed(count)
  const stored = (count: number, of: (name: string) => number) =>
    count * of('users') +
    sessions(count) * of('sessions') +
    events(count) * a.auditDays * of('audit')
  const gigabytes = (bytes: number) => `${shown(bytes / 1e9)} GB`
  const rate = (count: number) => `${shown(count)}/s`

  const rows: string[][] = [
    [
      'people `P`',
      ...each((count) =>
        shown(count / 1e6)
          .replace(/\.0*$/, '')
          .concat(' M'),
      ),
    ],
    [
      `rows of sessions \`S = ${a.sessionsAPerson} P\``,
      ...each((c) => `${shown(sessions(c) / 1e6)} M`),
    ],
    [
      `events kept \`E\`, ${a.auditDays} days`,
      ...each((c) => `${shown((events(c) * a.auditDays) / 1e6)} M`),
    ],
    ['bytes on PostgreSQL', ...each((c) => gigabytes(stored(c, perRow)))],
    ['bytes on SQLite', ...each((c) => gigabytes(stored(c, onFile)))],
    ['session checks', ...each((c) => rate(checks(c)))],
    ['cores for checks', ...each((c) => shown((checks(c) * checkCpu) / 1e6 / a.busy))],
    ['refreshes', ...each((c) => rate(refreshes(c)))],
    ['sign-ins', ...each((c) => rate(signIns(c)))],
    ['cores for hashing', ...each((c) => shown((signIns(c) * hash) / 1e3 / a.busy))],
    ['feed: what every node hears', ...each((c) => rate(feed(c)))],
    ['transactions a second', ...each((c) => rate(writes(c)))],
    [
      'of what one process carries',
      ...each((c) => `${shown((writes(c) * refresh) / 1e4 / a.busy)} %`),
    ],
    [
      'memory, if one node remembers every session',
      ...each((c) => gigabytes(sessions(c) * memory)),
    ],
    [
      'memory, of the sessions of one day',
      ...each((c) => gigabytes(active(c) * a.sessionsAPerson * memory)),
    ],
  ]
  const firstBusy = people.find((count) => (writes(count) * refresh) / 1e6 > a.busy)
  return `# Scale on paper

What was measured on two cores, carried to a million people and beyond. Nobody has run a hundred million people here:
this is arithmetic, its inputs are measured, its assumptions are written down. Written by \`npm run bench -- pages\` from
\`bench/measured.json\` and \`bench/scale.ts\`.

## What goes in

${table(
  ['measured', 'value', 'when'],
  [
    [
      'a session check of the standalone server',
      `${shown(checkCpu)} µs of CPU`,
      when(all, 'checks'),
    ],
    ['a hash (argon2id, the defaults)', `${shown(hash)} ms of CPU`, when(all, 'sign-ins')],
    ['a refresh on PostgreSQL, 32 at once', `${shown(refresh)} µs`, when(all, 'deeds')],
    ['a session in memory', `${shown(memory)} bytes`, when(all, 'remembered')],
    ...(['users', 'sessions', 'audit'] as const).map((name) => [
      `a row of \`${name}\` with its indexes, SQLite / PostgreSQL`,
      `${shown(onFile(name))} / ${shown(perRow(name))} bytes`,
      when(all, 'row-bytes'),
    ]),
  ],
)}
Assumed: ${a.sessionsAPerson} sessions a person; ${100 * a.activeADay} % of people active on a day, ${100 * a.busiestHour} % of a day's use
in its busiest hour; an active person's day is ${a.checksAnActivePerson} checks, ${a.refreshesAnActivePerson} refreshes, ${a.signInsAnActivePerson} sign-ins,
${a.revocationsAnActivePerson} revocations (sign-outs mostly); the audit is kept for ${a.auditDays} days; a core is used to ${100 * a.busy} %.

## What comes out

Rates are of the busiest hour: \`P × active × a day's number × ${a.busiestHour} / 3,600\`.

${table(['', ...people.map((count) => `${count / 1e6} M`)], rows)}
- bytes: \`P × user + S × session + E × event\`, indexes included, before the free space that updates leave behind
- cores for checks: \`checks × CPU / ${a.busy}\`; for hashing: \`sign-ins × hash / ${a.busy}\`
- transactions: \`refreshes + 2 × sign-ins + revocations\`; of what one process carries: \`transactions × refresh / ${a.busy}\`

## Where it breaks first

1. **A session check does not.** It reads no database: nodes are added, and each costs what the first does. A node that
   remembers fewer sessions than it is asked for reads the rest by key, so memory bounds speed, not numbers.
2. **The one writer.** SQLite ends where one machine ends. On PostgreSQL every refresh is a durable transaction
   ${firstBusy === undefined ? 'and one process still carries all of the table above' : `and one process is over its share at ${firstBusy / 1e6} M people`};
   the processes share the work, the disk of the primary is what is left. Then: a longer access lifetime (fewer refreshes,
   in proportion), disks that acknowledge sooner, several commits a flush (\`commit_delay\`).
3. **The feed.** Every node hears every revocation, and numbers are handed out under one lock held until commit: at a
   commit of a millisecond about a thousand a second for the whole instance. ${shown(feed(100e6))}/s are asked of it at
   100 M people. Beyond, instances of their own by region or customer: nothing is shared between instances.
4. **The audit** is most of what is kept. Keep it for less long, or ship it away and let the sweep remove it.
5. **Hashing** is a matter of cores, on any node; nobody signed in waits for it.
`
}

const when = (all: AllMeasured, bench: string): string => all[bench]?.date.slice(0, 10) ?? 'not yet'
