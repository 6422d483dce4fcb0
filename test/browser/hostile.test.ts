/**
 * What strangers may have written, and where: into their browser's name, into their own names, into
 * addresses. It is shown as text, leads nowhere else, and asks the server nothing that nobody asked.
 */

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { places } from '../../dashboard/src/places.ts'
import { routes } from '../../src/http/routes.ts'
import { add, enter, password, send } from './people.ts'
import { confirm, field, heading, press, stage } from './stage.ts'
import type { Visitor } from './visitor.ts'

/** Each would set the canary, were it taken for more than text. */
const payloads = [
  '<img src=x onerror=canary=1>',
  '<svg onload=canary=1>',
  '<script>canary=1</script>',
  '"><img src=x onerror=canary=1>',
  "'><svg/onload=canary=1>",
  '</title><script>canary=1</script>',
  '</textarea><img src=x onerror=canary=1>',
  '" onfocus=canary=1 autofocus x="',
  "' onmouseover=canary=1 x='",
  '{{constructor.constructor("canary=1")()}}',
  `\${canary=1}`,
  '<%= canary=1 %>',
  '#{canary=1}',
  'javascript:canary=1',
  '<a href=javascript:canary=1>go</a>',
  '<iframe srcdoc="<script>parent.canary=1</script>">',
  '<math><mtext></mtext><img src=x onerror=canary=1>',
  '<style>@import "/canary.css"</style>',
  '<!--><img src=x onerror=canary=1>-->',
  '&lt;img src=x onerror=canary=1&gt;',
] as const

let owner: Visitor
let ada: Page
const { browser, server, people, another, inside, open } = stage(
  [],
  [{ username: 'bob', displayName: 'Bob' }],
  (signedIn) => {
    owner = signedIn
    ada = owner.page
  },
)

/** Nothing of it was run, and nothing of it became a part of the page. */
async function isOnlyText(page: Page): Promise<void> {
  const found = await page.evaluate(() => ({
    canary: 'canary' in window,
    parts: document.querySelectorAll('img, iframe, math, style, body script, a[href^=javascript]')
      .length,
  }))
  expect(found).toEqual({ canary: false, parts: 0 })
}

/** Everything that is asked of anybody from now on, as method and address. */
function asks(page: Page): string[] {
  const asked: string[] = []
  page.on('request', (request) => asked.push(`${request.method()} ${request.url()}`))
  return asked
}

