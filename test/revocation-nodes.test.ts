/**
 * Revocation on two real servers, step by step: one is cut off from its database, or reads while it is
 * revoked what it reads. The same once more with each guard taken away, which lets in whom it must not.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { freshPostgres } from './provision/postgres.ts'
import type { Browser } from './server/browser.ts'
import { type Alteration, fleet, type Member } from './server/fleet.ts'

const timeout = 120_000
const lease = 1_500

const places = {
  'one SQLite file': async () => undefined,
  'one PostgreSQL': freshPostgres,
} as const

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString()
const me = async (who: Browser) => (await who.send('GET', '/auth/me')).status

describe.each(Object.entries(places))('two servers over %s', (name, place) => {
  async function two(alterations: readonly Alteration[], lasts = lease) {
    const settings = { SALLYPORT_REVOCATION_LEASE: `${lasts}ms` }
    const some = await fleet(2, await place(), alterations, settings)
    const [here, there] = some.members as readonly [Member, Member]
    const ada = some.browser(here)
    expect((await ada.setUp(here.server.setupToken)).status).toBe(201)
    return { here, there, ada, abroad: some.browser(there, ada.jar), program: some.browser(there) }
  }

  /** Revokes a key twice here, while the other server is cut off. @returns What becomes of all three. */
  async function revokedTwice(...alterations: Alteration[]) {
    // Long enough for all of it on a busy machine, where it is to be let in wrongly.
    const { there, ada, program } = await two(alterations, alterations.length > 0 ? 5_000 : lease)
    const json = { name: 'nightly', scopes: ['users:read'], expiresAt: inAnHour() }
    const made = await ada.send('POST', '/auth/api-keys', { json })
    const { key, secret } = made.json as unknown as { key: { id: string }; secret: string }
    const headers = { authorization: `Bearer ${secret}` }
    const use = async () => (await program.send('GET', '/auth/verify', { headers })).status
    const revoke = async () => (await ada.send('DELETE', `/auth/api-keys/${key.id}`)).status
    const listed = async () => (await ada.send('GET', '/auth/api-keys')).text.includes(key.id)
    expect([await use(), await use()]).toEqual([200, 200])
    let said = { first: 0, second: 0, use: 0 }
    await there.cut(async () => {
      const first = revoke()
      // It is done, and not answered yet.
      while (await listed());
      const second = await revoke()
      said = { second, use: await use(), first: await first }
    })
    return said
  }

  /** Signs out here while the other server is cut off. @returns What that one says afterwards. */
  async function cutOff(...alterations: Alteration[]) {
    const { there, ada, abroad } = await two(alterations)
    expect([await me(abroad), await me(abroad)]).toEqual([200, 200])
    let [took, said] = [0, 0]
    await there.cut(async () => {
      const began = performance.now()
      expect((await ada.send('POST', '/auth/logout')).status).toBe(204)
      took = performance.now() - began
      said = await me(abroad)
    })
    // It serves again as soon as it can, and knows.
    const back = await me(abroad)
    return { took, said, back }
  }

  /** Signs out here after the other server was cut off for a while. @returns What that one says then. */
  async function mended(...alterations: Alteration[]) {
    const { there, ada, abroad } = await two(alterations)
    await there.cut(() => pause(lease))
    await expect.poll(() => me(abroad)).toBe(200)
    expect((await ada.send('POST', '/auth/logout')).status).toBe(204)
    return me(abroad)
  }

  /** Signs out while the other server is reading that session for the first time. */
  async function reading(...alterations: Alteration[]) {
    const { there, ada, abroad } = await two(['remembers after a while', ...alterations])
    const first = me(abroad)
    await there.server.line(/^has read a session$/)
    const began = performance.now()
    expect((await ada.send('POST', '/auth/logout')).status).toBe(204)
    const took = performance.now() - began
    return { took, first: await first, after: await me(abroad) }
  }

  test('cut off, one lets in nobody whose end was answered, and the answer waits for it', {
    timeout,
  }, async () => {
    const { took, said, back } = await cutOff()
    expect([said, back]).toEqual([503, 401])
    // Nobody says that the other has heard: its lease is waited out, and no longer.
    expect(took).toBeGreaterThanOrEqual(1.1 * lease)
    expect(took).toBeLessThan(4 * lease)
  })

  test.each(['waits for nobody', 'looks at no lease'] as const)(
    '… but not when it %s',
    { timeout },
    async (mutation) => {
      expect((await cutOff(mutation)).said).toBe(200)
    },
  )

  // Each of the two is the same whatever is beneath, or is about one of them.
  if (name === 'one SQLite file') {
    test('cut off while it reads and mended, it reads what is there now', { timeout }, async () => {
      expect(await mended()).toBe(401)
    })

    test('… but not when it leaves transactions open', { timeout }, async () => {
      expect(await mended('leaves transactions open')).toBe(200)
    })
  } else {
    test('a key revoked twice: that it is gone is not said before everybody knows', {
      timeout,
    }, async () => {
      expect(await revokedTwice()).toEqual({ first: 204, second: 404, use: 503 })
    })

    test('… but not when it answers at once what is done already', { timeout }, async () => {
      const said = await revokedTwice('answers at once what is done already')
      expect(said).toEqual({ first: 204, second: 404, use: 200 })
    })
  }

  test('what is revoked while it is read is not remembered', { timeout }, async () => {
    expect(await reading()).toMatchObject({ after: 401 })
  })

  test('… but not when it remembers what was revoked', { timeout }, async () => {
    const { took, first, after } = await reading('remembers what was revoked')
    // It did meet: the reading began before the end, and was over after it.
    expect(took).toBeLessThan(2_000)
    expect([first, after]).toEqual([200, 200])
  })
})
