/**
 * `npm run check`: types, lint, the house's own tests and dead code, all of them even when one
 * fails.
 *
 * @module
 */
import { run } from './tool.ts'

const house = [
  'test/rooms.test.ts',
  'test/doors.test.ts',
  'test/reference.test.ts',
  'test/standards.test.ts',
  'test/supply.test.ts',
]
const checks: readonly (readonly [name: string, tool: string, ...args: string[]])[] = [
  ['types', 'tsc', '-p', '.'],
  ['types of the dashboard', 'tsc', '-p', 'dashboard', '--noEmit'],
  ['lint and format', 'biome', 'check', '.'],
  ['house', 'vitest', 'run', ...house],
  ['dead code', 'knip'],
]

const failed: string[] = []
for (const [name, tool, ...args] of checks) {
  const begun = performance.now()
  process.stdout.write(`\n— ${name}\n`)
  if ((await run(tool, ...args)) !== 0) failed.push(name)
  process.stdout.write(`${name}: ${((performance.now() - begun) / 1000).toFixed(1)} s\n`)
}

process.stdout.write(failed.length > 0 ? `\nFailed: ${failed.join(', ')}\n` : '\nAll is well.\n')
process.exitCode = failed.length > 0 ? 1 : 0
