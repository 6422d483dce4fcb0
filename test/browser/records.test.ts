/**
 * What was recorded and how things stand, looked at by an administrator in a real browser through the
 * real server: found, opened, carried away, checked, and seen to be altered when it was.
 */

import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { tabTo } from './keyboard.ts'
import { guess, password, send } from './people.ts'
import { confirm, field, heading, press, stage } from './stage.ts'
import type { Visitor } from './visitor.ts'

let owner: Visitor
let ada: Page
const { browser, server, people, inside, open } = stage(
  [],
  [
    { username: 'eve', role: 'admin', displayName: 'Eve' },
    { username: 'bob', displayName: 'Bob' },
    { username: 'carl', displayName: 'Carl' },
  ],
  (signedIn) => {
    owner = signedIn
    ada = owner.page
  },
)

/** Chromium tells the console of what did not come, which was the subject; nothing else was wrong. */
function forgive(what: RegExp) {
  const faults = owner.faults as string[]
  expect(faults.filter((fault) => !what.test(fault))).toEqual([])
  faults.length = 0
}

const records = () => ada.getByRole('list', { name: 'Audit' }).getByRole('listitem')

test('found by event, person and day; the address keeps what is looked for', async () => {
  await open(ada, '/audit')
  await records().getByText('Person added').first().waitFor()
  await ada.getByLabel('Event').selectOption('Person added')
  await field(ada, 'Person').fill('bob')
  await press(ada, 'Show')
  await expect.poll(() => records().count()).toBe(1)
  const only = await records().first().textContent()
  expect(only).toContain('Person added')
  expect(only).toMatch(/by Ada Lovelace.*about Bob/)
  const { search } = new URL(ada.url())
  expect(new URLSearchParams(search).get('user')).toBe(people.bob?.id)

  await ada.reload()
  await expect.poll(() => records().count()).toBe(1)
  expect(await field(ada, 'Person').inputValue()).toBe('bob')
  await ada.getByLabel('To').fill('2020-01-01')
  await press(ada, 'Show')
  await ada.getByText('Nothing recorded matches.').waitFor()
  await ada.goBack()
  await expect.poll(() => records().count()).toBe(1)
  await field(ada, 'Person').fill('nobody-at-all')
  await press(ada, 'Show')
  await ada.getByText('Nobody has this user name.').waitFor()
  await press(ada, 'Show everything')
  await records().getByText('Instance claimed').waitFor()
})

test('one record, whole; its person is a step away', async () => {
  const stranger = await browser().newContext()
  await guess(server(), stranger, 'carl')
  await stranger.close()
  await open(ada, '/audit?type=auth.refused')
  await records().last().getByRole('button').click()
  const record = ada.getByRole('dialog', { name: 'Sign-in refused' })
  await record.getByText('auth.refused').waitFor()
  await record.getByText(`user:${people.carl?.id}`).waitFor()
  await record.getByText('wrong password').waitFor()
  await record.getByRole('link', { name: 'Carl' }).click()
  await heading(ada, 'Carl').waitFor()
})

test('carried away once the password was shown, as the lines that were asked for', async () => {
  const { page: eve } = await inside('eve')
  await send(server(), owner.context, 'PATCH', `/users/${people.eve?.id}`, {
    data: { scopes: [{ role: 'viewer', scope: 'site:north' }] },
    status: 200,
  })
  await open(eve, '/audit?type=user.created')
  await eve.getByRole('listitem').getByText('Person added').first().waitFor()
  await press(eve, 'Export')
  await field(eve, 'Your password').fill(password)
  const [download] = await Promise.all([eve.waitForEvent('download'), confirm(eve, 'Go on')])
  await eve.getByText(/Saved as sallyport-audit-[\d-]+\.jsonl/).waitFor()
  expect(download.suggestedFilename()).toMatch(/^sallyport-audit-[\d-]+\.jsonl$/)
  const lines = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\n')
  const told = lines.map((line) => JSON.parse(line))
  expect(told.map(({ type }) => type)).toEqual(Array(3).fill('user.created'))
  expect(told[0]).toMatchObject({ subject: `user:${people.eve?.id}`, mac: expect.any(String) })
})

test('checked: whole as it is, and altered once somebody changed a row behind the server', async () => {
  await open(ada, '/audit')
  await press(ada, 'Check now')
  await ada.getByText('Nothing was altered').waitFor()

  const file = new DatabaseSync(server().database)
  file.exec('pragma busy_timeout = 10000')
  const change = (type: string, to: string) =>
    file.prepare('update audit set type = ? where type = ?').run(to, type)
  change('instance.claimed', 'auth.signed_out')
  await press(ada, 'Check now')
  await ada.getByRole('alert').getByText('One chain was altered').waitFor()
  await ada.getByText(/A record was changed\. Number 1 of chain/).waitFor()
  // What was found stays while one goes round, and is not what is found next.
  await ada.getByRole('link', { name: 'Overview' }).click()
  await heading(ada, 'Overview').waitFor()
  await ada.getByRole('link', { name: 'Audit' }).click()
  await ada.getByText('One chain was altered').waitFor()
  file.exec("update audit set type = 'instance.claimed' where seq = 1 and type = 'auth.signed_out'")
  file.close()
  await press(ada, 'Check now')
  await ada.getByText('Nothing was altered').waitFor()
})

