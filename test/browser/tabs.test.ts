/**
 * The tabs of one browser and a server, in a real Chromium: tokens that are over for all tabs at
 * once, sign-outs that reach all, a server that is away. Only a 401 of the server signs out. The
 * campaign `tabs` does it with twenty tabs, twenty times, and ten seconds.
 */

import type { BrowserContext, Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Client, returnPath as ReturnPath } from '../../src/client/client.ts'
import { held } from '../campaigns/report.ts'
import { type Host, type HostOptions, host } from './host.ts'
import { chromium } from './stage.ts'

declare const client: Client
declare const returnPath: typeof ReturnPath

const users = { ada: 'owner', bob: 'member' } as const

const whole = process.env.CAMPAIGN === 'tabs'
const most = whole ? 20 : 6
const often = whole ? 20 : 3
const awayFor = whole ? 10_000 : 3_000

const browser = chromium()

const opened = (more: Partial<HostOptions> = {}) => host({ page: 'pages/plain.ts', users, ...more })
const heading = (page: Page, text: string) =>
  page.getByRole('heading', { name: text, exact: true }).waitFor()
const stateOf = (page: Page) => page.evaluate(() => client.session.get().status)

async function visit(): Promise<BrowserContext> {
  const context = await browser().newContext()
  onTestFinished(() => context.close())
  return context
}

async function tabs(context: BrowserContext, { origin }: Host, count: number): Promise<Page[]> {
  const first = await context.newPage()
  await first.goto(origin)
  await heading(first, 'unauthenticated')
  await first.evaluate(
    (password) => client.signIn({ username: 'bob', password }).then(() => {}),
    'correct horse battery staple',
  )
  const rest = await Promise.all(
    Array.from({ length: count - 1 }, async () => {
      const page = await context.newPage()
      await page.goto(origin)
      return page
    }),
  )
  const all = [first, ...rest]
  await Promise.all(all.map((page) => heading(page, 'authenticated')))
  return all
}

/**
 * Waits until one tab renews and all others stand in line behind it: a browser tells of an answer before
 * its tab has read it. Without locks there is no line.
 */
async function standInLine(pages: readonly Page[]): Promise<void> {
  const others = pages.length - 1
  await pages[0]?.waitForFunction(async (others) => {
    const line = await (navigator.locks as LockManager | undefined)?.query()
    return line === undefined || line.pending?.length === others
  }, others)
}

/**
 * Lets the token of all tabs be over, has each call at once, and holds every refresh back until each
 * has been refused. @returns How many were signed out, and how often it was refreshed.
 */
async function expire(context: BrowserContext, at: Host, pages: readonly Page[]) {
  at.kit.advance('6m')
  at.asked()
  const release = at.hold('POST /auth/refresh')
  let refused = 0
  const count = (response: { status: () => number; url: () => string }) => {
    if (response.status() !== 401 || !response.url().endsWith('/auth/me')) return
    if (++refused === pages.length) void standInLine(pages).then(release)
  }
  context.on('response', count)
  const outcomes = await Promise.all(
    pages.map((page) =>
      page.evaluate(() =>
        client.call('GET', '/auth/me').then(
          () => client.session.get().status,
          () => client.session.get().status,
        ),
      ),
    ),
  )
  context.off('response', count)
  return {
    refused,
    signedOut: outcomes.filter((status) => status !== 'authenticated').length,
    refreshes: at.asked().filter((path) => path === 'POST /auth/refresh').length,
  }
}

const withoutLocks = () => Object.defineProperty(navigator, 'locks', { value: undefined })

describe(`${most} tabs, whose token is over ${often} times`, () => {
  test('each time one refresh for all, and nobody is signed out', async () => {
    const at = await opened()
    const context = await visit()
    const pages = await tabs(context, at, most)
    const rounds = []
    for (let round = 0; round < often; round++) rounds.push(await expire(context, at, pages))
    expect(rounds).toEqual(Array(often).fill({ refused: most, signedOut: 0, refreshes: 1 }))
    expect(await Promise.all(pages.map(stateOf))).toEqual(Array(most).fill('authenticated'))
    await at.kit.expectAudit(['auth.signed_in'])
    held('one refresh for all', { tabs: most, expiries: often })
  })

  test('also where the browser has no locks: each refreshes, and the server excuses it', async () => {
    const at = await opened()
    const context = await visit()
    await context.addInitScript(withoutLocks)
    const pages = await tabs(context, at, 5)
    const rounds = []
    for (let round = 0; round < often; round++) rounds.push(await expire(context, at, pages))
    expect(rounds).toEqual(Array(often).fill({ refused: 5, signedOut: 0, refreshes: 5 }))
    held('without locks', { tabs: 5, expiries: often })
  })

  test('without both it would not hold: this is what keeps them in', async () => {
    const at = await opened({ settings: { refresh: { leeway: '0s' } } })
    const context = await visit()
    await context.addInitScript(withoutLocks)
    const pages = await tabs(context, at, 5)
    const { refused, signedOut } = await expire(context, at, pages)
    expect(refused).toBeGreaterThanOrEqual(5)
    expect(signedOut).toBeGreaterThan(0)
  })
})