describe('markup that was stored', () => {
  test('XSS-01: in the name of a browser, before its person and before an administrator', async () => {
    for (const userAgent of payloads) {
      const context = await browser().newContext()
      await enter(server(), context, 'bob', { userAgent })
      await context.close()
    }
    const { page: bob } = await inside('bob')
    const pages = [
      [bob, '/account/sessions', 'Your sessions'],
      [ada, '/sessions', 'All sessions'],
      [ada, `/users/${people.bob?.id}`, 'Sessions'],
    ] as const
    for (const [page, path, list] of pages) {
      await open(page, path)
      const rows = page.getByRole('list', { name: list, exact: true })
      for (const payload of payloads) await rows.getByTitle(payload, { exact: true }).waitFor()
      expect(await rows.innerText()).toContain('<script>canary=1</script>')
      await isOnlyText(page)
    }
    await open(ada, '/audit?type=auth.signed_in')
    await ada.getByRole('list', { name: 'Audit' }).getByText('Signed in').first().waitFor()
    await isOnlyText(ada)
    await open(bob, '/account/devices')
    await bob.getByRole('list', { name: 'Trusted devices' }).waitFor()
    await isOnlyText(bob)
  })

  test('XSS-02: in names of people and keys, in reasons and refusals', async () => {
    for (const [at, displayName] of payloads.entries())
      await add(server(), owner.context, { username: `user${at}`, displayName })
    await open(ada, '/users')
    const list = ada.getByRole('list', { name: 'People' })
    for (const payload of payloads)
      await list.getByRole('link', { name: payload, exact: true }).first().waitFor()
    await isOnlyText(ada)
    await list.getByRole('link', { name: payloads[2], exact: true }).click()
    await heading(ada, payloads[2]).waitFor()
    expect(await ada.title()).toBe(`${payloads[2]} · Sallyport`)
    await press(ada, 'Delete')
    await ada.getByRole('dialog').getByText(`Delete ${payloads[2]} for good?`).waitFor()
    await isOnlyText(ada)
    await open(ada, '/audit?type=user.created')
    for (const payload of payloads)
      await ada.getByRole('link', { name: payload, exact: true }).first().waitFor()
    await isOnlyText(ada)

    await open(ada, '/users')
    await press(ada, 'Add a person')
    await field(ada, 'User name').fill(payloads[0])
    await press(ada, 'Add')
    await ada.getByText('Use letters, digits').waitFor()
    await isOnlyText(ada)

    const expiresAt = new Date(Date.now() + 8e7).toISOString()
    for (const name of payloads.slice(0, 4))
      await send(server(), owner.context, 'POST', '/auth/api-keys', {
        data: { name, scopes: [], expiresAt },
        status: 201,
      })
    await open(ada, '/account/keys')
    for (const name of payloads.slice(0, 4)) await ada.getByText(name, { exact: true }).waitFor()
    await press(ada, `End the key: ${payloads[0]}`)
    await confirm(ada, 'End')
    await isOnlyText(ada)

    // What no route of ours says: as if the server itself had been taken over in part.
    const said = { id: 'x'.repeat(22), at: new Date().toISOString(), chain: 'c', seq: 1 }
    const [markup] = payloads
    const event = {
      ...said,
      ...{ type: markup, actor: `operator:${markup}`, subject: markup, address: markup },
      ...{ session: markup, device: markup, outcome: 'refused', reason: markup },
      details: { [markup]: markup },
    }
    await ada.route('**/api/v1/audit?*', (route) =>
      route.fulfill({ json: { items: [event], nextCursor: null } }),
    )
    await ada.route('**/api/v1/audit', (route) =>
      route.fulfill({ json: { items: [event], nextCursor: null } }),
    )
    await open(ada, '/audit')
    await ada
      .getByRole('listitem')
      .getByRole('button', { name: /^Details/ })
      .click()
    await ada.getByRole('dialog', { name: markup }).waitFor()
    await isOnlyText(ada)
    await ada.route('**/api/v1/audit/verify', (route) =>
      route.fulfill({
        status: 418,
        contentType: 'application/problem+json',
        body: JSON.stringify({ code: markup, status: 418, title: markup, detail: markup }),
      }),
    )
    await ada.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await press(ada, 'Check now')
    await ada.getByRole('alert').getByText(markup).first().waitFor()
    await isOnlyText(ada)
  })

  test('XSS-03: names that would rewrite their line are refused; others stay in it', async () => {
    const refused = [
      '\u202eevil',
      'a\u2066b',
      'bell\u0007',
      '\u001b[31mred',
      'a\u0301'.repeat(5_000),
    ]
    for (const displayName of refused)
      await send(server(), owner.context, 'PATCH', `/users/${people.bob?.id}`, {
        data: { displayName },
        status: 422,
      })
    await open(ada, '/users')
    for (const displayName of [
      `x${'\u0301'.repeat(127)}`,
      '\u200b\u200d\u2060',
      '🏴󠁧󠁢󠁷󠁬󠁳󠁿 🇩🇪 👩‍👩‍👧‍👦',
      '=cmd|"/c calc"!A1',
      '+1+1',
      '-1',
      '@SUM(1)',
    ]) {
      await send(server(), owner.context, 'PATCH', `/users/${people.bob?.id}`, {
        data: { displayName },
        status: 200,
      })
      await ada.reload()
      // Whatever somebody is called, the name to sign in with stands beside it.
      const line = ada.getByRole('listitem').filter({ has: ada.getByText('bob', { exact: true }) })
      await line.waitFor()
      const [shown, list] = await Promise.all([
        line.boundingBox(),
        ada.getByRole('list', { name: 'People' }).boundingBox(),
      ])
      expect(shown?.width).toBeLessThanOrEqual(list?.width ?? 0)
      expect(shown?.height).toBeLessThan(140)
    }
  })
})

