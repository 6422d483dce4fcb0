/**
 * All tests but the browser's, as small as they are, each held to what holds after an attack: secrets
 * that were issued to one are looked for in all it leaves. `npm run campaign -- canary`.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { reported } from '../test/campaigns/report.ts'
import type { looked } from '../test/gate/canary.ts'
import { root, run } from './tool.ts'

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

/** @returns 0 when nothing was found and every test passed. */
export async function canary(more: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'canary-'))
  const [report, told] = [join(folder, 'report.json'), join(folder, 'looked')]
  process.env.CANARY = told
  const projects = ['--project=unit', '--project=attack']
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const code = await run('vitest', 'run', ...projects, ...reporters, ...more)
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report
  const all = readFileSync(told, 'utf8').trim().split('\n')
  const files = all.map((line) => JSON.parse(line) as typeof looked)
  rmSync(folder, { recursive: true })
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  const sum = (name: keyof typeof looked) => files.reduce((n, one) => n + one[name], 0)
  const violations = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((one) => one.status === 'failed')
    const titles = failed.length > 0 ? failed.map(({ fullName }) => fullName) : [message]
    return status === 'failed' ? titles.map((one) => `${relative(root, name)}: ${one}`) : []
  })
  const counts = {
    'files of tests': testResults.length,
    'that issue secrets': files.filter(({ secrets }) => secrets > 0).length,
    passed: tests.filter(({ status }) => status === 'passed').length,
    'secrets issued': sum('secrets'),
    'texts searched': sum('texts'),
    'million characters': Math.round(sum('characters') / 1e6),
  }
  process.stdout.write(`${JSON.stringify({ counts, violations })}\n`)
  // Of a few files there is nothing to say about all of them.
  if (more.length > 0) return code
  process.env.CAMPAIGN = 'canary'
  reported('all tests but the browser’s', { counts, violations })
  return code
}
