/**
 * The React bindings in a real Chromium, in strict mode, against the real gate: guards that never
 * flash by and never hang, a password asked for in place, pages drawn by a server.
 */

import AxeBuilder from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { type Client, createClient } from '../../src/client/client.ts'
import { type Host, type HostOptions, host } from './host.ts'
import { Tree } from './pages/react-tree.tsx'
import { chromium, eachVisit } from './stage.ts'
import type { Visitor } from './visitor.ts'

declare const client: Client

const users = {
  ada: 'owner',
  bob: { role: 'member', scopes: [{ role: 'admin', scope: 'department:sales' }] },
  eve: { role: 'member', mustChangePassword: true },
} as const

let visitor: Visitor
let page: Page

eachVisit(chromium(), (come) => {
  visitor = come
  page = visitor.page
})

const opened = (more: Partial<HostOptions> = {}) =>
  host({ page: 'pages/react.tsx', users, ...more })
const heading = (text: string, of = page) =>
  of.getByRole('heading', { level: 1, name: text, exact: true }).waitFor()
const text = (exact: string) => page.getByText(exact, { exact: true }).waitFor()

/** Signs in through the page's own client, so that the next load finds it so. */
async function signIn(at: Host, username: string) {
  await page.goto(`${at.origin}/`)
  await heading('Please sign in')
  await page.evaluate(
    ([username, password]) => client.signIn({ username, password }).then(() => {}),
    [username, at.kit.password] as const,
  )
  visitor.headings()
}

describe('guards', () => {
  test('who is signed in sees nothing but that, and each state is asked for once', async () => {
    const at = await opened()
    await page.goto(`${at.origin}/`)
    await heading('Please sign in')
    expect(visitor.headings()).toEqual(['Please sign in'])
    expect(at.asked().sort()).toEqual(['GET /auth/me', 'GET /auth/setup'])
    await page.getByRole('button', { name: 'Sign in' }).click()
    await heading('Hello bob')
    expect(visitor.headings()).toEqual(['Hello bob'])
    at.asked()

    await page.reload()
    await heading('Hello bob')
    expect(visitor.headings()).toEqual(['Hello bob'])
    expect(at.asked()).toEqual(['GET /auth/me'])
    for (const [path, title] of [
      ['/setup', 'Claimed already'],
      ['/guest', 'In already'],
    ] as const) {
      await page.goto(at.origin + path)
      await heading(title)
      expect(visitor.headings()).toEqual([title])
    }
  })

  test('a token that has to be renewed is no reason to show a door', async () => {
    const at = await opened()
    await signIn(at, 'bob')
    at.kit.advance('6m')
    await page.reload()
    await heading('Hello bob')
    expect(visitor.headings()).toEqual(['Hello bob'])
  })

  test.each([
    ['ada', ['at least admin', 'sales admin', 'owner may']],
    ['bob', ['no admin', 'sales admin', 'may not']],
  ])('roles and permissions of %s', async (who, shown) => {
    const at = await opened()
    await signIn(at, who)
    for (const line of shown) await text(line)
    expect(await page.locator('p').allTextContents()).toEqual(['here', ...shown])
  })

  test('whoever must choose another password sees only that', async () => {
    const at = await opened()
    await signIn(at, 'eve')
    await heading('Choose another password')
    await page.reload()
    await heading('Choose another password')
    expect(new Set(visitor.headings())).toEqual(new Set(['Choose another password']))
  })

  test('who is not signed in: guests, and no claiming what is claimed', async () => {
    const at = await opened()
    for (const [path, title] of [
      ['/guest', 'Guests only'],
      ['/setup', 'Claimed already'],
    ] as const) {
      await page.goto(at.origin + path)
      await heading(title)
      expect(visitor.headings()).toEqual([title])
    }
  })

  test('an instance without an owner leads to claiming it, and not after', async () => {
    const at = await opened({ unclaimed: true })
    for (const [path, title] of [
      ['/', 'First claim it'],
      ['/setup', 'Claim it'],
    ] as const) {
      await page.goto(at.origin + path)
      await heading(title)
      expect(visitor.headings()).toEqual([title])
    }
    const setupToken = (await at.kit.gate.setupToken()) ?? ''
    await page.evaluate(
      ([setupToken, password]) =>
        client.setUp({ setupToken, username: 'ada', password }).then(() => {}),
      [setupToken, at.kit.password] as const,
    )
    await heading('Claimed already')
    await page.evaluate(() => client.signOut())
    await page.goto(`${at.origin}/`)
    await heading('Please sign in')
  })

  test('a session that ends elsewhere ends here, with its reason', async () => {
    const at = await opened()
    await signIn(at, 'bob')
    const other = await at.kit.as('bob')
    await other.fetch('/api/v1/auth/sessions/revoke-others', { method: 'POST' })
    await page.evaluate(() => client.sessions().catch(() => {}))
    await heading('Please sign in')
    await text('revoked')
  })

  test('a sign-out in another tab is seen in this one', async () => {
    const at = await opened()
    await signIn(at, 'bob')
    const second = await visitor.tab()
    await second.goto(at.origin)
    await heading('Hello bob', second)
    await second.evaluate(() => client.signOut())
    await heading('Please sign in')
    await text('logout')
  })
})

