/**
 * How soon a person sees something: pages of the dashboard in a Chromium whose CPU is slowed down four
 * times, nothing in its cache, the server on the same machine.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { buildIfStale } from '../scripts/building.ts'
import { findChromium } from '../test/provision/chromium-program.ts'
import { startChromium } from '../test/provision/chromium-start.ts'
import { type Served, serveClaimed } from './claimed.ts'
import { median, shown, spread, table } from './figures.ts'

/** Times slower than this machine's own CPU, as a middling phone is. */
const slower = 4

interface Seen {
  /** Milliseconds from the click to the first text or picture, and to the heading of the page. */
  readonly paint: number
  readonly heading: number
  readonly bytes: number
  readonly files: number
}

const pages = [
  ['/sign-in', 'signed out'],
  ['/', 'signed in'],
  ['/overview', 'signed in'],
  ['/audit', 'signed in'],
] as const

export async function benchFirstPaint(rounds: number): Promise<string> {
  await buildIfStale()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-paint-'))
  const served = await serveClaimed(folder)
  const browser = await startChromium(await findChromium())
  const seen = new Map<string, Seen[]>(pages.map(([path]) => [path, []]))
  try {
    for (let round = 0; round < rounds; round++)
      for (const [path, who] of pages)
        seen.get(path)?.push(await open(browser, served, path, who === 'signed in'))
  } finally {
    await browser.close()
    await served.program.end()
    rmSync(folder, { recursive: true, force: true })
  }

  const rows = pages.map(([path, who]) => {
    const all = seen.get(path) ?? []
    const of = (what: keyof Seen) => all.map((one) => one[what])
    return [
      `\`${path}\`, ${who}`,
      shown(median(of('paint'))),
      spread(of('paint').map((one) => one / 1000)),
      shown(median(of('heading'))),
      shown(median(of('bytes')) / 1000),
      String(median(of('files'))),
    ]
  })
  return `## The dashboard, first seen

Chromium with its CPU slowed down ${slower} times, an empty cache, the server on the same machine; ${rounds}
interleaved rounds. *First paint* is what browsers call the first contentful one, *heading* when the page
one asked for stands there.

${table(['page', 'first paint, ms', 'from–to, s', 'heading, ms', 'kB over the line', 'files'], rows)}`
}

/** Opens a page for the first time. */
async function open(
  browser: Browser,
  { origin, cookie }: Served,
  path: string,
  signedIn: boolean,
): Promise<Seen> {
  const context = await browser.newContext()
  try {
    if (signedIn)
      await context.addCookies(
        cookie.split('; ').map((one) => {
          const [name = '', value = ''] = one.split(/=(.*)/s)
          return { name, value, url: origin }
        }),
      )
    await context.addInitScript(() => {
      new MutationObserver((_, observer) => {
        if (!document.querySelector('h1')) return
        performance.mark('heading')
        observer.disconnect()
      }).observe(document, { childList: true, subtree: true })
    })
    const page = await context.newPage()
    const devtools = await context.newCDPSession(page)
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: slower })
    await page.goto(origin + path)
    await page.getByRole('heading', { level: 1 }).waitFor()
    // It is told of a little after it was seen.
    await page.waitForFunction(
      () => performance.getEntriesByName('first-contentful-paint').length > 0,
    )
    return await page.evaluate(() => {
      const files = [
        ...performance.getEntriesByType('navigation'),
        ...performance.getEntriesByType('resource'),
      ] as PerformanceResourceTiming[]
      const own = files.filter(({ name }) => !new URL(name).pathname.startsWith('/api/'))
      const [paint] = performance.getEntriesByName('first-contentful-paint')
      const [heading] = performance.getEntriesByName('heading')
      return {
        paint: paint?.startTime ?? Number.NaN,
        heading: heading?.startTime ?? Number.NaN,
        bytes: own.reduce((all, { transferSize }) => all + transferSize, 0),
        files: own.length,
      }
    })
  } finally {
    await context.close()
  }
}
