/**
 * The examples run as they stand, on the built package, and the guide shows the same.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { built } from './provision/built.ts'
import { browser } from './server/browser.ts'
import { emptyFolder, follow, freePort } from './server/process.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const guide = read('docs/guide/mounts.md')
const [, shortest = ''] = /## Use it as a library\n\n```ts\n(.*?)```/s.exec(read('README.md')) ?? []

beforeAll(built)

test.for([
  ['node', read('examples/node.ts'), '/'],
  ['fastify', read('examples/fastify.ts'), '/orders'],
  ['express', read('examples/express.ts'), '/orders'],
  ['hono', read('examples/hono.ts'), '/orders'],
  ['that of the README', shortest, '/hello'],
] as const)('the example for %s lets in who is signed in', async ([name, source, path]) => {
  if (!name.includes(' ')) expect(guide).toContain(`\`\`\`ts\n${source}\`\`\``)
  // Beside the package, where its name leads to itself.
  mkdirSync(join(root, 'test-output'), { recursive: true })
  const beside = mkdtempSync(join(root, 'test-output/example-'))
  onTestFinished(() => rmSync(beside, { recursive: true, force: true }))
  const port = await freePort()
  const file = join(beside, 'server.ts')
  writeFileSync(file, source.replaceAll('3000', `${port}`))
  const folder = emptyFolder()
  const run = follow(
    spawn(process.execPath, [file], { cwd: folder, env: { PATH: process.env.PATH ?? '' } }),
    folder,
    port,
  )
  const line = await run.line(/^Set-up token: /)
  const ada = browser({ port })
  await expect
    .poll(() => ada.send('GET', `/${path}`).catch(() => ({ status: 0 })))
    .toMatchObject({
      status: 401,
      headers: { 'content-type': 'application/problem+json' },
    })
  expect((await ada.setUp(line.slice('Set-up token: '.length))).status).toBe(201)
  const got = await ada.send('GET', `/${path}`)
  expect([got.status, got.text]).toEqual([200, expect.stringContaining('ada')])
})
