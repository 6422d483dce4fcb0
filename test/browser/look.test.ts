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
import { add, claim, enter, guess, send, settle } from './people.ts'
import { type RunningServer, serve } from './serve.ts'
import { visit } from './visitor.ts'

const folder = join(import.meta.dirname, '../../test-output/screenshots')
const screens = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
} as const
const everyLook = (['desktop', 'phone'] as const).flatMap((screen) =>
  (['light', 'dark'] as const).map((scheme) => ({ screen, scheme })),
)
/** Each screen and each scheme once; all four in `npm run campaign -- look`. */
const looks = process.env.CAMPAIGN
  ? everyLook
  : everyLook.filter(({ screen, scheme }) => (screen === 'phone') === (scheme === 'dark'))

let browser: Browser
let server: RunningServer

beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  browser = await launchChromium()
  server = await serve('--session-limit=0', '--limits-login=0', '--limits-anonymous=0')
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

/** The same steps in every look side by side, in fresh browsers; fails with all that axe and the witness found. */
async function inEveryLook(steps: (look: Look) => Promise<void>): Promise<void> {
  const found: string[] = []
  const look = async ({ screen, scheme }: (typeof looks)[number]) => {
    const viewport = screens[screen]
    const { page, context, faults } = await visit(browser, { viewport, colorScheme: scheme })
    await steps({
      page,
      keep: async (name) => {
        const file = `${name}-${screen}-${scheme}`
        await page.screenshot({
          path: join(folder, `${file}.png`),
          animations: 'disabled',
          fullPage: true,
        })
        // There are no frames; for those it would open one page more each time.
        const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
        found.push(...violations.map(({ id, nodes }) => `${file}: ${id} ${nodes[0]?.html}`))
        const wide = await page.evaluate(() => document.documentElement.scrollWidth)
        if (wide > viewport.width) found.push(`${file}: ${wide} pixels wide`)
      },
    })
    found.push(...faults)
    await context.close()
  }
  await Promise.all(looks.map(look))
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

test('the door, and all that can be said there', async () => {
  const claiming = await browser.newContext()
  await claim(server, claiming)
  await claiming.close()

  await inEveryLook(async ({ page, keep }) => {
    await page.goto(server.origin)
    await page.getByLabel('User name').waitFor()
    await keep('sign-in')

    await page.getByLabel('User name').fill('nobody')
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

    await page.goto(`${server.origin}/nowhere`)
    await page.getByText('There is nothing here').waitFor()
    await keep('not-found')
  })
})

const long = 'Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh of the Upper Gatehouse'
const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'

const altered = [
  {
    what: 'changed',
    chain: 'kX2mPq7RtYw9Za1B',
    seq: 41,
    id: 'x',
    at: '2026-11-20T09:30:00.000Z',
    detail: '',
  },
  { what: 'missing', chain: 'Qw3nTe5uVb8cXd0F', seq: 7, id: null, at: null, detail: '' },
]

test('every page inside (XSS-04)', { timeout: 300_000 }, async () => {
  const owner = await browser.newContext()
  await enter(server, owner, 'ada')
  for (const [name, scopes] of [
    ['nightly backup', ['users:read', 'sessions:read']],
    ['Prometheus', ['metrics:read']],
  ] as const)
    await send(server, owner, 'POST', '/auth/api-keys', {
      data: { name, scopes, expiresAt: new Date(Date.now() + 8e9).toISOString() },
      status: 201,
    })
  const eve = await add(server, owner, {
    username: 'eve',
    role: 'admin',
    displayName: 'Eve Moneypenny',
  })
  const bob = await add(server, owner, { username: 'bob', displayName: long })
  const dora = await add(server, owner, { username: 'dora' })
  const carl = await add(server, owner, { username: 'carl.the.second@example.com', role: 'viewer' })
  await send(server, owner, 'PATCH', `/users/${carl.id}`, { data: { disabled: true }, status: 200 })
  await send(server, owner, 'PATCH', `/users/${bob.id}`, {
    data: {
      scopes: [
        { role: 'admin', scope: 'department:sales' },
        { role: 'viewer', scope: 'site:north' },
      ],
    },
    status: 200,
  })
  for (const [name, added] of [
    ['eve', eve],
    ['bob', bob],
  ] as const) {
    const context = await browser.newContext()
    await settle(server, context, name, added)
    await context.close()
  }
  for (const userAgent of [iphone, 'curl/8.5.0 <img src=x onerror=alert(1)>', ''])
    for (const name of ['ada', 'bob']) {
      const context = await browser.newContext()
      await enter(server, context, name, { userAgent })
      await context.close()
    }
  const stranger = await browser.newContext()
  await guess(server, stranger, 'eve')
  await stranger.close()

  await inEveryLook(async ({ page, keep }) => {
    await enter(server, page.context(), 'ada')
    const go = async (path: string, sign: string) => {
      await page.goto(server.origin + path)
      await page.getByText(sign).first().waitFor()
    }
    await go('/', 'live sessions')
    await page.getByRole('list', { name: 'Recent activity' }).waitFor()
    await keep('home')
    await go('/account/sessions', 'This one')
    await keep('sessions')
    await page.getByRole('button', { name: 'End all others' }).click()
    await keep('sessions-end-others')
    await go('/account/password', 'Current password')
    await page.getByRole('textbox', { name: 'New password' }).fill('seven stones')
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText('Enter your current password.').waitFor()
    await keep('password')
    await go('/account/devices', 'This one')
    await keep('devices')
    await go('/account/keys', 'Prometheus')
    await keep('keys')
    await page.getByRole('button', { name: 'Make a key' }).click()
    await keep('keys-make')
    await go('/account/activity', 'You claimed this instance')
    await keep('activity')
    await go('/users', 'Eve Moneypenny')
    await keep('users')
    await page.getByLabel('Search by name').fill('zzz')
    await page.getByText('Nobody’s name contains').waitFor()
    await keep('users-none')
    await page.getByRole('button', { name: 'Add a person' }).click()
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('Choose a user name.').waitFor()
    await keep('users-add')
    await go(`/users/${bob.id}`, 'What you can do')
    await page.getByText('Signed in:').first().waitFor()
    await keep('user')
    await page.getByRole('button', { name: 'Delete' }).click()
    await keep('user-delete')
    await go('/sessions', 'This one')
    await keep('all-sessions')
    await go('/lockouts', 'wrong passwords')
    await keep('lockouts')
    await go('/overview', 'in 24 hours')
    await page.getByText('As a table').first().click()
    await page.getByText('Answers you now').waitFor()
    await keep('overview')
    await go('/audit', 'Is it whole?')
    await page
      .getByRole('button', { name: /^Details/ })
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Check now' }).click()
    await page.getByText('Nothing was altered').waitFor()
    await keep('audit')
    await page
      .getByRole('button', { name: /^Details: Signed in/ })
      .first()
      .click()
    await page.getByText('Number in it').waitFor()
    await keep('audit-record')
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await page.getByLabel('Event').selectOption('Root secret replaced')
    await page.getByRole('button', { name: 'Show', exact: true }).click()
    await page.getByText('Nothing recorded matches.').waitFor()
    await keep('audit-none')
    // By hand, because nobody alters the records of a server that all looks share.
    await page.route('**/audit/verify', (route) =>
      route.fulfill({
        json: {
          intact: false,
          at: new Date().toISOString(),
          rows: 812,
          chains: 2,
          checkpoints: 14,
          knownUntil: null,
          faults: altered,
        },
      }),
    )
    await page.getByRole('button', { name: 'Check now' }).click()
    await page.getByText('2 chains were altered').waitFor()
    await keep('audit-altered')
    await page.unroute('**/audit/verify')
    await go('/health', 'Limits are off')
    await page.getByText('Answers you now').waitFor()
    await keep('health')
    await page.route('**/health/ready', (route) =>
      // 200, so that Chromium has nothing to tell the console.
      route.fulfill({
        json: { status: 'unavailable', checks: { database: 'unavailable', feed: 'behind' } },
      }),
    )
    await page.getByRole('button', { name: 'Look again' }).click()
    await page.getByText('Something needs you.').waitFor()
    await keep('health-unwell')
    await page.unroute('**/health/ready')

    await go('/users', 'Eve Moneypenny')
    const menu = page.getByRole('button', { name: 'Menu' })
    if (await menu.isVisible()) {
      await menu.click()
      await keep('menu')
      await page.keyboard.press('Escape')
    }
    // By hand, because a fresh proof is not asked for again.
    await page.route('**/api/v1/users', (route) =>
      route.fulfill({
        status: 403,
        contentType: 'application/problem+json',
        body: JSON.stringify({ title: '', status: 403, code: 'step_up_required' }),
      }),
    )
    await page.getByRole('button', { name: 'Add a person' }).click()
    await page.getByRole('textbox', { name: 'User name' }).fill('hal')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('textbox', { name: 'Your password' }).fill('not this one at all')
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByText('This is not your password.').waitFor()
    await keep('step-up')
    await page.unroute('**/api/v1/users')

    await go(`/users/${carl.id}`, 'What you can do')
    await page.getByRole('button', { name: 'Lift the rest' }).click()
    await page.getByText('Nobody is kept from signing in').waitFor()
    await page.getByRole('button', { name: 'Give a temporary password' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Give a temporary' }).click()
    await page.getByText('has a temporary password').waitFor()
    await keep('shown-once')

    await enter(server, page.context(), 'bob')
    await go('/users', 'This page is not for you')
    await keep('forbidden')
    await enter(server, page.context(), 'dora', { typed: dora.temporaryPassword })
    await go('/', 'Choose a password of your own')
    await keep('forced-change')
  })
  await owner.close()
})