test('XSS-04: a tour of every page: nothing for the policy to refuse, no secret where script reads', async () => {
  const { page, context, faults, stored } = await another()
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  page.on('framenavigated', (frame) => said.push(frame.url()))
  const asked = asks(page)
  const answer = await open(page, '/sign-in')
  expect(
    (await (answer as { allHeaders(): Promise<Record<string, string>> }).allHeaders())[
      'content-security-policy'
    ],
  ).toContain("require-trusted-types-for 'script'")
  await field(page, 'User name').fill('ada')
  await field(page, 'Password').fill(password)
  await press(page, 'Sign in')
  await heading(page, 'You are signed in as Ada Lovelace').waitFor()
  for (const [place, rules] of Object.entries(places)) {
    if (rules.for !== 'inside') continue
    await open(page, place.replace('$id', people.bob?.id ?? ''))
    await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor()
    await page.getByRole('status').filter({ hasText: 'Loading' }).waitFor({ state: 'detached' })
  }
  await open(page, '/account/keys')
  await press(page, 'Make a key')
  await field(page, 'Name').fill('a key that is looked for')
  await press(page, 'Make the key')
  const key = await field(page, 'API key').inputValue()
  await press(page, 'I have noted it')
  await open(page, '/audit')
  await Promise.all([page.waitForEvent('download'), press(page, 'Export')])

  const cookies = await context.cookies()
  const hidden = cookies.filter(({ httpOnly }) => httpOnly)
  expect(hidden.map(({ name }) => name).sort()).toEqual(['device', 'refresh', 'session'])
  const secrets = [...hidden.map(({ value }) => value), key, password]
  const readable = await page.evaluate(async () =>
    JSON.stringify([
      { ...localStorage },
      { ...sessionStorage },
      await indexedDB.databases(),
      await caches.keys(),
      document.cookie,
      window.name,
      history.state,
      location.href,
      performance.getEntries().map(({ name }) => name),
      document.documentElement.outerHTML,
    ]),
  )
  const all = [readable, ...said, ...asked].join('\n')
  expect(secrets.filter((secret) => all.includes(secret))).toEqual([])
  expect(await stored()).toEqual([])
  expect(faults).toEqual([])

  // The witness does see it: this is what a page that was not careful would be told.
  await page.evaluate(() => {
    try {
      document.body.innerHTML = '<b>text</b>'
    } catch {
      // Refused, as it should be.
    }
  })
  await expect.poll(() => faults.join()).toContain('require-trusted-types-for')
  ;(faults as string[]).length = 0
})

/** Whether an address is one of a route of ours, read as a browser sends it. */
const templates = routes.map(({ method, path }) => ({
  method,
  path: new RegExp(`^/api/v1${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}))

test('CSRF-22: an id in an address that wants to be a path asks for nothing but that id', async () => {
  const asked = asks(ada)
  const ids = [
    '..%2f..%2fusers%2f1%2fdelete',
    '%2e%2e%2fauth%2flogout',
    '..%5c..%5cauth',
    'x%3fscope=all',
    'x%23y',
    'x%26user=y',
    `${people.bob?.id}%2frevoke-sessions`,
    '%252e%252e%252fauth',
  ]
  for (const id of ids) {
    await open(ada, `/users/${id}`)
    await heading(ada, 'Nobody is here').waitFor()
  }
  for (const path of [
    `/users/${people.bob?.id}#/../../auth/logout`,
    '/audit?user=../../users/x/disable&type=..%2f..%2fauth%2flogout',
    '/audit?from=x%26user%3dy&cursor=../..',
    '/sessions?scope=own&user=../../x',
  ]) {
    await open(ada, path)
    await ada.getByRole('main').getByRole('heading', { level: 1 }).waitFor()
    await ada.getByRole('status').filter({ hasText: 'Loading' }).waitFor({ state: 'detached' })
  }
  const calls = asked
    .map((one) => one.split(' '))
    .filter(([, url = '']) => new URL(url).pathname.startsWith('/api/'))
  expect(calls.length).toBeGreaterThan(ids.length)
  expect(calls.filter(([method]) => method !== 'GET')).toEqual([])
  const astray = calls.filter(([method, url = '']) => {
    const { pathname } = new URL(url)
    return !templates.some((route) => route.method === method && route.path.test(pathname))
  })
  expect(astray).toEqual([])
  const asUsers = calls
    .map(([, url = '']) => new URL(url).pathname)
    .filter((path) => /users\/./.test(path))
  for (const id of ids.slice(0, 5))
    expect(asUsers).toContain(`/api/v1/users/${encodeURIComponent(decodeURIComponent(id))}`)
})

