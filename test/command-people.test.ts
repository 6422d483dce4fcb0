/**
 * `sallyport user` and `sallyport key` beside a running server: whoever is locked out of his own instance
 * finds the way back in, and a command says how it ended.
 *
 * @module
 */
import { readdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { expect, test } from 'vitest'
import { browser } from './server/browser.ts'
import { command } from './server/command.ts'
import { emptyFolder, serve } from './server/process.ts'
import { onTerminal } from './server/terminal.ts'

const timeout = 120_000
const chosen = 'a password that Bob has chosen'

async function open() {
  const server = await serve({ env: { SALLYPORT_LOCKOUT_THRESHOLD: '3' } })
  const ada = browser(server)
  expect((await ada.setUp(server.setupToken)).status).toBe(201)
  return {
    server,
    ada,
    sallyport: (...args: string[]) => command(server.folder, args),
  }
}

const me = async (who: ReturnType<typeof browser>) => {
  const { status, json } = await who.send('GET', '/auth/me')
  return [status, json.code, json.reason]
}

test('locked out of the own instance: unlock and reset-password lead back in', {
  timeout,
}, async () => {
  const { ada, server, sallyport } = await open()
  const stranger = browser(server)
  for (let guess = 0; guess < 3; guess++) await stranger.logIn('ada', 'not the right one at all')
  expect((await stranger.logIn()).json.code).toBe('account_locked')
  expect((await sallyport('user', 'unlock', 'ada')).stdout).toBe(
    'Wrong passwords keep ada out no more.\n',
  )
  expect((await stranger.logIn()).status).toBe(200)

  const reset = await sallyport('user', 'reset-password', 'ada')
  const [, temporary = ''] = /^Temporary password: (\S+)$/m.exec(reset.stdout) ?? []
  expect(await me(ada)).toEqual([401, 'session_revoked', 'password_changed'])
  expect((await ada.logIn()).status).toBe(401)
  const back = await ada.logIn('ada', temporary)
  expect([back.status, back.json.mustChangePassword]).toEqual([200, true])

  const change = { json: { currentPassword: temporary, newPassword: chosen } }
  await ada.send('POST', '/auth/change-password', change)
  const activity = (await ada.send('GET', '/auth/activity')).json as unknown as {
    items: { type: string; actor: string }[]
  }
  const actor = `operator:${userInfo().username}`
  expect(activity.items.filter((one) => one.actor === actor).map(({ type }) => type)).toEqual([
    'password.reset',
    'auth.unlocked',
  ])
})

test('a refusal exits 1 and says why, what cannot be meant exits 2, and nothing is made', {
  timeout,
}, async () => {
  const { sallyport } = await open()
  const last = await sallyport('user', 'delete', 'ada', '--yes', '--json')
  expect([last.code, last.json]).toMatchObject([1, { code: 'last_owner' }])
  const bad = await sallyport('user', 'create', 'no spaces', '--role', 'king')
  expect([bad.code, bad.stderr.split('\n')]).toEqual([
    1,
    [expect.stringMatching(/^username: /), expect.stringMatching(/^role: /), ''],
  ])
  const unsure = await sallyport('user', 'delete', 'ada')
  expect([unsure.code, unsure.stderr]).toEqual([2, 'error: nobody is here to ask; say --yes\n'])
  expect((await sallyport('user', 'create', 'bob')).code).toBe(2)
  const long = ['key', 'issue', 'ada', '--name', 'x', '--scopes', 'users:read', '--days', '366']
  expect((await sallyport(...long)).code).toBe(2)

  const folder = emptyFolder()
  const nowhere = await command(folder, ['user', 'list', '--json'])
  expect([nowhere.code, nowhere.json.complaints]).toEqual([2, [expect.any(String)]])
  expect(readdirSync(folder)).toEqual([])
})

test('a password is read from a pipe, or typed twice on a terminal and not shown', {
  timeout,
}, async () => {
  const { server } = await open()
  const args = ['user', 'create', 'bob', '--role', 'member', '--password']
  const short = await command(server.folder, args, {}, 'short\n')
  expect([short.code, short.stderr]).toMatchObject([1, expect.stringMatching(/^password: /)])

  const typed = await onTerminal(server.folder, args, [
    [/Password: $/, `${chosen}\r`],
    [/Once more: $/, `${chosen}\r`],
  ])
  expect(typed.code).toBe(0)
  expect(typed.text).toContain('bob is there, as member.')
  expect(typed.text).not.toContain(chosen.slice(0, 5))
  const bob = browser(server)
  expect((await bob.logIn('bob', chosen)).json.mustChangePassword).toBe(true)

  const left = await onTerminal(
    server.folder,
    ['user', 'delete', 'bob'],
    [[/Type the name: /, '\u0003']],
  )
  expect([left.code, left.text]).toMatchObject([1, expect.stringContaining('Nothing was done.')])
  const sure = await onTerminal(
    server.folder,
    ['user', 'delete', 'bob'],
    [[/Type the name: /, 'bob\r']],
  )
  expect([sure.code, sure.text]).toMatchObject([0, expect.stringContaining('bob is deleted.')])
})
