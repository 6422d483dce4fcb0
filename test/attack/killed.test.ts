/**
 * `kill -9` at moments that suit an attacker: what was revoked stays revoked, and an instance is
 * claimed or it is not.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { freePort } from '../../scripts/free-port.ts'
import { held } from '../campaigns/report.ts'
import { databases } from '../gate/form.ts'
import { freshPostgres } from '../provision/postgres.ts'
import { browser, password } from '../server/browser.ts'
import { emptyFolder, serve, unlimited } from '../server/process.ts'

const secret = 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q'
const places = {
  sqlite: async () => ({}),
  postgres: async () => ({
    SALLYPORT_DATABASE: await freshPostgres(),
    SALLYPORT_SECRET: secret,
  }),
}
const rounds = process.env.CAMPAIGN ? 100 : 2
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe.each(databases)('on %s', (kind) => {
  const place = places[kind]

  test('REV-07: what was revoked before a kill is revoked after it', {
    timeout: 60_000,
  }, async () => {
    const given = { folder: emptyFolder(), port: await freePort(), env: await place() }
    const first = await serve({ ...given, env: { ...unlimited, ...given.env } })
    const keeper = browser(first)
    await keeper.setUp(first.setupToken)
    const stolen = browser(first)
    await stolen.logIn()
    const used = new Map(stolen.jar)
    expect((await stolen.send('POST', '/auth/refresh')).status).toBe(200)
    const fresh = new Map(stolen.jar)
    const replayed = new Map(keeper.jar)
    for (let n = 0; n < 2; n++)
      expect((await keeper.send('POST', '/auth/refresh')).status).toBe(200)
    const others = await keeper.send('POST', '/auth/sessions/revoke-others')
    expect([others.status, others.json.revoked]).toEqual([200, 1])
    await first.kill()

    const again = await serve({ ...given, env: { ...unlimited, ...given.env } })
    const holding = (jar: ReadonlyMap<string, string>) => {
      const who = browser(again)
      for (const [name, value] of jar) who.jar.set(name, value)
      return who
    }
    const gone = await holding(fresh).send('GET', '/auth/me')
    expect([gone.status, gone.json.code, gone.json.reason]).toEqual([
      401,
      'session_revoked',
      'revoked',
    ])
    for (const jar of [fresh, used]) {
      const lost = await holding(jar).send('POST', '/auth/refresh')
      expect([lost.status, lost.json.code]).toEqual([401, 'refresh_token_invalid'])
    }
    // Whoever was not revoked goes on, and a token used before the kill is still a replay after it.
    expect((await holding(keeper.jar).send('GET', '/auth/me')).status).toBe(200)
    expect((await holding(replayed).send('POST', '/auth/refresh')).status).toBe(401)
    const ended = await holding(keeper.jar).send('GET', '/auth/me')
    expect([ended.status, ended.json.reason]).toEqual([401, 'replay'])
  })

  test('SETUP-07: killed in the middle of a claim: claimed with its owner, or not at all', {
    timeout: process.env.CAMPAIGN ? 1_200_000 : 180_000,
  }, async ({ annotate }) => {
    const ends = { unclaimed: 0, claimed: 0, answered: 0 }
    // Nearer and nearer to the commit, from both sides.
    let [before, after] = [0, 400]
    for (let round = 0; round < rounds || ends.claimed === 0 || ends.unclaimed === 0; round++) {
      const wait = (before + after) / 2
      const given = { folder: emptyFolder(), port: await freePort(), env: await place() }
      const first = await serve(given)
      const claim = browser(first)
        .setUp(first.setupToken)
        .catch(() => undefined)
      await pause(wait)
      await first.kill()
      const answered = (await claim)?.status === 201

      const again = await serve(given)
      const status = await browser(again).send('GET', '/auth/setup')
      const owner = browser(again)
      if (status.json.needsOwner === true) {
        expect(answered).toBe(false)
        expect((await owner.setUp(again.setupToken)).status).toBe(201)
        ends.unclaimed += 1
        before = wait
        after = Math.max(after, wait + 20)
      } else {
        expect(again.claimLink).toBeUndefined()
        const late = await owner.setUp(first.setupToken, 'eve')
        expect([late.status, late.json.code]).toEqual([409, 'already_set_up'])
        ends.claimed += 1
        after = wait
        before = Math.min(before, wait - 20)
      }
      expect((await owner.logIn('ada', password)).json.user.role).toBe('owner')
      if (answered) ends.answered += 1
      await again.kill()
    }
    held(`killed while it is claimed, on ${kind}`, ends)
    await annotate(JSON.stringify(ends))
  })
})
