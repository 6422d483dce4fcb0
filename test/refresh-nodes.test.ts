/**
 * Refreshing on two real servers over one database: fifty clients with one token, servers killed in
 * the middle of it, and sessions that are ended meanwhile (RT-03, RT-11, RT-12). `npm run campaign --
 * refresh` does the same as often as the design asks for.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { held } from './campaigns/report.ts'
import { altered } from './server/altered.ts'
import type { Browser } from './server/browser.ts'
import { type Jar, type Pair, pair, places } from './server/pair.ts'

const campaign = process.env.CAMPAIGN !== undefined
const [rounds, kills, races] = campaign ? [1_000, 100, 500] : [15, 3, 12]
const timeout = campaign ? 1_200_000 : 60_000
const clients = 50

const renew = (who: Browser) => who.send('POST', '/auth/refresh')

/** Tries that steps of either node have lost to the other, so far. */
const lostIn =
  ({ nodes }: Pair) =>
  () =>
    nodes.flatMap(({ stderr }) => stderr).filter((line) => line === 'lost a try').length

async function claimed(two: Pair): Promise<Jar> {
  const ada = two.tab(0)
  expect((await ada.setUp(two.nodes[0].setupToken)).status).toBe(201)
  return ada.jar
}

/** Fifty at once with the same cookies, over both nodes. */
async function round(two: Pair, jar: Jar) {
  const tabs = Array.from({ length: clients }, (_, n) => two.tab(n % 2 === 0 ? 0 : 1, jar))
  const answers = await Promise.all(tabs.map(renew))
  const tokens = [...new Set(tabs.map((tab) => tab.jar.get('refresh')))]
  return { tabs, tokens, statuses: new Set(answers.map(({ status }) => status)) }
}

