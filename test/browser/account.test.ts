/**
 * A person and the own account, in real browsers through the real server: sessions seen and ended,
 * the password changed and forced to be changed, trusted devices, what happened, a name at rest.
 */

import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { add, guess, password, send } from './people.ts'
import { confirm, field, heading, press, stage } from './stage.ts'
import type { Visitor } from './visitor.ts'

let owner: Visitor
let ada: Page
const { server, another, inside, open } = stage(
  ['--session-remember=true'],
  [{ username: 'bob' }, { username: 'carl' }, { username: 'dora' }],
  (signedIn) => {
    owner = signedIn
    ada = owner.page
  },
)

test('two browsers see each other; what one ends, ends in the other, and says why', async () => {
  const { page: here } = await inside('bob')
  await open(here, '/account/sessions')
  await here.getByText('This one').waitFor()
  const end = /^End the session: Safari on iOS/
  expect(await here.getByRole('button', { name: end }).count()).toBe(0)

  const phone =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile Safari/604.1'
  const there = await inside('bob', phone)
  await open(there.page, '/account/sessions')
  await there.page.getByText('Chrome on Linux').first().waitFor()
  await here.getByRole('button', { name: end }).waitFor()

  there.headings()
  await press(here, end)
  await here.getByText('The session has ended.').waitFor()
  expect(await here.getByRole('button', { name: end }).count()).toBe(0)
  await heading(there.page, 'Sign in').waitFor()
  await there.page.getByText('ended from another place').waitFor()
  expect(there.headings()).toEqual(['Sign in'])
})

test('a session that could not be ended is in the list again', async () => {
  await inside('ada')
  await open(ada, '/account/sessions')
  const rows = ada.getByRole('list', { name: 'Your sessions' }).getByRole('listitem')
  await rows.nth(1).waitFor()
  const before = await rows.count()

  let asked: (() => void) | undefined
  const held = new Promise<void>((resolve) => {
    asked = resolve
  })
  await ada.route('**/auth/sessions/*', async (route) => {
    await held
    await route.abort()
  })
  await rows.first().getByRole('button').click()
  await expect.poll(() => rows.count()).toBe(before - 1)
  asked?.()
  await ada.getByText('No answer from the server').waitFor()
  expect(await rows.count()).toBe(before)
})

test('all others end at once, soon seen there even where no events come through', async () => {
  const elsewhere = await inside('ada')
  await elsewhere.page.route('**/api/v1/events', (route) => route.abort())
  await open(elsewhere.page, '/')
  await open(ada, '/account/sessions')
  await press(ada, 'End all others')
  await ada.getByRole('dialog').getByText('This one stays').waitFor()
  await ada.keyboard.press('Escape')
  await ada.getByRole('dialog').waitFor({ state: 'hidden' })
  await press(ada, 'End all others')
  await confirm(ada, 'End all others')
  await ada.getByText(/sessions? ha(s|ve) ended/).waitFor()
  await expect.poll(() => ada.getByText('Chrome on Linux').count()).toBe(1)
  await ada.getByRole('button', { name: 'End all others' }).waitFor({ state: 'hidden' })
  await elsewhere.page.clock.fastForward('00:16')
  await elsewhere.page.getByText('ended from another place').waitFor()
})

test('a changed password: refused with the reasons of the server, then all others are out', async () => {
  const { page: carl, headings } = await inside('carl')
  const elsewhere = await inside('carl')
  await open(elsewhere.page, '/')
  await open(carl, '/account/password')
  const change = async (current: string, next: string) => {
    await field(carl, 'Current password').fill(current)
    await field(carl, 'New password').fill(next)
    await press(carl, 'Change password')
  }
  await change('not the password at all', 'nine bridges over one river')
  await carl.getByText('This is not your current password.').waitFor()
  await change(password, 'carlcarlcarlcarl')
  await carl.getByText('This is too close to a name').waitFor()
  await change(password, 'passwordpassword')
  await carl.getByText('This is among the passwords that are guessed first').waitFor()
  await change(password, password)
  await carl.getByText('This is your current password. Choose another.').waitFor()
  await change(password, 'nine bridges over one river')
  await carl.getByText('Your password is changed.').waitFor()
  expect(headings()).toEqual(['Change your password'])

  await elsewhere.page.clock.fastForward('00:16')
  await elsewhere.page.getByText('Your password was changed').waitFor()
  await open(carl, '/account/sessions')
  await carl.getByText('This one').waitFor()
  expect(await carl.getByText('Chrome on Linux').count()).toBe(1)
})

