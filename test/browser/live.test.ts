/**
 * What comes in by itself, in a real Chromium: the WebSocket and the event stream stand while somebody
 * is signed in, come back by themselves, and are gone with the session by whatever way it ends.
 */

import type { BrowserContext, Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Client, SocketEvent, StreamEvent } from '../../src/client/client.ts'
import { type Host, host } from './host.ts'
import { chromium } from './stage.ts'

declare const client: Client
/** What the page has heard. */
declare const heard: SocketEvent[]
declare const told: StreamEvent[]
declare const leave: () => void

const users = { ada: 'owner', bob: 'member' } as const
const browser = chromium()

const socketIs = (page: Page, status: string) =>
  page.waitForFunction((wanted) => client.socket.state.get().status === wanted, status)
const eventsAre = (page: Page, status: string) =>
  page.waitForFunction((wanted) => client.eventsState.get().status === wanted, status)
const heading = (page: Page, text: string) =>
  page.getByRole('heading', { name: text, exact: true }).waitFor()

interface Open {
  readonly at: Host
  readonly context: BrowserContext
  readonly page: Page
}

/** A page in which somebody is signed in, who listens to both. */
async function listening(who: 'ada' | 'bob' = 'bob', channels?: readonly string[]): Promise<Open> {
  const at = await host({ page: 'pages/plain.ts', users })
  const context = await browser().newContext()
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(at.origin)
  await heading(page, 'unauthenticated')
  await listen(page, channels ?? [`user:${at.kit.users.get(who)?.id}`])
  expect(await page.evaluate(() => client.socket.state.get())).toEqual({ status: 'idle' })
  await signIn(page, who, at)
  await Promise.all([socketIs(page, 'open'), eventsAre(page, 'open')])
  return { at, context, page }
}

const signIn = (page: Page, username: string, { kit }: Host) =>
  page.evaluate(([username, password]) => client.signIn({ username, password }).then(() => {}), [
    username,
    kit.password,
  ] as const)

const listen = (page: Page, channels: readonly string[]) =>
  page.evaluate((channels) => {
    const [heard, told] = [[] as SocketEvent[], [] as StreamEvent[]]
    const leave = client.socket.subscribe({ channels, onEvent: (event) => heard.push(event) })
    client.events((event) => told.push(event))
    Object.assign(window, { heard, told, leave })
  }, channels)

const change = async ({ at }: Open, who = 'bob') => {
  const ada = await at.kit.as('ada')
  const headers = { 'Content-Type': 'application/json' }
  const path = `/api/v1/users/${at.kit.users.get(who)?.id}`
  const body = JSON.stringify({ displayName: `Changed at ${performance.now()}` })
  expect((await ada.fetch(path, { method: 'PATCH', headers, body })).status).toBe(200)
}

/** Both have told of the change; they also tell of the signing in before it. */
const hearsOfIt = (page: Page) =>
  page.waitForFunction(
    () =>
      heard.some(({ event_type }) => event_type === 'user.updated') &&
      told.some(({ event }) => event === 'user.updated'),
  )

test('what happens to a person is heard on both, and the ticket is in no address', async () => {
  const open = await listening()
  const addresses: string[] = []
  open.page.on('websocket', (socket) => addresses.push(socket.url()))
  await open.page.reload()
  await listen(open.page, [`user:${open.at.kit.users.get('bob')?.id}`, 'security'])
  await Promise.all([socketIs(open.page, 'open'), eventsAre(open.page, 'open')])
  await open.page.waitForFunction(() => client.socket.state.get().channels?.length === 1)
  await change(open)
  await hearsOfIt(open.page)
  const [one, two] = await open.page.evaluate(
    () =>
      [
        heard.find(({ event_type }) => event_type === 'user.updated'),
        told.find(({ event }) => event === 'user.updated'),
      ] as const,
  )
  expect(one).toMatchObject({ event_type: 'user.updated', payload: { type: 'user.updated' } })
  expect(two).toMatchObject({ event: 'user.updated', data: { type: 'user.updated' } })
  expect(addresses).toEqual([`${open.at.origin.replace('http', 'ws')}/api/v1/ws`])
})

