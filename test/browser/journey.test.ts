/**
 * The whole way of a person through the gate, in a real browser and through the real server: claim,
 * home, reload, out, in again, two tabs, a server that goes away. Nothing may flash by, nothing may
 * be kept, and the content policy may not have had to refuse anything.
 */

import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { tabTo } from './keyboard.ts'
import { type RunningServer, serve } from './serve.ts'
import { chromium, eachVisit, heading } from './stage.ts'
import { type Visitor, visit } from './visitor.ts'

const name = 'ada'
const password = 'seven stones above the river'
const home = 'You are signed in as Ada Lovelace'

const browser = chromium()
let visitor: Visitor
let page: Page

const passwordField = (of: Page) => of.getByRole('textbox', { name: 'Password' })

async function signIn(of: Page, typed = password) {
  await of.getByLabel('User name').fill(name)
  await passwordField(of).fill(typed)
  await of.getByRole('button', { name: 'Sign in' }).click()
}

async function claim(of: Page) {
  await of.getByLabel('User name').fill(name)
  await of.getByLabel('Your name').fill('Ada Lovelace')
  await passwordField(of).fill(password)
  await of.getByRole('button', { name: 'Become the owner' }).click()
  await heading(of, home).waitFor()
}

eachVisit(browser, (come) => {
  visitor = come
  page = visitor.page
})

