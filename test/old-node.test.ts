/**
 * On a Node that is too old the command says which to take, in one sentence, and ends with 1. Which they are is
 * played by the version that a Node gives itself; `npm run newcomer` takes real ones.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { emptyFolder } from './server/process.ts'

const sentence =
  'Sallyport needs Node.js 24.15 or newer, or 22.23 or newer in the 22 line; this is '

test.each([
  ['v20.20.2', true],
  ['v22.22.9', true],
  ['v23.11.0', true],
  ['v24.14.1', true],
  ['v22.23.0', false],
  ['v24.15.0', false],
  ['v26.0.0', false],
])('Node %s is told to be too old: %s', (version, old) => {
  // Beside nothing: a checkout brings a Node of its own.
  const folder = emptyFolder()
  cpSync(join(import.meta.dirname, '../bin'), join(folder, 'bin'), { recursive: true })
  const posing = join(folder, 'posing.cjs')
  writeFileSync(posing, `Object.defineProperty(process, 'version', { value: '${version}' })`)
  const args = ['--require', posing, join(folder, 'bin/sallyport.cjs'), 'serve']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect([status, stdout]).toEqual([1, ''])
  // One that will do goes on, to a program that is not here.
  if (old) expect(stderr).toBe(`${sentence}${version}.\n`)
  else expect(stderr).toContain('ERR_MODULE_NOT_FOUND')
})