describe('a server that is away', () => {
  test('at the start says so, shows no door, and lets through once it is back', async () => {
    const at = await opened()
    await signIn(at, 'bob')
    await page.route('**/api/**', (route) => route.abort())
    await page.reload()
    await page.getByRole('alert').getByText('The server cannot be reached.').waitFor()
    await page.unroute('**/api/**')
    await page.getByRole('button', { name: 'Try again' }).click()
    await heading('Hello bob')
    expect(visitor.headings()).toEqual(['Hello bob'])
  })

  test('as well where only the set-up cannot be told', async () => {
    const at = await opened()
    await page.route('**/auth/setup', (route) => route.abort())
    await page.goto(`${at.origin}/`)
    await page.getByRole('alert').getByText('The server cannot be reached.').waitFor()
    await page.unroute('**/auth/setup')
    await heading('Please sign in')
    expect(visitor.headings()).toEqual(['Please sign in'])
  })

  test('meanwhile leaves everything where it is', async () => {
    const at = await opened()
    await signIn(at, 'bob')
    await page.getByLabel('Note for carol').fill('half a thought')
    await at.away()
    await page.evaluate(() => client.sessions().catch(() => {}))
    await text('away')
    await at.back()
    await text('here')
    expect(await page.getByLabel('Note for carol').inputValue()).toBe('half a thought')
    expect(visitor.headings()).toEqual([])
  })
})

describe('the password asked for in place', () => {
  const add = (username: string) => page.getByRole('button', { name: `Add ${username}` }).click()
  const question = () => page.getByRole('dialog', { name: 'Your password, please' })
  const answer = async (password: string) => {
    await question().getByLabel('Password').fill(password)
    await question().getByRole('button', { name: 'Go on' }).click()
  }

  async function stale() {
    const at = await opened()
    await signIn(at, 'ada')
    at.kit.advance('11m')
    return at
  }

  test('a wrong one is told there and signs nobody out; the right one does what was asked', async () => {
    const at = await stale()
    await page.getByLabel('Note for carol').fill('Carol of Accounts')
    await add('carol')
    await question().waitFor()
    await answer('seven stones above the brook')
    await question().getByRole('alert').getByText(/./).waitFor()
    expect((await new AxeBuilder({ page }).include('dialog').analyze()).violations).toEqual([])
    await answer(at.kit.password)
    await text('carol added')
    expect(await question().count()).toBe(0)
    expect(visitor.headings()).toEqual([])
    expect(await page.getByLabel('Note for carol').inputValue()).toBe('Carol of Accounts')
    await at.kit.expectAudit([
      'auth.signed_in',
      'password.refused',
      'auth.stepped_up',
      { type: 'user.created', by: 'ada' },
    ])
    // While it is fresh nobody is asked again.
    await add('dave')
    await text('dave added')
  })

  test('one question for all that wait for it', async () => {
    const at = await stale()
    await page.evaluate(() => {
      for (const button of document.querySelectorAll('section button'))
        (button as HTMLButtonElement).click()
    })
    await question().waitFor()
    expect(await question().count()).toBe(1)
    // Both were refused before it is answered: each for the token that was over, then for the proof.
    let posts = 0
    const count = () => {
      posts += at.asked().filter((path) => path === 'POST /users').length
      return posts
    }
    await expect.poll(count).toBe(4)
    await answer(at.kit.password)
    await text('carol added')
    await text('dave added')
  })

  test.each([
    ['the button', () => question().getByRole('button', { name: 'Cancel' }).click()],
    ['the escape key', () => page.keyboard.press('Escape')],
  ])('given up by %s, the call fails as it did', async (_, giveUp) => {
    const at = await stale()
    await add('carol')
    await question().waitFor()
    await giveUp()
    await text('carol: step_up_required')
    expect(await question().count()).toBe(0)
    await at.kit.expectAudit(['auth.signed_in'])
  })

  test('signed out meanwhile, nothing is asked any more', async () => {
    const at = await stale()
    await add('carol')
    await question().waitFor()
    const second = await visitor.tab()
    await second.goto(at.origin)
    await heading('Hello ada', second)
    await second.evaluate(() => client.signOut())
    await heading('Please sign in')
    expect(await question().count()).toBe(0)
  })
})

