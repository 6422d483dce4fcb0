/**
 * How every page looks, on a desktop and on a phone, light and dark: kept as pictures in
 * `test-output/screenshots`, and each looked over by axe.
 */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../provision/chromium.ts'
import { type RunningServer, serve } from './serve.ts'
import { visit } from './visitor.ts'

const folder = join(import.meta.dirname, '../../test-output/screenshots')
const screens = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
} as const
const looks = (['desktop', 'phone'] as const).flatMap((screen) =>
  (['light', 'dark'] as const).map((scheme) => ({ screen, scheme })),
)

let browser: Browser
let server: RunningServer

beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  browser = await launchChromium()
  server = await serve()
})

afterAll(async () => {
  await browser?.close()
  await server?.remove()
})

interface Look {
  readonly page: Page
  /** Takes the picture, and has axe look at the same moment. */
  readonly keep: (name: string) => Promise<void>
}

/** The same steps four times, in fresh browsers; fails with all that axe and the witness found. */
async function inEveryLook(steps: (look: Look) => Promise<void>): Promise<void> {
  const found: string[] = []
  for (const { screen, scheme } of looks) {
    const viewport = screens[screen]
    const { page, context, faults } = await visit(browser, { viewport, colorScheme: scheme })
    await steps({
      page,
      keep: async (name) => {
        const file = `${name}-${screen}-${scheme}`
        await page.screenshot({ path: join(folder, `${file}.png`), animations: 'disabled' })
        const { violations } = await new AxeBuilder({ page }).analyze()
        found.push(...violations.map(({ id, nodes }) => `${file}: ${id} ${nodes[0]?.html}`))
        const wide = await page.evaluate(() => document.documentElement.scrollWidth)
        if (wide > viewport.width) found.push(`${file}: ${wide} pixels wide`)
      },
    })
    found.push(...faults)
    await context.close()
  }
  expect(found).toEqual([])
}

const passwordField = (page: Page) => page.getByRole('textbox', { name: 'Password' })

test('set-up, before anybody has claimed', async () => {
  await inEveryLook(async ({ page, keep }) => {
    await page.goto(server.claimLink())
    await passwordField(page).fill('seven stones')
    await keep('set-up')
    await page.goto(`${server.origin}/`)
    await page.getByText('Where to find it').click()
    await page.getByRole('button', { name: 'Become the owner' }).click()
    await page.getByText('Choose a user name.').waitFor()
    await keep('set-up-without-link')
  })
})

test('sign-in, home and all between', async () => {
  const claiming = await visit(browser)
  await claiming.page.goto(server.claimLink())
  await claiming.page.getByLabel('User name').fill('ada')
  await claiming.page.getByLabel('Your name').fill('Ada Lovelace')
  await passwordField(claiming.page).fill('seven stones above the river')
  await claiming.page.getByRole('button', { name: 'Become the owner' }).click()
  await claiming.page.getByText('This one').waitFor()
  await claiming.context.close()

  await inEveryLook(async ({ page, keep }) => {
    await page.goto(server.origin)
    await page.getByLabel('User name').waitFor()
    await keep('sign-in')

    await page.getByLabel('User name').fill('ada')
    await passwordField(page).fill('seven stones above the brook')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('That did not match').waitFor()
    await keep('sign-in-refused')

    // The one answer put in by hand: a rest would keep everybody else out of this test.
    await page.route('**/auth/login', (route) =>
      route.fulfill({
        status: 429,
        contentType: 'application/problem+json',
        body: JSON.stringify({ title: '', status: 429, code: 'account_locked', retryAfter: 713 }),
      }),
    )
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('You can try again in 11 min').waitFor()
    await keep('sign-in-resting')
    await page.unroute('**/auth/login')

    await page.goto(server.claimLink())
    await page.getByText('has an owner already').waitFor()
    await keep('sign-in-claimed')

    await page.getByLabel('User name').fill('ada')
    await passwordField(page).fill('seven stones above the river')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('This one').waitFor()
    await keep('home')

    await page.route('**/api/**', (route) => route.abort())
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('You are not signed out').waitFor()
    await keep('home-away')
    await page.goto(server.origin)
    await page.getByText('The server cannot be reached').waitFor()
    await keep('away')
    await page.unroute('**/api/**')

    await page.goto(`${server.origin}/nowhere`)
    await page.getByText('There is nothing here').waitFor()
    await keep('not-found')
  })
})
