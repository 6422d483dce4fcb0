/**
 * The example in React as it stands, built by Vite over the built package, in a real Chromium: what is guarded
 * is drawn for who has signed in, and for nobody after the sign-out.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { build } from 'vite'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../scripts/free-port.ts'
import { built } from '../provision/built.ts'
import { browser, password } from '../server/browser.ts'
import { emptyFolder, follow } from '../server/process.ts'
import { chromium, eachVisit, heading, press } from './stage.ts'

const root = join(import.meta.dirname, '../..')
let page: Page
eachVisit(chromium(), (come) => {
  page = come.page
})

/** Starts the example in a folder beside the package, where its name leads to itself. */
async function example(): Promise<number> {
  await built()
  mkdirSync(join(root, 'test-output'), { recursive: true })
  const beside = mkdtempSync(join(root, 'test-output/example-'))
  onTestFinished(() => rmSync(beside, { recursive: true, force: true }))
  cpSync(join(root, 'examples/react'), beside, { recursive: true })
  await build({ root: beside, configFile: false, logLevel: 'error' })
  const port = await freePort()
  const file = join(beside, 'server.ts')
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('3000', `${port}`))
  const folder = emptyFolder()
  const env = { PATH: process.env.PATH ?? '' }
  const run = follow(spawn(process.execPath, [file], { cwd: folder, env }), folder, port)
  const line = await run.line(/^Set-up token: /)
  const claimed = await browser({ port }).setUp(line.slice('Set-up token: '.length))
  expect(claimed.status).toBe(201)
  return port
}

test('sign in, the guarded page and its route, sign out', async () => {
  const origin = `http://localhost:${await example()}`
  const orders = () => page.evaluate(() => fetch('/orders').then(({ status }) => status))
  await page.goto(origin)
  await heading(page, 'Sign in').waitFor()
  expect(await orders()).toBe(401)

  const signIn = async (secret: string) => {
    await page.getByLabel('Name').fill('ada')
    await page.getByLabel('Password').fill(secret)
    await press(page, 'Sign in')
  }
  await signIn('not the password of anybody')
  await page.getByText('Name or password is wrong.').waitFor()
  await signIn(password)
  await heading(page, 'Orders of ada').waitFor()
  await page.getByText('Apples, for ada').waitFor()
  expect(await orders()).toBe(200)
  await page.reload()
  await heading(page, 'Orders of ada').waitFor()

  await press(page, 'Sign out')
  await heading(page, 'Sign in').waitFor()
  expect(await orders()).toBe(401)
  await page.reload()
  await heading(page, 'Sign in').waitFor()
})