test('what comes in by itself is heard while a component is there, and somebody is signed in', async () => {
  const at = await opened()
  await signIn(at, 'bob')
  await page.goto(`${at.origin}/live`)
  await text('open open')
  const bob = await at.kit.as('bob')
  await page.locator('output').getByText('auth.signed_in').first().waitFor()
  await page.locator('output').getByText('stream auth.signed_in').waitFor()
  expect(bob.cookies.size).toBeGreaterThan(0)

  await page.getByLabel('Listen').uncheck()
  await page.waitForFunction(() => client.socket.state.get().status === 'idle')
  await page.waitForFunction(() => client.eventsState.get().status === 'idle')
  await page.getByLabel('Listen').check()
  await text('open open')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await text('idle idle')
})

describe('drawn by a server', () => {
  const body: HostOptions['body'] = async (request, gate) => {
    const caller = await gate.callerOf(request)
    const { ok: _, ...signed } = caller.ok ? caller : { ok: false }
    const initial = caller.ok ? (signed as never) : null
    const path = new URL(request.url).pathname
    const known = JSON.stringify(initial).replaceAll('&', '&amp;').replaceAll('"', '&quot;')
    const drawn = renderToString(createElement(Tree, { client: createClient({ initial }), path }))
    return `<div data-known="${known}"><div data-drawn>${drawn}</div></div>`
  }

  test('the page is there before any script, taken over as it is, and asked for afterwards', async () => {
    const at = await opened({ body })
    await page.goto(`${at.origin}/guest`)
    await heading('Guests only')
    expect(visitor.headings()).toEqual(['Guests only'])
    await page.evaluate(
      (password) => client.signIn({ username: 'bob', password }).then(() => {}),
      at.kit.password,
    )
    visitor.headings()
    at.asked()

    await page.route('**/page.js', (route) => route.abort())
    await page.goto(`${at.origin}/`)
    await heading('Hello bob')
    await page.unroute('**/page.js')
    expect(at.asked()).toEqual([])
    await page.goto(`${at.origin}/`)
    await expect.poll(at.asked).toEqual(['GET /auth/me'])
    await page.waitForFunction(() => client.session.get() !== client.session.initial)
    expect(visitor.headings().filter((title) => title !== 'Hello bob')).toEqual([])
  })

  test('what the server knew may be over by then', async () => {
    const at = await opened({ body })
    await page.goto(`${at.origin}/guest`)
    await page.evaluate(
      (password) => client.signIn({ username: 'bob', password }).then(() => {}),
      at.kit.password,
    )
    const release = at.hold('GET /auth/me')
    await page.goto(`${at.origin}/`)
    await heading('Hello bob')
    await (await at.kit.as('bob')).fetch('/api/v1/auth/sessions/revoke-others', { method: 'POST' })
    release()
    await heading('Please sign in')
    await text('revoked')
  })
})
