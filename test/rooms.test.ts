/**
 * The house holds: who imports whom, no rings, no vague names, no long files, no clock or chance
 * but through a port. `rooms/table.ts` is the table; each rule of it is shown to bite.
 *
 * @module
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findings } from './rooms/findings.ts'
import { rings } from './rooms/rings.ts'
import { mostLines, rooms } from './rooms/table.ts'

const root = join(import.meta.dirname, '..')

test('the house holds, and asks for chance through its port alone (RAND-02)', () => {
  const paths = globSync('{src,dashboard/src,test,scripts,bench,bin}/**/*.{ts,tsx,cjs}', {
    cwd: root,
    // What the peers are made of is theirs.
    exclude: ['**/node_modules'],
  })
  expect(paths.length).toBeGreaterThan(20)
  expect(
    findings(new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))),
  ).toEqual([])
})

test('the table has no ring between rooms', () => {
  const needs = Object.entries(rooms).map(
    ([name, { imports }]) => [name, imports.filter((other) => other !== name)] as const,
  )
  expect(rings(new Map(needs))).toEqual([])
})

const good = {
  'src/rules/time.ts': 'export const second = 1000\nexport type Instant = number\n',
  'src/ports.ts': "import type { Instant } from './rules/time.ts'\nexport type Now = Instant\n",
  'src/wire.ts': "import { z } from 'zod'\nexport const A = z.string()\nexport type A = string\n",
  'src/client/client.ts': "import type { A } from '../wire.ts'\nexport const a: A = ''\n",
  'src/sallyport.ts': "export { second } from './rules/time.ts'\n",
  'src/index.ts': "export { second } from './sallyport.ts'\n",
  'src/http/problem.ts': 'export const write = (at: number) => new Date(at).toISOString()\n',
  'src/system/clock.ts': 'export const now = () => Date.now()\n',
  'src/server/main.ts': "import { second } from '../index.ts'\nexport const a = second\n",
  'dashboard/src/app.tsx':
    "import { Box } from '@mantine/core'\nexport const App = () => <Box />\n",
}

test('a good house is not complained about', () => {
  expect(findings(new Map(Object.entries(good)))).toEqual([])
})

const from = (of: string) => `import { a } from '${of}'\nexport const b = a\n`
const returning = (what: string) => `export const a = () => ${what}\n`

test.each([
  ['src/rules/bad.ts', from('../ports.ts'), 'rules may not import ../ports.ts'],
  ['src/rules/bad.ts', from('node:fs'), 'rules may not import node:fs'],
  ['src/rules/bad.ts', "export * from '../wire.ts'\n", 'rules may not import ../wire.ts'],
  ['src/rules/bad.ts', "const a = import('../wire.ts')\nexport { a }\n", 'may not import'],
  ['src/rules/bad.ts', "export type A = import('../wire.ts').A\n", 'types of ../wire.ts'],
  ['src/rules/bad.ts', 'export const = \n', 'Unexpected token'],
  ['src/rules/bad.ts', 'export const a = (b: string) => import(b)\n', 'not a literal'],
  ['src/rules/bad.ts', from('./gone.ts'), './gone.ts is not there'],
  ['src/ports.ts', from('kysely'), 'ports may not import kysely'],
  ['src/flows/bad.ts', from('../wire.ts'), 'flows may not import ../wire.ts'],
  ['src/flows/bad.ts', from('../system/clock.ts'), 'flows may not import'],
  ['src/flows/bad.ts', from('node:crypto'), 'flows may not import node:crypto'],
  ['src/stores/bad.ts', from('../rules/access.ts'), 'stores may not import ../rules/access.ts'],
  ['src/stores/sqlite.ts', from('pg'), 'stores may not import pg'],
  ['src/system/bad.ts', from('kysely'), 'system may not import kysely'],
  ['src/http/bad.ts', from('../sallyport.ts'), 'http may not import ../sallyport.ts'],
  ['src/http/bad.ts', from('zod'), 'http may not import zod'],
  ['src/http/bad.ts', from('proxy-addr'), 'http may not import proxy-addr'],
  ['src/mounts/node.ts', from('../http/problem.ts'), 'mounts may not import ../http/problem.ts'],
  ['src/sallyport.ts', from('./mounts/node.ts'), 'composition may not import'],
  ['src/client/bad.ts', from('../wire.ts'), 'client may not import ../wire.ts'],
  ['src/client/bad.ts', from('react'), 'client may not import react'],
  ['src/client/bad.ts', from('node:crypto'), 'client may not import node:crypto'],
  ['src/server/bad.ts', from('../sallyport.ts'), 'server may not import ../sallyport.ts'],
  ['src/server/bad.ts', from('../client/client.ts'), 'server may not import'],
  ['src/server/bad.ts', from('left-pad'), 'server may not import left-pad'],
  ['dashboard/src/bad.ts', from('sallyport'), 'dashboard may not import sallyport'],
  ['dashboard/src/bad.ts', from('../../src/wire.ts'), 'dashboard may not import'],
  ['src/elsewhere.ts', returning('1'), 'in no room'],
  ['src/rules/password-utils.ts', returning('1'), '"utils" says nothing'],
  ['src/http/shared/body.ts', returning('1'), '"shared" says nothing'],
  ['test/helpers.ts', returning('1'), '"helpers" says nothing'],
  ['src/flows/index.ts', returning('1'), 'only the front door is called index'],
  ['src/flows/long.ts', returning('1').repeat(mostLines + 1), `over ${mostLines}`],
  ['src/flows/bad.ts', 'export default 1\n', 'default export'],
  ['src/flows/bad.ts', 'const a = 1\nexport { a as default }\n', 'default export'],
  ['src/rules/bad.ts', returning('Date.now()'), 'Date.now'],
  ['src/flows/bad.ts', returning('new Date()'), 'new Date()'],
  ['src/flows/bad.ts', returning('new Date(1)'), 'new Date(…)'],
  ['src/http/bad.ts', returning('new Date()'), 'new Date()'],
  ['src/http/bad.ts', returning('Date()'), 'Date()'],
  ['src/stores/bad.ts', returning('Date.now()'), 'Date.now'],
  ['src/rules/bad.ts', returning('Math.random()'), 'Math.random'],
  ['src/http/bad.ts', returning('performance.now()'), 'performance.now'],
  ['src/http/bad.ts', returning('crypto.randomUUID()'), 'crypto.randomUUID'],
  [
    'src/rules/bad.ts',
    "import { randomBytes as a } from 'node:crypto'\nexport { a }\n",
    'randomBytes',
  ],
])('caught: $0: $2', (path, text, complaint) => {
  const found = findings(new Map([...Object.entries(good), [path, text]]))
  expect(found.join('\n')).toContain(complaint)
  expect(found.every((one) => one.startsWith(path))).toBe(true)
})

test('a ring of values is caught, one of types is not', () => {
  const ring = (word: string) =>
    new Map([
      ['src/rules/a.ts', `${word} { b } from './b.ts'\nexport const a = 1\n`],
      ['src/rules/b.ts', `${word} { c } from './c.ts'\nexport const b = 1\n`],
      ['src/rules/c.ts', `${word} { a } from './a.ts'\nexport const c = 1\n`],
    ])
  expect(findings(ring('import'))).toEqual([
    'ring: src/rules/a.ts → src/rules/b.ts → src/rules/c.ts → src/rules/a.ts',
  ])
  expect(findings(ring('import type'))).toEqual([])
})