describe.each(Object.entries(places))('two servers over %s', (name, place) => {
  test(`RT-03: ${rounds} rounds of fifty at once: one successor each, nobody out (R4.15, R7.1)`, {
    timeout,
  }, async ({ annotate }) => {
    const two = await pair(place, altered('tells lost tries'))
    let jar = await claimed(two)
    const lost = lostIn(two)
    let met = 0
    for (let n = 1; n <= rounds; n++) {
      const before = lost()
      const { tabs, tokens, statuses } = await round(two, jar)
      expect([n, [...statuses], tokens.length]).toEqual([n, [200], 1])
      const rows = await two.query('select generation, "endedAt" from sessions')
      expect(rows.map((row) => [Number(row.generation), row.endedAt])).toEqual([[n, null]])
      jar = tabs[n % clients]?.jar ?? jar
      met += lost() > before ? 1 : 0
    }
    // They did meet: what one node had been shown, the other had changed by the time it wrote.
    expect(lost()).toBeGreaterThan(0)
    if (campaign) expect(met / rounds).toBeGreaterThanOrEqual(0.3)
    held(`fifty with one token, ${name}`, { rounds, 'lost tries in': met, 'lost tries': lost() })
    await annotate(
      `${rounds} rounds of ${clients} clients, in ${met} of them lost tries, ${lost()}`,
    )
    expect((await two.tab(1, jar).send('GET', '/auth/me')).status).toBe(200)
  })

  test.each([
    ['revisions are compared', altered('compares no revisions')],
    ['a predecessor is excused', { SALLYPORT_REFRESH_LEEWAY: '0s' }],
  ])('and it would not hold unless %s', { timeout }, async (_, env) => {
    const two = await pair(place, env)
    let jar = await claimed(two)
    let held = true
    for (let n = 1; held && n <= rounds; n++) {
      const { tabs, tokens, statuses } = await round(two, jar)
      held = statuses.size === 1 && statuses.has(200) && tokens.length === 1
      jar = tabs[0]?.jar ?? jar
    }
    expect(held).toBe(false)
  })

  test('RT-11: killed between commit and answer: the old token is given what was lost', {
    timeout,
  }, async () => {
    const two = await pair(place)
    const jar = await claimed(two)
    await two.nodes[0].kill()
    await two.again(0, altered('dies before it answers'))
    const generation = async () =>
      Number((await two.query('select generation from sessions'))[0]?.generation)
    await expect(renew(two.tab(0, jar))).rejects.toThrow()
    expect(await two.nodes[0].ended).toMatchObject({ signal: 'SIGKILL' })
    expect(await generation()).toBe(1)

    const elsewhere = two.tab(1, jar)
    expect((await renew(elsewhere)).status).toBe(200)
    await two.again(0)
    const here = two.tab(0, jar)
    expect((await renew(here)).status).toBe(200)
    expect(here.jar.get('refresh')).toBe(elsewhere.jar.get('refresh'))
    expect(await generation()).toBe(1)
    expect((await renew(here)).status).toBe(200)
    expect(await generation()).toBe(2)
  })

  test(`RT-12, FAULT-01: ${kills} kills at random: whoever has the last token heard of goes on`, {
    timeout,
  }, async ({ annotate }) => {
    const two = await pair(place)
    const jars: Jar[] = [await claimed(two)]
    for (let n = 1; n < 8; n++) {
      const who = two.tab(0)
      await who.logIn()
      jars.push(who.jar)
    }
    const rotations = async () => {
      const [row] = await two.query('select sum(generation) as n from sessions')
      return Number(row?.n)
    }
    let [unanswered, healed] = [0, 0]
    for (let n = 0; n < kills; n++) {
      const tabs = jars.map((jar) => two.tab(0, jar))
      const killed = pause(5 + Math.random() * 150).then(() => two.nodes[0].kill())
      // Each goes on until it gets no answer any more.
      const heard = await Promise.all(
        tabs.map(async (tab) => {
          for (;;) {
            const got = await renew(tab).catch(() => undefined)
            if (!got) return tab.jar
            expect(got.status).toBe(200)
          }
        }),
      )
      await killed
      const before = await rotations()
      unanswered += heard.length
      const restarted = two.again(0)
      for (const [index, jar] of heard.entries()) {
        const next = two.tab(1, jar)
        expect([n, index, (await renew(next)).status]).toEqual([n, index, 200])
        jars[index] = next.jar
      }
      // Whose token moved nothing now had moved it before, and was not told.
      healed += heard.length - ((await rotations()) - before)
      await restarted
    }
    await annotate(
      `${kills} kills, ${unanswered} refreshes without an answer, ${healed} of them done`,
    )
    // Kills that never meet a refresh between its commit and its answer would show nothing.
    if (campaign) expect(healed).toBeGreaterThan(0)
    const rows = await two.query('select id from sessions where "endedAt" is not null')
    expect(rows).toEqual([])
    held(`killed, ${name}`, { kills, unanswered, 'of them done': healed })
  })

  test(`REV-05: refresh against the end of the session, ${races} times: never alive afterwards`, {
    timeout,
  }, async ({ annotate }) => {
    const two = await pair(place, altered('tells lost tries'))
    const lost = lostIn(two)
    const keeper = two.tab(1, await claimed(two))
    const seen = { before: 0, after: 0 }
    for (let n = 0; n < races; n++) {
      const who = two.tab(0)
      const { id } = (await who.logIn()).json.session
      const end = async () => {
        await pause(Math.random() * 20)
        return n % 2 === 0
          ? keeper.send('DELETE', `/auth/sessions/${id}`)
          : two.tab(1, who.jar).send('POST', '/auth/logout')
      }
      /** All cookies there have been. */
      const jars: Jar[] = []
      const waves = async () => {
        for (let jar: Jar = who.jar; ; ) {
          jars.push(new Map(jar))
          const tabs = Array.from({ length: 6 }, (_, at) => two.tab(at % 2 === 0 ? 0 : 1, jar))
          const answers = await Promise.all(tabs.map(renew))
          const done = tabs.filter((_, at) => answers[at]?.status === 200)
          seen.before += done.length
          seen.after += tabs.length - done.length
          jar = done[0]?.jar ?? jar
          if (done.length < tabs.length) return [jar, answers] as const
        }
      }
      const [over, [last, answers]] = await Promise.all([end(), waves()])
      expect([n, over.status]).toEqual([n, 204])
      const refused = answers.filter(({ status }) => status !== 200)
      expect(new Set(refused.map(({ json }) => json.code))).toEqual(
        new Set(['refresh_token_invalid']),
      )
      jars.push(last)
      for (const [at, jar] of jars.entries()) {
        const again = two.tab(at % 2 === 0 ? 0 : 1, jar)
        expect((await again.send('GET', '/auth/me')).status).toBe(401)
        expect((await renew(again)).status).not.toBe(200)
      }
      const reason = await two.query(`select "endReason" from sessions where id = '${id}'`)
      expect(reason).toEqual([{ endReason: n % 2 === 0 ? 'revoked' : 'logout' }])
    }
    expect(Math.min(seen.before, seen.after)).toBeGreaterThan(races)
    const { before, after } = seen
    held(`against the end, ${name}`, { races, before, after, 'lost tries': lost() })
    await annotate(`${seen.before} refreshes before the end, ${seen.after} after, ${lost()} lost`)
  })
})
