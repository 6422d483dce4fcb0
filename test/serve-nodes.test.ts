/**
 * Two servers over one database: the same claim link, the same sessions, and an end of one is an end
 * on both.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { freePort } from '../scripts/free-port.ts'
import { freshPostgres } from './provision/postgres.ts'
import { browser } from './server/browser.ts'
import { pair } from './server/pair.ts'
import { emptyFolder, serve } from './server/process.ts'

const places = {
  'one SQLite file': async () => ({}),
  'one PostgreSQL': async () => ({
    SALLYPORT_DATABASE: await freshPostgres(),
    SALLYPORT_SECRET: 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q',
  }),
}

describe.each(Object.entries(places))('two servers over %s', (_, place) => {
  test('print the same claim link and serve the same sessions, from an empty database on (L3)', async () => {
    const folder = emptyFolder()
    const port = await freePort()
    const env = { ...(await place()), SALLYPORT_PUBLIC_ORIGIN: `http://localhost:${port}` }
    // Both at once, over a database neither has met.
    const [one, other] = await Promise.all([serve({ folder, port, env }), serve({ folder, env })])
    expect(other.port).not.toBe(one.port)
    expect(other.claimLink).toBe(one.claimLink)

    const origin = `http://localhost:${port}`
    const here = browser({ port: one.port, origin })
    const there = browser({ port: other.port, origin })
    expect((await here.setUp(one.setupToken)).status).toBe(201)
    expect((await there.setUp(other.setupToken, 'eve')).json.code).toBe('already_set_up')
    for (const [name, value] of here.jar) there.jar.set(name, value)
    const me = await there.send('GET', '/auth/me')
    expect([me.status, me.json.user.username]).toEqual([200, 'ada'])

    expect((await there.send('POST', '/auth/logout')).status).toBe(204)
    const gone = await here.send('GET', '/auth/me')
    expect([gone.status, gone.json.code, gone.json.reason]).toEqual([
      401,
      'session_revoked',
      'logout',
    ])
    expect([...one.stderr, ...other.stderr].filter((line) => line.includes('fault'))).toEqual([])
  })

  test('are replaced one after the other: nobody is signed out, and nobody waits for who is away', {
    timeout: 60_000,
  }, async () => {
    const lease = 5_000
    const two = await pair(place, {
      SALLYPORT_REVOCATION_LEASE: `${lease}ms`,
      SALLYPORT_REFRESH_ENABLED: 'true',
    })
    const ada = two.tab(0)
    await ada.setUp(two.nodes.find(({ claimLink }) => claimLink)?.setupToken ?? '')
    let { jar } = ada
    const statuses = async (node: 0 | 1) => {
      const tab = two.tab(node, jar)
      const got = [await tab.send('GET', '/auth/me'), await tab.send('POST', '/auth/refresh')]
      jar = tab.jar
      return got.map(({ status }) => status)
    }
    for (const node of [0, 1] as const) {
      const other = node === 0 ? 1 : 0
      expect(await two.nodes[node].stop()).toEqual({ code: 0, signal: null })
      expect(await statuses(other)).toEqual([200, 200])
      // Whoever is there knows at once that the other has gone.
      const eve = two.tab(other)
      await eve.logIn()
      const began = performance.now()
      expect((await eve.send('POST', '/auth/logout')).status).toBe(204)
      expect(performance.now() - began).toBeLessThan(lease)
      await two.again(node)
      expect(await statuses(node)).toEqual([200, 200])
    }
    expect(await statuses(0)).toEqual([200, 200])
  })
})
