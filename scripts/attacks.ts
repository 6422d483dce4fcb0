/**
 * The attack suite on both databases, with one node and with two: `npm run campaign -- attacks`. What it
 * counts it writes to `test-output/attacks.json`, and to `docs/security/attacks.md` when all of it was run.
 *
 * @module
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { root, run } from './tool.ts'

const forms = {
  'sqlite-1': 'SQLite, one node',
  'sqlite-2': 'SQLite, two nodes',
  'postgres-1': 'PostgreSQL, one node',
  'postgres-2': 'PostgreSQL, two nodes',
} as const
type Form = keyof typeof forms

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly { readonly status: string; readonly title: string }[]
  }[]
}

interface Counted {
  readonly passed: number
  readonly failed: number
}

const output = join(root, 'test-output/attacks.json')

/** Runs it in every form. @returns 0 when all of it held. */
export async function attacks(more: readonly string[]): Promise<number> {
  const rows = new Map<string, Map<Form, Counted>>()
  let code = 0
  for (const form of Object.keys(forms) as Form[]) {
    const report = `${output}.${form}`
    rmSync(report, { force: true })
    process.env.ATTACK_FORM = form
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const asked = more.some((one) => one.startsWith('test/')) ? [] : ['test/attack']
    code = Math.max(code, await run('vitest', 'run', ...reporters, ...asked, ...more))
    for (const { name, assertionResults } of (JSON.parse(readFileSync(report, 'utf8')) as Report)
      .testResults) {
      const family = basename(name, '.test.ts')
      const of = (status: string) => assertionResults.filter((one) => one.status === status).length
      const row = rows.get(family) ?? new Map<Form, Counted>()
      rows.set(family, row.set(form, { passed: of('passed'), failed: of('failed') }))
    }
    rmSync(report)
  }
  const table = tableOf(rows)
  process.stdout.write(`\n${table}\n`)
  writeFileSync(output, `${JSON.stringify([...rows].map(([name, row]) => [name, [...row]]))}\n`)
  if (more.length === 0) writeFileSync(join(root, 'docs/security/attacks.md'), pageOf(table))
  return code
}

function tableOf(rows: ReadonlyMap<string, ReadonlyMap<Form, Counted>>): string {
  const sums = new Map<Form, Counted>()
  const cell = ({ passed, failed }: Counted = { passed: 0, failed: 0 }) =>
    failed > 0 ? `${passed}, **${failed} failed**` : String(passed)
  const lines = [...rows].sort().map(([family, row]) => {
    for (const [form, one] of row) {
      const { passed, failed } = sums.get(form) ?? { passed: 0, failed: 0 }
      sums.set(form, { passed: passed + one.passed, failed: failed + one.failed })
    }
    const cells = (Object.keys(forms) as Form[]).map((form) => cell(row.get(form)))
    return `| [${family}](../../test/attack/${family}.test.ts) | ${cells.join(' | ')} |`
  })
  const last = (Object.keys(forms) as Form[]).map((form) => `**${cell(sums.get(form))}**`)
  return [
    `| family | ${Object.values(forms).join(' | ')} |`,
    '|---|--:|--:|--:|--:|',
    ...lines,
    `| all | ${last.join(' | ')} |`,
  ].join('\n')
}

const pageOf = (table: string): string => `# Attacks, tried in four forms

Written by \`npm run campaign -- attacks\` on ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, ${availableParallelism()} cores. Each number is tests that passed; a test
holds one case of [mistakes and attacks](findings.md) or several, and a case tries up to hundreds of requests. With two
nodes the requests of one browser go to them by turns; \`raw\` speaks to processes of its own over a socket.

${table}

## After every attack

| | what holds | where |
|---|---|---|
| U1 | a refused request changes nothing that is kept; all that is kept is compared around each that nothing else overlaps, in these four forms | \`test/gate/witness.ts\` |
| U2 | no refusal sets a cookie | the same |
| U3 | every refusal is a problem (RFC 9457) that tells no stack, statement, path or library | the same |
| U4 | no 500; a 503 says when to come again; of the requests that run alone 99 in 100 keep the thread for less than 100 ms of work, in these four forms; the next request is answered | the same |
| U5 | each failed sign-in, wrong password, refusal from elsewhere and permission that is not held adds its record | the same |
| U6 | the same outcome in every form | this table |
| U7 | no secret that was issued or accepted is in a body, a header, a fault, a log or a cell of the database, neither as it is nor as base64, hex or a plain SHA-256 of it | \`test/gate/canary.ts\`; what is planted is found, for each row: \`test/attack/witness.test.ts\` |

\`npm test\` tries each on SQLite with one node, and what can differ on PostgreSQL with two as well.
`
