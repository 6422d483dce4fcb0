/**
 * `npm test [-- filters and options of vitest]`: every test. What a test needs of the outside
 * world, `test/provision` brings up when it asks. A whole run is held against the tables of the
 * standards: a row that claims what no test has shown is a failure.
 *
 * @module
 */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { claimedAndNotShown } from '../test/standards/hold.ts'
import { root, run } from './tool.ts'

const asked = process.argv.slice(2)
if (asked.length > 0) process.exitCode = await run('vitest', 'run', ...asked)
else {
  const report = join(root, 'test-output/tests.json')
  rmSync(report, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  process.exitCode = await run('vitest', 'run', ...reporters)
  const wanting = existsSync(report) ? claimedAndNotShown(report) : ['all: nothing was run']
  if (wanting.length > 0) {
    process.stdout.write(`\nStandards claimed and not shown:\n${wanting.join('\n')}\n`)
    process.exitCode = 1
  } else process.stdout.write('\nEvery row of the standards that claims a test has passed it.\n')
}