test('one socket for all who listen; the last to leave closes it', async () => {
  const open = await listening()
  open.at.asked()
  await open.page.evaluate(() => {
    Object.assign(window, {
      leaveToo: client.socket.subscribe({ channels: ['presence'], onEvent: () => {} }),
    })
  })
  await open.page.waitForFunction(() => client.socket.state.get().channels?.includes('presence'))
  await open.page.evaluate(() => leave())
  expect(await open.page.evaluate(() => client.socket.state.get().status)).toBe('open')
  await open.page.evaluate(() => (window as never as { leaveToo: () => void }).leaveToo())
  await socketIs(open.page, 'idle')
  expect(open.at.asked()).toEqual([])
})

describe('with the session they are gone (R1.12, L20)', () => {
  test.each<[string, string, (open: Open) => Promise<unknown>]>([
    ['signed out here', 'logout', ({ page }) => page.evaluate(() => client.signOut())],
    [
      'signed out in another tab',
      'logout',
      async ({ at, context }) => {
        const second = await context.newPage()
        await second.goto(at.origin)
        await heading(second, 'authenticated')
        await second.evaluate(() => client.signOut())
      },
    ],
    [
      'ended elsewhere',
      'revoked',
      async ({ at }) => {
        const other = await at.kit.as('bob')
        await other.fetch('/api/v1/auth/sessions/revoke-others', { method: 'POST' })
      },
    ],
    [
      'disabled',
      'user_disabled',
      async ({ at }) => {
        const ada = await at.kit.as('ada')
        const path = `/api/v1/users/${at.kit.users.get('bob')?.id}`
        const headers = { 'Content-Type': 'application/json' }
        await ada.fetch(path, { method: 'PATCH', headers, body: '{"disabled":true}' })
      },
    ],
  ])('%s: told why (%s), and nothing is tried again', async (_, reason, deed) => {
    const open = await listening()
    await deed(open)
    // Nobody calls anything: it is the socket and the stream that tell.
    await heading(open.page, `unauthenticated ${reason}`)
    await Promise.all([socketIs(open.page, 'idle'), eventsAre(open.page, 'idle')])
    open.at.asked()
    // The first further try would come within a second.
    await new Promise((resolve) => setTimeout(resolve, 1_300))
    expect(open.at.asked()).toEqual([])
  })

  test('a new password goes on in a new session with connections of its own', async () => {
    const open = await listening()
    open.at.asked()
    await open.page.evaluate(
      (currentPassword) =>
        client
          .changePassword({ currentPassword, newPassword: 'seven stones above the river' })
          .then(() => {}),
      open.at.kit.password,
    )
    await Promise.all([socketIs(open.page, 'open'), eventsAre(open.page, 'open')])
    expect(await open.page.evaluate(() => client.session.get().status)).toBe('authenticated')
    await change(open)
    await hearsOfIt(open.page)
  })
})

test('a server that goes and comes back is found again, and nobody is signed out', async () => {
  const open = await listening()
  await open.at.away()
  await Promise.all([socketIs(open.page, 'waiting'), eventsAre(open.page, 'waiting')])
  await heading(open.page, 'authenticated (away)')
  await open.at.back()
  await Promise.all([socketIs(open.page, 'open'), eventsAre(open.page, 'open')])
  await heading(open.page, 'authenticated')
  await change(open)
  await hearsOfIt(open.page)
})

test('a token that is over meanwhile is no matter: the ticket is asked for after a renewal', async () => {
  const open = await listening()
  await open.at.away()
  await socketIs(open.page, 'waiting')
  open.at.kit.advance('6m')
  await open.at.back()
  await Promise.all([socketIs(open.page, 'open'), eventsAre(open.page, 'open')])
  await heading(open.page, 'authenticated')
})