test('a temporary password lets nobody do more than choose another', async () => {
  const { temporaryPassword } = await add(server(), owner.context, { username: 'new.here' })
  const { page, headings } = await another()
  await open(page, '/account/devices')
  await field(page, 'User name').fill('new.here')
  await field(page, 'Password').fill(temporaryPassword)
  await press(page, 'Sign in')
  await heading(page, 'Choose a password of your own').waitFor()
  expect(headings()).toEqual(['Sign in', 'Choose a password of your own'])
  await open(page, '/users')
  await heading(page, 'Choose a password of your own').waitFor()
  expect(page.url()).toBe(`${server().origin}/change-password?return=%2Fusers`)
  expect(headings()).toEqual(['Choose a password of your own'])

  await open(page, '/account/devices')
  await field(page, 'The password you signed in with').fill(temporaryPassword)
  await field(page, 'New password').fill('too short')
  await press(page, 'Set the password')
  await page.getByText('Too short: at least 15 characters').waitFor()
  await field(page, 'New password').fill('four stones and a well')
  await press(page, 'Set the password')
  await heading(page, 'Trusted devices').waitFor()
  expect(page.url()).toBe(`${server().origin}/account/devices`)
  await page.getByText('This one').waitFor()
})

test('a trusted device is forgotten; what happened is told', async () => {
  const { page } = await inside('dora')
  await open(page, '/account/devices')
  const forget = page.getByRole('button', { name: /^Forget the device/ })
  await forget.first().waitFor()
  const before = await forget.count()
  await forget.first().click()
  await page.getByText('The device is trusted no more.').waitFor()
  expect(await forget.count()).toBe(before - 1)
  await page.getByRole('link', { name: 'Activity' }).click()
  await heading(page, 'Your activity').waitFor()
  await page.getByText('A device is trusted no more').waitFor()
  await page.getByText('Your account was made').waitFor()
  await page.getByText('by somebody else').first().waitFor()
})

test('an API key: its secret once, rotated with an overlap, ended at once', async () => {
  const asks = async (key: string) => {
    const headers = { Authorization: `Bearer ${key}` }
    const answer = await fetch(`${server().origin}/api/v1/users`, { headers })
    return answer.status
  }
  await open(ada, '/account/keys')
  await ada.getByText('No program has a key of yours.').waitFor()
  await press(ada, 'Make a key')
  await press(ada, 'Make the key')
  await ada.getByText('Give it a name.').waitFor()
  await field(ada, 'Name').fill('nightly <b>backup</b>')
  await ada.getByLabel('See people').check()
  await ada.getByLabel('Ends after').selectOption('7 days')
  await press(ada, 'Make the key')
  const secret = field(ada, 'API key')
  const first = await secret.inputValue()
  expect(first).toMatch(/^sp_/)
  await press(ada, 'I have noted it')
  await ada.getByText('nightly <b>backup</b>').waitFor()
  expect(await ada.content()).not.toContain(first)
  expect(await asks(first)).toBe(200)

  await press(ada, /^Rotate the key: nightly/)
  await ada.getByLabel('The earlier secret works for').selectOption('one hour')
  await confirm(ada, 'Rotate')
  const second = await secret.inputValue()
  await press(ada, 'I have noted it')
  await ada.getByText('The earlier secret works until:').waitFor()
  expect([await asks(first), await asks(second), first === second]).toEqual([200, 200, false])

  await press(ada, /^End the key: nightly/)
  await confirm(ada, 'End')
  await ada.getByText('The key has ended.').waitFor()
  await ada.getByText('No program has a key of yours.').waitFor()
  expect([await asks(first), await asks(second)]).toEqual([401, 401])
})

test('a name at rest: counted down here, lifted there', async () => {
  const { page, context } = await another()
  await guess(server(), context, 'dora')
  await open(page, '/sign-in')
  const signIn = page.getByRole('button', { name: 'Sign in' })
  await field(page, 'User name').fill('dora')
  await field(page, 'Password').fill(password)
  await signIn.click()
  const left = page.getByText(/You can try again in 1[45] min/)
  await left.waitFor()
  expect(await signIn.isDisabled()).toBe(true)
  await page.clock.fastForward('10:00')
  await page.getByText(/You can try again in [45] min/).waitFor()
  await page.clock.fastForward('05:00')
  await page.getByText('You can try again now.').waitFor()
  expect(await signIn.isDisabled()).toBe(false)

  await open(ada, '/lockouts')
  await press(ada, 'Lift the rest of dora')
  await ada.getByText('dora does not rest any more.').waitFor()
  await ada.getByText('No name is at rest.').waitFor()
  await signIn.click()
  await heading(page, 'You are signed in as dora').waitFor()
})

test('“keep me signed in” is asked for and given', async () => {
  const { page, context } = await another()
  await open(page, '/sign-in')
  await field(page, 'User name').fill('bob')
  await field(page, 'Password').fill(password)
  await page.getByLabel('Keep me signed in on this device').check()
  await press(page, 'Sign in')
  await heading(page, 'You are signed in as bob').waitFor()
  const { session } = await send(server(), context, 'GET', '/auth/me')
  expect(session.remembered).toBe(true)
  await open(page, '/account/sessions')
  await page.getByText('Kept signed in').waitFor()
})