describe('an instance without an owner', () => {
  let server: RunningServer

  beforeEach(async () => {
    server = await serve()
  })

  afterEach(async () => {
    await server.remove()
  })

  test('claim, stay signed in, sign out, come back', async () => {
    await page.goto(server.claimLink())
    await heading(page, 'Claim this instance').waitFor()
    expect(page.url()).toBe(`${server.origin}/setup`)
    expect(await page.getByLabel('Claim link or token').count()).toBe(0)
    expect(visitor.headings()).toEqual(['Claim this instance'])

    await passwordField(page).fill('too short')
    await page.getByRole('button', { name: 'Become the owner' }).click()
    await page.getByText('Choose a user name.').waitFor()
    await page.getByText('Too short: at least 15 characters').waitFor()
    await claim(page)
    expect(page.url()).toBe(`${server.origin}/`)
    await page.getByText('Owner', { exact: true }).waitFor()
    await page.getByText('This session').waitFor()
    expect(visitor.headings()).toEqual([home])

    await page.reload()
    await heading(page, home).waitFor()
    expect(visitor.headings()).toEqual([home])

    for (const door of ['/setup', '/sign-in', '/sign-in?return=https://evil.example/']) {
      await page.goto(server.origin + door)
      await heading(page, home).waitFor()
      expect(page.url()).toBe(`${server.origin}/`)
      expect(visitor.headings()).toEqual([home])
    }

    await page.getByRole('button', { name: 'Sign out' }).click()
    await heading(page, 'Sign in').waitFor()
    await page.getByText('You are signed out.').waitFor()
    expect(visitor.headings()).toEqual(['Sign in'])
    expect(await cookieNames()).toEqual([])

    await page.goto(server.origin)
    await heading(page, 'Sign in').waitFor()
    expect(visitor.headings()).toEqual(['Sign in'])

    await signIn(page, 'seven stones above the brook')
    await page.getByRole('alert').getByText('That did not match').waitFor()
    expect(visitor.headings()).toEqual([])
    await signIn(page)
    await heading(page, home).waitFor()
    expect(visitor.headings()).toEqual([home])
    expect(await visitor.stored()).toEqual([])
  })

  test('a browser that keeps no cookies is told so at the door', async () => {
    const devtools = await page.context().newCDPSession(page)
    await devtools.send('Emulation.setDocumentCookieDisabled', { disabled: true })
    await page.goto(server.claimLink())
    const told = page.getByRole('alert').getByText('Your browser keeps no cookies')
    await told.waitFor()
    await devtools.send('Emulation.setDocumentCookieDisabled', { disabled: false })
    await page.reload()
    await heading(page, 'Claim this instance').waitFor()
    expect(await told.count()).toBe(0)
  })

  test('the claim link works once, and leads to the sign-in page after', async () => {
    await page.goto(server.claimLink())
    await claim(page)

    const other = await visit(browser())
    await other.page.goto(server.claimLink())
    await other.page.getByText('This instance has an owner already').waitFor()
    expect(other.page.url()).toBe(`${server.origin}/sign-in`)
    expect(other.headings()).toEqual(['Sign in'])
    await other.context.close()
    expect(other.faults).toEqual([])
  })

  test('two people with the link at once: the second is told, not left standing', async () => {
    const other = await visit(browser())
    await other.page.goto(server.claimLink())
    await heading(other.page, 'Claim this instance').waitFor()
    await page.goto(server.claimLink())
    await claim(page)
    await other.page.getByLabel('User name').fill('eve')
    await passwordField(other.page).fill('eight stones above the river')
    await other.page.getByRole('button', { name: 'Become the owner' }).click()
    await other.page.getByText('This instance has an owner already').waitFor()
    await other.context.close()
    expect(other.faults).toEqual([])
  })

  test('without the link: paste it; a wrong one is refused at its field', async () => {
    await page.goto(`${server.origin}/`)
    await heading(page, 'Claim this instance').waitFor()
    expect(page.url()).toBe(`${server.origin}/setup`)
    await page.getByLabel('Claim link or token').fill(`${server.origin}/setup#token=guessed`)
    await page.getByLabel('User name').fill(name)
    await page.getByLabel('Your name').fill('Ada Lovelace')
    await passwordField(page).fill(password)
    await page.getByRole('button', { name: 'Become the owner' }).click()
    await page.getByText('This is not the claim link of this instance').waitFor()
    await page.getByLabel('Claim link or token').fill(server.claimLink())
    await page.getByRole('button', { name: 'Become the owner' }).click()
    await heading(page, home).waitFor()
  })

  test('a password the server refuses is told at its field, in its words', async () => {
    await page.goto(server.claimLink())
    await page.getByLabel('User name').fill('augusta.ada.byron.king')
    await passwordField(page).fill('augusta.ada.byron.king')
    await page.getByRole('button', { name: 'Become the owner' }).click()
    await page.locator('[id$="-error"]').first().waitFor()
    expect(await passwordField(page).getAttribute('aria-invalid')).toBe('true')
    expect(await passwordField(page).evaluate((field) => field === document.activeElement)).toBe(
      true,
    )
  })

  test('with the keyboard alone', async () => {
    await page.goto(server.claimLink())
    await heading(page, 'Claim this instance').waitFor()
    await tabTo(page, 'User name')
    await page.keyboard.type(name)
    await tabTo(page, 'Your name optional')
    await page.keyboard.type('Ada Lovelace')
    await tabTo(page, 'Password')
    await page.keyboard.type(password)
    await tabTo(page, 'Show password')
    await page.keyboard.press('Space')
    expect(await page.getByLabel('Password', { exact: true }).getAttribute('type')).toBe('text')
    await page.keyboard.press('Enter')
    await tabTo(page, 'Become the owner')
    await page.keyboard.press('Enter')
    await heading(page, home).waitFor()
    expect(await heading(page, home).evaluate((el) => el === document.activeElement)).toBe(true)
    await tabTo(page, 'Sign out', 'Shift+Tab')
    await page.keyboard.press('Enter')
    await heading(page, 'Sign in').waitFor()
    await page.keyboard.type(name)
    await tabTo(page, 'Password')
    await page.keyboard.type(password)
    await page.keyboard.press('Enter')
    await heading(page, home).waitFor()
  })
})

