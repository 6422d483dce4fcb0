/**
 * `sallyport session` beside a running server: what it says is over is over there, from the next
 * request on. The same once more with a command that waits for nobody, which says so too early.
 *
 * @module
 */
import { userInfo } from 'node:os'
import { expect, test } from 'vitest'
import { altered } from './server/altered.ts'
import { browser } from './server/browser.ts'
import { command } from './server/command.ts'
import { places } from './server/pair.ts'
import { serve } from './server/process.ts'

const timeout = 120_000

/** @param more For the server alone. */
async function open(place: (typeof places)[keyof typeof places], more = {}) {
  const env = await place()
  const server = await serve({ env: { ...env, ...more } })
  const [ada, eve] = [browser(server), browser(server)]
  expect((await ada.setUp(server.setupToken)).status).toBe(201)
  expect((await eve.logIn()).status).toBe(200)
  return {
    ada,
    eve,
    sallyport: (args: readonly string[], extra = {}) =>
      command(server.folder, args, { ...env, ...extra }),
  }
}

const me = async (who: ReturnType<typeof browser>) => {
  const { status, json } = await who.send('GET', '/auth/me')
  return [status, json.reason]
}
const idOf = async (who: ReturnType<typeof browser>) =>
  (await who.send('GET', '/auth/me')).json.session.id

test.each(Object.entries(places))(
  'revoke answers once a server over %s accepts it no more',
  { timeout },
  async (_, place) => {
    // It rests on its memory all the while.
    const slow = { ...altered('hears late'), SALLYPORT_REVOCATION_LEASE: '5s' }
    const { ada, eve, sallyport } = await open(place, slow)
    const [one, other] = [await idOf(ada), await idOf(eve)]

    const hasty = await sallyport(['session', 'revoke', '--', one], altered('waits for nobody'))
    expect([hasty.code, await me(ada)]).toEqual([0, [200, undefined]])

    const done = await sallyport(['session', 'revoke', '--', other])
    expect([done.code, done.stderr]).toEqual([0, ''])
    expect(await me(eve)).toEqual([401, 'revoked'])
    expect(await me(ada)).toEqual([401, 'revoked'])
  },
)

test.each(Object.entries(places))(
  'list, and revoke all of a person, on %s',
  {
    timeout,
  },
  async (_, place) => {
    const { ada, eve, sallyport } = await open(place)
    const ids = [await idOf(eve), await idOf(ada)]

    const listed = await sallyport(['session', 'list', '--json'])
    expect(listed.json).toMatchObject({
      items: ids.map((id) => ({ id, username: 'ada' })),
      more: false,
    })
    const short = await sallyport(['session', 'list', '--user', 'Ada', '--limit', '1'])
    expect(short.stdout.split('\n').slice(0, 3)).toEqual([
      expect.stringMatching(/^id +person +signed in/),
      expect.stringMatching(new RegExp(`^${ids[0]} +ada `)),
      'There are more: --limit says how many to list.',
    ])

    const done = await sallyport(['session', 'revoke', '--user', 'ada', '--json'])
    expect([done.code, done.json]).toEqual([0, { revoked: 2 }])
    expect([await me(ada), await me(eve)]).toEqual([
      [401, 'revoked'],
      [401, 'revoked'],
    ])
    expect((await sallyport(['session', 'list'])).stdout).toBe('Nobody is signed in.\n')

    // Who has done it, for the person to see.
    await ada.logIn()
    const { items } = (await ada.send('GET', '/auth/activity')).json as unknown as {
      items: Record<string, unknown>[]
    }
    const actor = `operator:${userInfo().username}`
    expect(items.filter(({ type }) => type === 'session.revoked')).toMatchObject([
      { actor, address: null, outcome: 'success' },
      { actor, address: null, outcome: 'success' },
    ])
  },
)

test('what cannot be done exits 1, what cannot be meant 2, and nothing is made', async () => {
  const { sallyport, eve } = await open(places['one SQLite file'])
  const unknown = await sallyport(['session', 'revoke', 'AAAAAAAAAAAAAAAAAAAAAA', '--json'])
  expect([unknown.code, unknown.json]).toEqual([
    1,
    { refused: 'There is no session AAAAAAAAAAAAAAAAAAAAAA.', code: 'not_found' },
  ])
  const nobody = await sallyport(['session', 'revoke', '--user', 'mallory'])
  expect([nobody.code, nobody.stdout, nobody.stderr]).toEqual([
    1,
    '',
    'There is nobody called mallory.\n',
  ])
  for (const args of [['revoke'], ['revoke', 'x', '--user', 'ada'], ['list', '--limit', '0']])
    expect((await sallyport(['session', ...args])).code).toBe(2)
  expect(await me(eve)).toEqual([200, undefined])
})