test('how things stand: figures, the last day as bars and as a table, the servers', async () => {
  await open(ada, '/overview')
  const figures = ada.getByRole('region', { name: 'At a glance' })
  await figures.getByRole('link', { name: '4 people' }).waitFor()
  await ada.getByRole('img', { name: /^Sign-ins: [1-9]\d* in 24 hours$/ }).waitFor()
  await ada.getByRole('img', { name: /^Refused sign-ins: \d+ in 24 hours$/ }).waitFor()
  const { hours } = await send(server(), owner.context, 'GET', '/overview')
  await ada.getByText('As a table').first().click()
  const cells = ada.getByRole('table').first().getByRole('cell')
  const shown = (await cells.allTextContents()).map(Number)
  expect(shown).toEqual(hours.map(({ signedIn }: { signedIn: number }) => signedIn).reverse())
  await ada.getByText('Answers you now').waitFor()
  await ada.getByText('Has heard everything').waitFor()
})

test('bars come only where they are shown', async () => {
  const asked: string[] = []
  ada.on('request', (request) => asked.push(new URL(request.url()).pathname))
  const bars = () => asked.filter((path) => /bars-[\w-]+\.(js|css)$/.test(path))
  await open(ada, '/')
  await heading(ada, 'You are signed in as Ada Lovelace').waitFor()
  expect(bars()).toEqual([])
  await ada.getByRole('link', { name: 'Overview' }).click()
  await ada.getByRole('img', { name: /^Sign-ins/ }).waitFor()
  expect(bars().length).toBeGreaterThan(0)

  await ada.route('**/bars-*', (route) => route.abort())
  await ada.reload()
  await ada.getByText('A part of this page is missing').first().waitFor()
  await ada.getByText('Answers you now').waitFor()
  forgive(/bars-/)
})

test('health: what the server says of itself, and what the doctor finds and how to mend it', async () => {
  await open(ada, '/health')
  await ada.getByText('Heard everywhere at once').waitFor()
  // This server runs with limits switched off, which the doctor does not like.
  await ada.getByText('It works. Something could be better.').waitFor()
  const rows = ada.getByRole('list', { name: 'Checks' }).getByRole('listitem')
  const limits = rows.filter({ hasText: 'Limits are off' })
  await limits.getByText('Look at it').waitFor()
  await limits.getByText('Leave them out of the settings').waitFor()
  const { findings } = await send(server(), owner.context, 'GET', '/instance/health')
  for (const { says } of findings as { says: string }[])
    if (!/\d/.test(says)) await rows.getByText(says, { exact: true }).waitFor()

  await ada.route('**/health/ready', (route) =>
    route.fulfill({
      status: 503,
      json: { status: 'unavailable', checks: { database: 'unavailable', feed: 'behind' } },
    }),
  )
  await press(ada, 'Look again')
  await ada.getByRole('alert').getByText('Something needs you.').waitFor()
  await rows.first().getByText('Does not answer').waitFor()
  forgive(/status of 503/)
})

test('who may not read it is told so', async () => {
  const { page: bob } = await inside('bob')
  for (const path of ['/audit', '/overview', '/health']) {
    await open(bob, path)
    await heading(bob, 'This page is not for you').waitFor()
  }
})

test('with the keyboard alone: to the audit, a filter, a record and back', async () => {
  await open(ada, '/overview')
  await heading(ada, 'Overview').waitFor()
  await ada.getByRole('img', { name: /^Sign-ins/ }).waitFor()
  await tabTo(ada, 'As a table')
  await ada.keyboard.press('Enter')
  await ada.getByRole('table').first().waitFor()
  await tabTo(ada, 'Audit', 'Shift+Tab')
  await ada.keyboard.press('Enter')
  await heading(ada, 'Audit').waitFor()
  await tabTo(ada, 'Check now')
  await ada.keyboard.press('Enter')
  await ada.getByText('Nothing was altered').waitFor()
  await tabTo(ada, 'Event')
  await ada.keyboard.type('Instance claimed')
  await tabTo(ada, 'Show')
  await ada.keyboard.press('Enter')
  await expect.poll(() => records().count()).toBe(1)
  await tabTo(ada, 'Show everything')
  await ada.keyboard.press('Tab')
  await ada.keyboard.press('Tab')
  await ada.keyboard.press('Enter')
  await ada.getByRole('dialog', { name: 'Instance claimed' }).waitFor()
  await tabTo(ada, 'Close')
  await ada.keyboard.press('Enter')
  await ada.getByRole('dialog').waitFor({ state: 'hidden' })
  await tabTo(ada, 'Health', 'Shift+Tab')
  await ada.keyboard.press('Enter')
  await heading(ada, 'Health').waitFor()
  await tabTo(ada, 'Look again')
})
