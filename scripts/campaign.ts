/**
 * `npm run campaign -- <name> [options of vitest]`: an oracle as often as the design asks for, where
 * `npm test` only makes sure that it still works.
 *
 * @module
 */
import { attacks } from './attacks.ts'
import { canary } from './canary.ts'
import { run } from './tool.ts'

/** The tests of each; they do more of the same where `CAMPAIGN` is set. */
const campaigns: Readonly<Record<string, readonly string[]>> = {
  look: ['test/browser/look.test.ts'],
  revocation: ['test/revocation-sqlite.test.ts', 'test/revocation-postgres.test.ts'],
  races: ['test/attack/authorisation.test.ts', 'test/attack/last-owner.test.ts'],
  refresh: ['test/refresh-nodes.test.ts'],
  tabs: ['test/browser/tabs.test.ts'],
  sessions: ['test/session-machine.test.ts'],
  timing: ['test/timing.test.ts'],
  limit: ['test/session-limit.test.ts'],
  secrets: ['test/secrets-nodes.test.ts'],
  busy: ['test/busy-file.test.ts'],
  claim: ['test/attack/killed.test.ts'],
  keys: ['test/api-keys-nodes.test.ts'],
  sockets: ['test/sockets-nodes.test.ts'],
  database: ['test/database-trouble.test.ts'],
  statements: ['test/statement-faults.test.ts'],
  floods: ['test/audit-floods.test.ts'],
  disk: ['test/disk-faults.test.ts'],
  clock: ['test/clock-jumps.test.ts'],
  kills: ['test/kills.test.ts', 'test/process-faults.test.ts'],
  fuzz: ['test/fuzz.test.ts'],
  upgrade: ['test/upgrade.test.ts'],
  load: ['test/load.test.ts'],
  hostile: ['test/load.test.ts'],
  soak: ['test/load.test.ts'],
}

const [name = '', ...more] = process.argv.slice(2)
const tests = campaigns[name]
if (name === 'attacks') process.exitCode = await attacks(more)
else if (name === 'canary') process.exitCode = await canary(more)
else if (tests) {
  process.env.CAMPAIGN = name
  process.exitCode = await run('vitest', 'run', '--reporter=verbose', ...tests, ...more)
} else {
  process.stderr.write(
    `Usage: npm run campaign -- ${['attacks', 'canary', ...Object.keys(campaigns)].join('|')}\n`,
  )
  process.exitCode = 2
}