describe('what one tab does', () => {
  test('signing out reaches the others, and signing in', async () => {
    const at = await opened()
    const [one, two, three] = (await tabs(await visit(), at, 3)) as [Page, Page, Page]
    await one.evaluate(() => client.signOut())
    await Promise.all([two, three].map((page) => heading(page, 'unauthenticated logout')))
    await two.evaluate(
      (password) => client.signIn({ username: 'ada', password }).then(() => {}),
      at.kit.password,
    )
    await Promise.all([one, three].map((page) => heading(page, 'authenticated')))
  })

  test('changing the password keeps the others in, in the new session', async () => {
    const at = await opened()
    const [one, two] = (await tabs(await visit(), at, 2)) as [Page, Page]
    const id = await one.evaluate(
      async ([currentPassword, newPassword]) =>
        (await client.changePassword({ currentPassword, newPassword })).session.id,
      [at.kit.password, 'seven stones above the river'] as const,
    )
    await two.waitForFunction((wanted) => {
      const now = client.session.get()
      return now.status === 'authenticated' && now.session.id === wanted
    }, id)
  })

  test('another browser is another person’s business', async () => {
    const at = await opened()
    const [[one], [other]] = [await tabs(await visit(), at, 1), await tabs(await visit(), at, 1)]
    await one?.evaluate(() => client.signOut())
    expect(
      await other?.evaluate(() => client.check().then(() => client.session.get().status)),
    ).toBe('authenticated')
  })
})

describe(`a server that is away for ${awayFor / 1000} s`, () => {
  test('hangs nothing, signs nobody out, and is found again by itself', async () => {
    const at = await opened()
    const [page] = (await tabs(await visit(), at, 1)) as [Page]
    await at.away()
    const begun = Date.now()
    const told = await page.evaluate(async () => {
      const settled = await Promise.allSettled([
        client.check(),
        client.sessions(),
        client.signOut(),
        client.fetch('/host/things'),
        client.stepUp('x'),
      ])
      return settled.map((one) =>
        one.status === 'fulfilled' ? 'told by the state' : (one.reason.kind ?? one.reason.name),
      )
    })
    const network = 'network'
    expect(told).toEqual(['told by the state', network, network, 'TypeError', network])
    expect(Date.now() - begun).toBeLessThan(5_000)
    await heading(page, 'authenticated (away)')
    await new Promise((resolve) => setTimeout(resolve, awayFor - (Date.now() - begun)))
    await heading(page, 'authenticated (away)')
    await at.back()
    await heading(page, 'authenticated')
  })

  test('at the start: not known, not signed out, and known once it is back', async () => {
    const at = await opened()
    const context = await visit()
    const [page] = (await tabs(context, at, 1)) as [Page]
    let served = 0
    await page.route('**/auth/me', (route) => (served++ < 2 ? route.abort() : route.continue()))
    await page.reload()
    await heading(page, 'unknown (away)')
    await heading(page, 'authenticated')
  })

  test('whatever else than our own 401 is answered signs nobody out', async () => {
    const at = await opened()
    const [page] = (await tabs(await visit(), at, 1)) as [Page]
    for (const answer of [
      { status: 401, body: '<h1>Who are you?</h1>' },
      { status: 401, body: '{"code":"teapot","status":401}' },
      { status: 404, body: '{"code":"not_found","status":404}' },
      { status: 503, body: '{"code":"unavailable","status":503,"retryAfter":1}' },
      { status: 200, body: '' },
      { status: 200, body: '<h1>Hotel Wi-Fi</h1>' },
    ]) {
      await page.route('**/auth/me', (route) => route.fulfill(answer))
      await page.evaluate(() => client.check())
      expect(await stateOf(page), JSON.stringify(answer)).toBe('authenticated')
      await page.unroute('**/auth/me')
    }
  })
})

test('the way back leads nowhere but to this origin, as this browser reads addresses', async () => {
  const at = await opened()
  const page = await (await visit()).newPage()
  await page.goto(at.origin)
  const wanted = [
    '/reports?x=1#y',
    '//evil.example/',
    '/\\evil.example/',
    'https://evil.example/',
    'javascript:alert(1)',
    '/\t/evil.example',
    '/..//evil.example',
  ]
  const found = await page.evaluate(
    (texts) => texts.map((text) => returnPath(text, location.origin)),
    wanted,
  )
  expect(found).toEqual(['/reports?x=1#y', ...Array(6).fill(undefined)])
})
