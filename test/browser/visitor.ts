/**
 * A person's browser with a witness in it, who notes every heading that was ever drawn, everything
 * the content policy refused, and everything written to the console.
 */

import type {
  Response as Answer,
  Browser,
  BrowserContext,
  BrowserContextOptions,
  Page,
} from 'playwright-core'
import { misdescribed } from '../gate/described.ts'

export interface Visitor {
  readonly context: BrowserContext
  readonly page: Page
  /** Every h1 that was in the page since the last call, in order, however short. */
  readonly headings: () => string[]
  /** What must not happen: policy violations, page errors, console errors other than plain 4xx, and answers
   * that are not as they are described. */
  readonly faults: readonly string[]
  /** Resolves when all that was answered so far has been looked at. */
  readonly lookedAt: () => Promise<unknown>
  /** Names of all that is kept in this origin's storage. */
  readonly stored: () => Promise<string[]>
  /** Another tab of the same browser, with the same witness. */
  readonly tab: () => Promise<Page>
}

export async function visit(browser: Browser, options?: BrowserContextOptions): Promise<Visitor> {
  const context = await browser.newContext(options)
  const faults: string[] = []
  let headings: string[] = []

  await context.exposeFunction('witnessed', (kind: string, text: string) => {
    if (kind === 'heading') headings.push(text)
    else faults.push(`${kind}: ${text}`)
  })
  await context.addInitScript(watch)
  const looks: Promise<void>[] = []
  context.on('response', (answer) => looks.push(look(answer, faults)))

  async function tab() {
    const page = await context.newPage()
    page.on('pageerror', (error) => faults.push(`page: ${error.message}`))
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type())) return
      // Chromium's own line for every refusal; the pages tell what matters of it.
      if (/^Failed to load resource: .*(status of 4\d\d|net::ERR_)/.test(message.text())) return
      faults.push(`console: ${message.text()}`)
    })
    return page
  }

  const page = await tab()
  return {
    context,
    page,
    faults,
    lookedAt: () => Promise.all(looks),
    tab,
    headings: () => {
      const seen = headings
      headings = []
      return seen
    },
    stored: () =>
      page.evaluate(async () => [
        ...Object.keys(localStorage),
        ...Object.keys(sessionStorage),
        ...(await indexedDB.databases()).map(({ name }) => name ?? ''),
        ...(await caches.keys()),
      ]),
  }
}

/** Holds an answer of the gate against its description. */
async function look(answer: Answer, faults: string[]): Promise<void> {
  const { pathname } = new URL(answer.url())
  const path = /^\/api\/v1(\/.*)/.exec(pathname)?.[1]
  const { 'content-type': type = null, 'x-request-id': id } = answer.headers()
  // An answer that a test made up has no id; that all of the gate's have one is held elsewhere.
  if (path === undefined || id === undefined || type === 'text/event-stream') return
  // A page that has gone meanwhile takes its bodies along.
  const text = await answer.text().catch(() => undefined)
  if (text === undefined) return
  const method = answer.request().method()
  const wrong = misdescribed({ method, path, status: answer.status(), type, text })
  if (wrong !== undefined) faults.push(`not as described: ${wrong}`)
}

/** Runs in the page, before anything of its own. */
function watch() {
  type Witness = (kind: string, text: string) => void
  const tell: Witness = (kind, text) =>
    (window as never as { witnessed: Witness }).witnessed(kind, text)
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, sourceFile }) =>
    tell('policy', `${violatedDirective} ${sourceFile}`),
  )
  let last: string | undefined
  new MutationObserver(() => {
    const heading = document.querySelector('h1')?.textContent ?? undefined
    if (heading !== undefined && heading !== last) tell('heading', heading)
    last = heading
  }).observe(document, { childList: true, subtree: true, characterData: true })
}
