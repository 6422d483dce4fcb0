/**
 * Administrators at work, in real browsers through the real server: people added and changed, the
 * password asked for in place, sessions of everybody ended, and pages that are not for everyone.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, expect, test } from 'vitest'
import { tabTo } from './keyboard.ts'
import { enter, guess, password, send } from './people.ts'
import { confirm, field, heading, press, stage } from './stage.ts'
import type { Visitor } from './visitor.ts'

const markup = '<img src=x onerror=alert(1)>'

let owner: Visitor
let ada: Page
// Two roles of the instance's own; a desk looks after people.
const folder = mkdtempSync(join(tmpdir(), 'sallyport-roles-'))
const config = join(folder, 'sallyport.config.json')
const desk = { below: 'admin', holds: ['users:read', 'users:write'] }
const clerk = { below: 'member', holds: ['lockouts:read'] }
writeFileSync(config, JSON.stringify({ access: { roles: { desk, clerk } } }))
afterAll(() => rmSync(folder, { recursive: true }))

const { browser, server, people, inside, open } = stage(
  [`--config=${config}`],
  [
    { username: 'dan', role: 'desk' },
    { username: 'eve', role: 'admin', displayName: 'Eve' },
    { username: 'bob', displayName: 'Bob' },
    { username: 'carl', displayName: markup },
  ],
  (signedIn) => {
    owner = signedIn
    ada = owner.page
  },
)

const pathOf = (username: string) => `/users/${people[username]?.id}`

test('add a person: refused at the field, then a password shown once, which signs in', async () => {
  await owner.context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await open(ada, '/users')
  await press(ada, 'Add a person')
  await field(ada, 'User name').fill('bob')
  await press(ada, 'Add')
  await ada.getByText('Somebody has this name already.').waitFor()
  await field(ada, 'User name').fill('fay')
  await field(ada, 'Their name').fill('Fay')
  await ada.getByRole('combobox', { name: 'Role' }).selectOption('Viewer')
  await press(ada, 'Add')
  const shown = ada.getByRole('dialog', { name: 'Fay can sign in now' })
  const secret = await field(shown, 'Temporary password').inputValue()
  await press(ada, 'Copy')
  await shown.getByRole('button', { name: 'Copied' }).waitFor()
  await ada.keyboard.press('Escape')
  expect(await shown.isVisible()).toBe(true)
  await press(ada, 'I have noted it')
  await ada.getByRole('link', { name: 'Fay' }).waitFor()
  expect(await ada.content()).not.toContain(secret)

  // A page of ours may write there and never read; its person may.
  await ada.getByLabel('Search by name').press('Control+V')
  expect(await ada.getByLabel('Search by name').inputValue()).toBe(secret)
  await ada.getByLabel('Search by name').fill('FA')
  await ada.getByRole('link', { name: 'Eve' }).waitFor({ state: 'hidden' })
  await ada.getByRole('link', { name: 'Fay' }).click()
  await heading(ada, 'Fay').waitFor()
  await ada.getByText('Must change a temporary password').waitFor()
  const fay = await browser().newContext()
  await enter(server(), fay, 'fay', { typed: secret })
  await fay.close()
})

test('the password is asked for in place, and nothing that was filled in is lost', async () => {
  const { page: eve } = await inside('eve')
  // Whose roles were changed shows the password before the next such thing.
  await send(server(), owner.context, 'PATCH', `/users/${people.eve?.id}`, {
    data: { scopes: [{ role: 'viewer', scope: 'site:north' }] },
    status: 200,
  })
  await open(eve, '/users')
  await press(eve, 'Add a person')
  await field(eve, 'User name').fill('gus')
  expect(
    await eve.getByRole('combobox', { name: 'Role' }).locator('option').allTextContents(),
  ).toEqual(['Administrator', 'desk', 'Member', 'clerk', 'Viewer'])
  await press(eve, 'Add')
  const asked = eve.getByRole('dialog', { name: 'Is it still you?' })
  await asked.waitFor()
  await asked.getByRole('button', { name: 'Cancel' }).click()
  await asked.waitFor({ state: 'hidden' })
  expect(await field(eve, 'User name').inputValue()).toBe('gus')
  await press(eve, 'Add')
  await field(eve, 'Your password').fill('not the password at all')
  await press(eve, 'Go on')
  await asked.getByText('This is not your password.').waitFor()
  await field(eve, 'Your password').fill(password)
  await eve.keyboard.press('Enter')
  await eve.getByRole('dialog', { name: 'gus can sign in now' }).waitFor()
  await press(eve, 'I have noted it')
  // Fresh now: not asked again.
  await open(eve, pathOf('bob'))
  await field(eve, 'Name').fill('Robert')
  await press(eve, 'Save')
  await eve.getByText('Saved.').waitFor()
  await heading(eve, 'Robert').waitFor()
})

test('a role of the instance’s own is given, and gives no more than it holds itself', async () => {
  await open(ada, pathOf('carl'))
  await ada.getByRole('combobox', { name: 'Role' }).first().selectOption('clerk')
  await press(ada, 'Save')
  await ada.getByText('Saved.').waitFor()
  const { role } = await send(server(), owner.context, 'GET', pathOf('carl'))
  expect(role).toBe('clerk')

  const { page: dan } = await inside('dan')
  await open(dan, pathOf('bob'))
  const offered = dan.getByRole('combobox', { name: 'Role' }).first().locator('option')
  // Not what may see names at rest: a desk may not.
  await expect.poll(() => offered.allTextContents()).toEqual(['desk', 'Member', 'Viewer'])
  await open(dan, pathOf('carl'))
  await dan.getByText('is above yours').waitFor()
})

test('role and scopes of a person; an owner is left for ever', async () => {
  await open(ada, pathOf('bob'))
  await ada.getByRole('combobox', { name: 'Role' }).first().selectOption('Viewer')
  await press(ada, 'Save')
  await ada.getByText('Saved.').waitFor()
  await field(ada, 'Scope').fill('not a scope')
  await press(ada, 'Add')
  await ada.getByText('Name the scope').waitFor()
  await field(ada, 'Scope').fill('department:sales')
  await ada.getByRole('combobox', { name: 'Role' }).last().selectOption('Administrator')
  await press(ada, 'Add')
  await ada.getByText('Administrator in department:sales').waitFor()
  const { role, scopes } = await send(server(), owner.context, 'GET', pathOf('bob'))
  expect({ role, scopes }).toEqual({
    role: 'viewer',
    scopes: [{ role: 'admin', scope: 'department:sales' }],
  })
  await press(ada, 'Take away: Administrator in department:sales')
  await ada.getByText('None.').waitFor()

  await open(ada, '/users')
  await ada.getByRole('link', { name: 'Ada Lovelace' }).click()
  await ada.getByText('This is you.').waitFor()
  await ada.getByRole('combobox', { name: 'Role' }).first().selectOption('Member')
  await press(ada, 'Save')
  await ada.getByRole('alert').getByText('Make somebody else an owner first.').waitFor()
  expect(await ada.getByText('What you can do').count()).toBe(0)
})

test('disabled, enabled, reset and deleted; each ends what it says', async () => {
  const carl = await inside('carl')
  await open(carl.page, '/')
  await heading(carl.page, `You are signed in as ${markup}`).waitFor()
  await open(ada, pathOf('carl'))
  await heading(ada, markup).waitFor()
  await press(ada, 'Disable')
  await confirm(ada, 'Disable')
  await ada.getByText('is disabled and signed out everywhere').waitFor()
  await ada.getByText('Signed in nowhere.').waitFor()
  await carl.page.clock.fastForward('00:16')
  await carl.page.getByText('Your account has been disabled.').waitFor()
  await press(ada, 'Enable')
  await ada.getByText('may sign in again').waitFor()

  await press(ada, 'Give a temporary password')
  await confirm(ada, 'Give a temporary password')
  const typed = await field(ada, 'Temporary password').inputValue()
  await press(ada, 'I have noted it')
  await ada.getByText('Must change a temporary password').waitFor()
  await enter(server(), carl.context, 'carl', { typed })

  await ada.clock.fastForward('00:11')
  await ada.getByText('Chrome on Linux').waitFor()
  await press(ada, 'End all sessions')
  await confirm(ada, 'End all sessions')
  await ada.getByText('Signed in nowhere.').waitFor()

  await press(ada, 'Delete')
  await confirm(ada, 'Delete')
  await heading(ada, 'People').waitFor()
  await ada.getByText('is deleted.').waitFor()
  await ada.getByRole('link', { name: 'Eve' }).waitFor()
  expect(await ada.getByRole('link', { name: markup }).count()).toBe(0)
  await open(ada, pathOf('carl'))
  await heading(ada, 'Nobody is here').waitFor()
})

test('everybody’s sessions, and an end to one', async () => {
  const bob = await inside('bob')
  await open(bob.page, '/')
  await open(ada, '/sessions')
  const end = ada.getByRole('button', { name: /^End the session: bob, Chrome/ })
  await end.first().waitFor()
  const before = await end.count()
  await end.first().click()
  await confirm(ada, 'End')
  await ada.getByText('The session has ended.').waitFor()
  expect(await end.count()).toBe(before - 1)
  await bob.page.clock.fastForward('00:16')
  await bob.page.getByText('ended from another place').waitFor()
})

test('a page for others says so, and who may less sees less', async () => {
  const { page: bob } = await inside('bob')
  await open(bob, '/users')
  await heading(bob, 'This page is not for you').waitFor()
  expect(await bob.getByRole('link', { name: 'People' }).count()).toBe(0)
  const { page: eve } = await inside('eve')
  await open(eve, '/users')
  await eve.getByRole('link', { name: 'Ada Lovelace' }).click()
  await eve.getByText('This person’s role is above yours').waitFor()
  expect(await eve.getByRole('button', { name: /End|Save|Delete/ }).count()).toBe(0)
})

test('names at rest are counted on the first page, and lifted', async () => {
  const stranger = await browser().newContext()
  await guess(server(), stranger, 'bob')
  await stranger.close()
  await open(ada, '/')
  await ada.getByRole('link', { name: '1 name at rest' }).click()
  await ada.getByText('10 wrong passwords from one address').waitFor()
  await open(ada, pathOf('bob'))
  await press(ada, 'Lift the rest')
  await ada.getByText('Nobody is kept from signing in').waitFor()
  await open(ada, '/lockouts')
  await ada.getByText('No name is at rest.').waitFor()
})

test('with the keyboard alone: to a person, through a dialog and back', async () => {
  await open(ada, '/')
  await heading(ada, 'You are signed in as Ada Lovelace').waitFor()
  await tabTo(ada, 'People', 'Shift+Tab')
  await ada.keyboard.press('Enter')
  await heading(ada, 'People').waitFor()
  expect(await heading(ada, 'People').evaluate((el) => el === document.activeElement)).toBe(true)
  await tabTo(ada, 'Add a person')
  await ada.keyboard.press('Enter')
  await ada.getByRole('dialog').waitFor()
  await ada.keyboard.type('hal')
  await tabTo(ada, 'Add')
  await ada.keyboard.press('Enter')
  await ada.getByRole('dialog', { name: 'hal can sign in now' }).waitFor()
  await tabTo(ada, 'I have noted it')
  await ada.keyboard.press('Space')
  await ada.getByRole('dialog').waitFor({ state: 'hidden' })
  await tabTo(ada, 'hal')
  await ada.keyboard.press('Enter')
  await heading(ada, 'hal').waitFor()
  await tabTo(ada, 'Disable')
  await ada.keyboard.press('Enter')
  await ada.getByRole('dialog').waitFor()
  await ada.keyboard.press('Escape')
  await ada.getByRole('dialog').waitFor({ state: 'hidden' })
  const disable = ada.getByRole('button', { name: 'Disable' })
  expect(await disable.evaluate((el) => el === document.activeElement)).toBe(true)
})
