/**
 * What a file of browser tests stands on: one Chromium, and where it wants them one claimed server with
 * people in it, a visitor for each test, and what the witness in every page noted in the end.
 */

import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { launchChromium } from '../provision/chromium.ts'
import { type Added, add, claim, enter, settle } from './people.ts'
import { type RunningServer, serve } from './serve.ts'
import { type Visitor, visit } from './visitor.ts'

/** One Chromium for the tests of a file. */
export function chromium(): () => Browser {
  let browser: Browser | undefined
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())
  return () => {
    if (!browser) throw new Error('there is no Chromium yet')
    return browser
  }
}

/** A fresh visitor for each test, handed over before it begins; nothing may be wrong when it ends. */
export function eachVisit(browser: () => Browser, come: (visitor: Visitor) => void): void {
  let visitor: Visitor
  beforeEach(async () => {
    visitor = await visit(browser())
    come(visitor)
  })
  afterEach(async () => {
    const { faults, context } = visitor
    await context.close()
    expect(faults).toEqual([])
  })
}

export interface Stage {
  readonly browser: () => Browser
  readonly server: () => RunningServer
  /** Who was added, by user name. */
  readonly people: Readonly<Record<string, Added>>
  /** A browser of its own, whose clock the test may move. */
  readonly another: () => Promise<Visitor>
  /** One in which somebody is signed in. */
  readonly inside: (username: string, userAgent?: string) => Promise<Visitor>
  readonly open: (page: Page, path: string) => Promise<unknown>
}

/**
 * A claimed server whose owner is ada, with these people; before each test ada is signed in.
 *
 * @param settings Flags, beyond those that let a test sign in as often as it likes.
 */
export function stage(
  settings: readonly string[],
  who: readonly Parameters<typeof add>[2][],
  come: (owner: Visitor) => void,
): Stage {
  const browser = chromium()
  const people: Record<string, Added> = {}
  const visitors: Visitor[] = []
  let running: RunningServer | undefined
  const server = () => {
    if (!running) throw new Error('there is no server yet')
    return running
  }

  beforeAll(async () => {
    const free = ['--session-limit=0', '--limits-login=0', '--limits-anonymous=0']
    running = await serve(...free, ...settings)
    const context = await browser().newContext()
    await claim(running, context)
    for (const one of who) {
      const added = await add(running, context, one)
      const theirs = await browser().newContext()
      await settle(running, theirs, one.username, added)
      await theirs.close()
      people[one.username] = added
    }
    await context.close()
  })
  afterAll(() => running?.remove())
  beforeEach(async () => come(await inside('ada')))
  afterEach(async () => {
    await Promise.all(visitors.map((visitor) => visitor.lookedAt()))
    const faults = visitors.flatMap((visitor) => visitor.faults)
    for (const { context } of visitors.splice(0)) await context.close()
    expect(faults).toEqual([])
  })

  async function another() {
    const visitor = await visit(browser())
    visitors.push(visitor)
    // What the pages do every so often need not be waited for.
    await visitor.page.clock.install()
    return visitor
  }
  async function inside(username: string, userAgent?: string) {
    const visitor = await another()
    await enter(server(), visitor.context, username, userAgent === undefined ? {} : { userAgent })
    return visitor
  }
  const open = (page: Page, path: string) => page.goto(server().origin + path)
  return { browser, server, people, another, inside, open }
}

/** What people find on a page, by its name. */
export const heading = (of: Page, name: string) => of.getByRole('heading', { level: 1, name })
export const field = (of: Page | Locator, name: string) =>
  of.getByRole('textbox', { name, exact: true })
export const press = (of: Page, name: string | RegExp) =>
  of.getByRole('button', { name, exact: true }).click()
export const confirm = (of: Page, name: string) =>
  of.getByRole('dialog').getByRole('button', { name, exact: true }).click()