describe('an instance with an owner', () => {
  let server: RunningServer

  beforeAll(async () => {
    server = await serve()
    const first = await visit(browser())
    await first.page.goto(server.claimLink())
    await claim(first.page)
    await first.context.close()
  })

  afterAll(async () => {
    await server?.remove()
  })

  beforeEach(async () => {
    await page.goto(server.origin)
    await signIn(page)
    await heading(page, home).waitFor()
    visitor.headings()
  })

  test('a sign-out in one tab reaches the others, and so does a sign-in', async () => {
    const second = await visitor.tab()
    await second.goto(server.origin)
    await heading(second, home).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await heading(second, 'Sign in').waitFor()
    await second.getByText('You are signed out.').waitFor()
    await signIn(second)
    await heading(second, home).waitFor()
    await heading(page, home).waitFor()
  })

  test('two tabs whose access token is over: one refresh, both go on, no door is seen (L1, L2, L16)', async () => {
    const { context } = visitor
    const second = await visitor.tab()
    await second.goto(server.origin)
    await heading(second, home).waitFor()
    visitor.headings()

    const refreshes: number[] = []
    let expired = 0
    const bothRefused = new Promise<void>((resolve) => {
      context.on('response', (response) => {
        const { pathname } = new URL(response.url())
        if (pathname.endsWith('/auth/refresh')) refreshes.push(response.status())
        else if (response.status() === 401 && ++expired === 2) resolve()
      })
    })
    // The refresh of whoever comes first is under way until the other has asked as well.
    await context.route('**/auth/refresh', async (route) => {
      await bothRefused
      // A 401 that has arrived is not yet one that was read: the other stands in line when it was.
      const inLine = () =>
        page.evaluate(async () => (await navigator.locks.query()).pending?.length)
      await expect.poll(inLine).toBe(1)
      await route.continue()
    })
    await context.clearCookies({ name: 'session' })
    await Promise.all([page.reload(), second.reload()])
    await Promise.all([heading(page, home).waitFor(), heading(second, home).waitFor()])
    expect(visitor.headings()).toEqual([home, home])
    expect([expired, refreshes]).toEqual([2, [200]])

    // Signing out needs no renewal: the refresh cookie names the session as well.
    await context.unroute('**/auth/refresh')
    await context.clearCookies({ name: 'session' })
    await page.getByRole('button', { name: 'Sign out' }).click()
    await heading(second, 'Sign in').waitFor()
    expect(await cookieNames()).toEqual([])
  })

  test('a session ended from another place ends here, and says why', async () => {
    for (let elsewhere = 0; elsewhere < 5; elsewhere++) {
      const other = await browser().newContext()
      const answer = await other.request.post(`${server.origin}/api/v1/auth/login`, {
        headers: { Origin: server.origin },
        data: { username: name, password },
      })
      expect(answer.status()).toBe(200)
      await other.close()
    }
    await heading(page, 'Sign in').waitFor()
    await page.getByText('the oldest of your sessions was ended for it').waitFor()
    expect(visitor.headings()).toEqual(['Sign in'])
  })

  test('a server that goes away: nothing is lost, nothing pretended, all goes on by itself', async () => {
    await server.stop()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('alert').getByText('You are not signed out').waitFor()
    await page.getByText('The server cannot be reached.').waitFor()
    expect(await heading(page, home).count()).toBe(1)

    await server.start()
    await page.getByText('The server cannot be reached.').waitFor({ state: 'hidden' })
    expect(visitor.headings()).toEqual([])
    await page.getByRole('button', { name: 'Try again' }).click()
    await heading(page, 'Sign in').waitFor()

    await server.stop()
    await signIn(page)
    await page.getByRole('alert').getByText('No answer from the server').waitFor()
    await server.start()
    await page.getByText('The server cannot be reached.').waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Sign in' }).click()
    await heading(page, home).waitFor()
  })

  test('a start without an answer says so, and goes on by itself (R1.14)', async () => {
    await page.route('**/api/**', (route) => route.abort())
    await page.goto(server.origin)
    await heading(page, 'The server cannot be reached').waitFor()
    await page.unroute('**/api/**')
    await heading(page, home).waitFor()
    expect(visitor.headings()).toEqual(['The server cannot be reached', home])
  })

  test('the chosen colours stay, also through a sign-out, and are all that is kept', async () => {
    const scheme = () => page.locator('html').getAttribute('data-mantine-color-scheme')
    expect(await scheme()).toBe('light')
    await page.getByRole('radio', { name: 'Dark' }).check()
    expect(await scheme()).toBe('dark')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await heading(page, 'Sign in').waitFor()
    await page.reload({ waitUntil: 'commit' })
    await page.waitForFunction(() => document.body !== null)
    expect(await scheme()).toBe('dark')
    await heading(page, 'Sign in').waitFor()
    expect(await visitor.stored()).toEqual(['sallyport-color-scheme'])
  })

  test('after signing in one is where one wanted to go', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click()
    await heading(page, 'Sign in').waitFor()
    await page.goto(`${server.origin}/?from=mail`)
    await heading(page, 'Sign in').waitFor()
    expect(page.url()).toBe(`${server.origin}/sign-in?return=%2F%3Ffrom%3Dmail`)
    await signIn(page)
    await heading(page, home).waitFor()
    expect(page.url()).toBe(`${server.origin}/?from=mail`)
  })
})

async function cookieNames(): Promise<string[]> {
  const cookies = await visitor.context.cookies()
  return cookies.map((cookie) => cookie.name).filter((cookie) => cookie !== 'device')
}