describe('the way back after the door (REDIR-02)', () => {
  const elsewhere = [
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https:evil.example',
    'https://evil.example/',
    '/\t/evil.example',
    '/%09/evil.example',
    '/%5cevil.example',
    'javascript:canary=1',
    'data:text/html,<script>canary=1</script>',
    'https://localhost@evil.example',
    '///evil.example',
    '/..//evil.example',
    '%2f%2fevil.example',
    '／／evil.example',
    '/\u2028/evil.example',
    '/\r\n/evil.example',
    `/${'a'.repeat(8_000)}`,
    `//evil.example/${'a'.repeat(8_000)}`,
  ]
  const stays = (page: Page, asked: readonly string[]) => {
    const { origin } = new URL(server().origin)
    expect(new URL(page.url()).origin).toBe(origin)
    expect(asked.filter((one) => new URL(one.split(' ')[1] ?? '').origin !== origin)).toEqual([])
  }

  test('for who is signed in already', async () => {
    const asked = asks(ada)
    const both = [encodeURIComponent, encodeURI]
    for (const [at, wanted] of elsewhere.entries()) {
      const spelled = both[at % 2]?.(wanted)
      await open(ada, `/sign-in?return=${spelled}`)
      await ada.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
      stays(ada, asked)
      // A path of ours that is no page is answered by the API's own headers, which run nothing.
      if ((await ada.locator('#root').count()) > 0) await isOnlyText(ada)
    }
    const sandboxed = /Blocked script execution in .* sandboxed/
    expect(owner.faults.filter((fault) => !sandboxed.test(fault))).toEqual([])
    ;(owner.faults as string[]).length = 0
  })

  test('after signing in, after a forced change, and after signing out', async () => {
    const { page } = await another()
    const asked = asks(page)
    for (const wanted of ['//evil.example', 'https://evil.example/', 'javascript:canary=1']) {
      await open(page, `/sign-in?return=${encodeURIComponent(wanted)}`)
      await field(page, 'User name').fill('bob')
      await field(page, 'Password').fill(password)
      await press(page, 'Sign in')
      await page.getByRole('button', { name: 'Sign out' }).waitFor()
      expect(page.url()).toBe(`${server().origin}/`)
      await press(page, 'Sign out')
      await heading(page, 'Sign in').waitFor()
      stays(page, asked)
    }
    const { temporaryPassword } = await add(server(), owner.context, { username: 'newly' })
    await open(page, `/sign-in?return=${encodeURIComponent('/\\evil.example')}`)
    await field(page, 'User name').fill('newly')
    await field(page, 'Password').fill(temporaryPassword)
    await press(page, 'Sign in')
    await field(page, 'The password you signed in with').fill(temporaryPassword)
    await field(page, 'New password').fill('four stones and a well')
    await press(page, 'Set the password')
    await heading(page, 'You are signed in as newly').waitFor()
    expect(page.url()).toBe(`${server().origin}/`)
    stays(page, asked)
  })
})
