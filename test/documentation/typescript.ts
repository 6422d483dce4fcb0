/**
 * The blocks in TypeScript: all of them checked by one compiler against the package's public doors, and those
 * that are programs run.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished } from 'vitest'
import { freePort } from '../../scripts/free-port.ts'
import { browser } from '../server/browser.ts'
import { emptyFolder, follow } from '../server/process.ts'
import { type Block, root } from './blocks.ts'

/** A folder beside the package, where its name leads to itself; gone with the test. */
function besidePackage(): string {
  mkdirSync(join(root, 'test-output'), { recursive: true })
  const folder = mkdtempSync(join(root, 'test-output/documentation-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const fileOf = ({ page, line, language }: Block): string =>
  `${page.replace(/\.md$/, '').replaceAll(/[^\w-]/g, '_')}-${line}.${language}`

/** Every block as a module, its lines where the page has them. @returns What the compiler complains of. */
export async function complaints(blocks: readonly Block[]): Promise<string[]> {
  const folder = besidePackage()
  const pageOf = new Map(blocks.map((block) => [fileOf(block), block.page]))
  for (const block of blocks)
    writeFileSync(join(folder, fileOf(block)), '\n'.repeat(block.line - 1) + block.text)
  copyFileSync(join(import.meta.dirname, 'around.d.ts'), join(folder, 'around.d.ts'))
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions: {
        noUnusedLocals: false,
        noUnusedParameters: false,
        noImplicitReturns: false,
      },
      include: ['.'],
    }),
  )
  const { said } = await node([join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], root)
  return said
    .split('\n')
    .filter(Boolean)
    .map((line) =>
      line.replace(/^\S*?([\w-]+\.tsx?)\((\d+),/, (all, file: string, row) => {
        const page = pageOf.get(file)
        return page === undefined ? all : `${page}:${row} (`
      }),
    )
}

/** Runs one with nothing of our environment. */
async function node(args: readonly string[], folder: string) {
  const child = spawn(process.execPath, [...args], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { code: Number(code), said: out + err }
}

/** A program that opens a gate and listens: it says what claims it. */
export const isServer = ({ text }: Block): boolean => text.includes('gate.setupToken()')

/** Runs a server as it stands, but for its port: its route is closed, then open to who has claimed it. */
export async function serverLetsIn(source: string): Promise<void> {
  const port = await freePort()
  const file = join(besidePackage(), 'server.ts')
  writeFileSync(file, source.replaceAll('3000', `${port}`))
  const folder = emptyFolder()
  const env = { PATH: process.env.PATH ?? '' }
  const run = follow(spawn(process.execPath, [file], { cwd: folder, env }), folder, port)
  const [, path = '/'] = /\.get\('([^']+)'/.exec(source) ?? []
  const token = (await run.line(/^Set-up token: /)).slice('Set-up token: '.length)
  const ada = browser({ port })
  await expect
    .poll(() => ada.send('GET', `/${path}`).catch(() => ({ status: 0 })))
    .toMatchObject({ status: 401, headers: { 'content-type': 'application/problem+json' } })
  expect((await ada.setUp(token)).status).toBe(201)
  const got = await ada.send('GET', `/${path}`)
  expect([got.status, got.text]).toEqual([200, expect.stringContaining('ada')])
}

/** Runs a program that ends by itself; it must end well. */
export async function programEndsWell(block: Block): Promise<void> {
  const file = join(besidePackage(), fileOf(block))
  writeFileSync(file, '\n'.repeat(block.line - 1) + block.text)
  const { code, said } = await node([file], emptyFolder())
  expect(code, said).toBe(0)
}
