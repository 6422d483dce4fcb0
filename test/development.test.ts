/**
 * The development bypass: there while developing, and in a production build not a word of it, though
 * the application imports and calls it.
 *
 * @module
 */

import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { built } from './provision/built.ts'

const root = join(import.meta.dirname, '..')
const vite = join(root, 'node_modules/vite/bin/vite.js')

const application = `
  import { createClient } from 'sallyport/client'
  import { developmentFetch } from 'sallyport/development'
  const fetch = developmentFetch({ people: { ada: 'owner' }, signedIn: 'ada' })
  window.client = createClient({ fetch })
`

/** What only the bypass says: its people, its password, its token. */
const words = [
  'signedIn',
  'mock-csrf-token',
  'correct horse battery',
  'mockSallyport',
  'mock0',
  'resting',
]

beforeAll(built)

function bundle(mode: 'production' | 'development'): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bypass-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/sallyport'), 'junction')
  writeFileSync(join(folder, 'main.js'), application)
  writeFileSync(join(folder, 'index.html'), '<script type="module" src="/main.js"></script>')
  const { NODE_ENV: _, ...env } = process.env
  execFileSync(process.execPath, [vite, 'build', '--mode', mode, '--minify', 'false'], {
    cwd: folder,
    env: { ...env, NODE_ENV: mode },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const assets = join(folder, 'dist/assets')
  return readdirSync(assets)
    .map((name) => readFileSync(join(assets, name), 'utf8'))
    .join('\n')
}

const found = (code: string) => words.filter((word) => code.includes(word))

test('a production build contains none of it (R1.18)', () => {
  const code = bundle('production')
  expect(code).toContain('/auth/login')
  // What the application itself says of it: the name of the option.
  expect(found(code)).toEqual(['signedIn'])
})

test('a development build contains it: these words would be found', () => {
  expect(found(bundle('development'))).toEqual(
    expect.arrayContaining(['signedIn', 'mock-csrf-token']),
  )
})

test('whoever knows no conditions gets nothing', async () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  expect(Object.keys(exports['./development'])).toEqual(['types', 'development', 'default'])
  const { developmentFetch } = await import(
    pathToFileURL(join(root, exports['./development'].default)).href
  )
  expect(developmentFetch({ people: {}, signedIn: 'ada' })).toBeUndefined()
})
