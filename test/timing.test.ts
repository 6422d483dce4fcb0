/**
 * Time tells nothing of who has an account (F15: ENUM-02, ENUM-05): samples of every class in turn, in
 * random order, against a real server with hashing as it is by default; then whatever can be said of two
 * classes from their times alone. `npm run campaign -- timing` takes a thousand of each, three times; the
 * suite only shows that a server which skips the hash would be found out.
 *
 * Off are the limits of requests; an address may guess 100,000 times; each name is guessed once, so that
 * none comes to rest but those that are to.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { reported } from './campaigns/report.ts'
import { altered } from './server/altered.ts'
import { type Browser, browser, type Got } from './server/browser.ts'
import { serve, unlimited } from './server/process.ts'
import { aucOf, type Comparison, compared, medianOf } from './timing/statistics.ts'

const campaign = process.env.CAMPAIGN !== undefined
const [samples, discarded, repeats] = [1_000, 50, 3]
/** What a server that is broken on purpose takes to be found out. */
const few = 20
const timeout = campaign ? 1_800_000 : 60_000
const wrong = 'a password that is not the one'

/** Draws one sample. */
type Draw = () => Promise<Got>

/** A server with `count` people of every class, for each to be guessed once. */
async function peopled(count: number, env: Readonly<Record<string, string>> = {}) {
  const generous = {
    SALLYPORT_LOCKOUT_PER_ADDRESS: '100000',
    // Nobody renews anything here.
    SALLYPORT_SESSION_ACCESS_LIFETIME: '2h',
  }
  const server = await serve({ env: { ...unlimited, ...generous, ...env } })
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const visitor = (): Browser => browser({ port: server.port, agent })
  const ada = visitor()
  await ada.setUp(server.setupToken)

  const file = new DatabaseSync(join(server.folder, 'data', 'sallyport.db'), { timeout: 5_000 })
  onTestFinished(() => file.close())
  const [row = {}] = file.prepare('select * from users').all()
  const names = Object.keys(row)
  const insert = file.prepare(
    `insert into users (${names.map((name) => `"${name}"`).join()}) values (${names.map(() => '?').join()})`,
  )
  const add = (username: string, more: object = {}) => {
    const id = username.padEnd(22, '_')
    insert.run(...Object.values({ ...row, role: 'member', id, username, ...more }))
  }
  file.exec('begin')
  for (let n = 0; n < count; n++) {
    add(`known${n}`)
    add(`disabled${n}`, { disabledAt: row.createdAt })
  }
  for (let n = 0; n < 5; n++) add(`rests${n}`)
  file.exec('commit')
  return { visitor, ada }
}

const guess = (who: Browser, username: string): Promise<Got> => who.logIn(username, wrong)

/** Takes turns, each time in another order. @returns Milliseconds, by class. */
async function sampled(
  classes: Readonly<Record<string, Draw>>,
  answer: readonly [status: number, code: string],
  [count, skipped] = [samples, discarded],
): Promise<Record<string, number[]>> {
  const piles = Object.fromEntries(Object.keys(classes).map((name) => [name, [] as number[]]))
  for (let n = -skipped; n < count; n++) {
    for (const [name, draw] of shuffled(Object.entries(classes))) {
      const from = performance.now()
      const { status, json } = await draw()
      const took = performance.now() - from
      expect([name, status, json.code]).toEqual([name, ...answer])
      if (n >= 0) piles[name]?.push(took)
    }
  }
  return piles
}

const shuffled = <T>(all: readonly T[]): T[] =>
  all
    .map((one) => ({ one, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one)

/** Counts one up at each call. */
const counter = () => {
  let n = 0
  return () => n++
}

test('what is compared, in plain numbers', () => {
  expect(aucOf([1, 2, 3], [4, 5, 6])).toBe(0)
  expect(aucOf([4, 5, 6], [1, 2, 3])).toBe(1)
  expect(aucOf([1, 2, 2, 3], [2, 2])).toBe(0.5)
  expect(aucOf([1, 3], [2, 2])).toBe(0.5)
  expect(aucOf([2, 3], [1, 2])).toBe(0.875)
  expect(medianOf([3, 1, 2, 10])).toBe(2.5)
  expect(compared({ a: [100, 101, 102], b: [100, 101, 102] })).toMatchObject([
    { auc: 0.5, gap: 0, bound: 3.03, alike: true },
  ])
  expect(compared({ a: [1, 2, 3], b: [1, 2, 9] })).toMatchObject([{ alike: false }])
})

test('ENUM-02: a server that spares itself the hash of unknown names is found out', {
  timeout,
}, async () => {
  // A hash that stands out from whatever else the machine is doing.
  const { visitor } = await peopled(few + 2, {
    ...altered('hashes nothing for unknown names'),
    SALLYPORT_HASHING_MEMORY: '65536',
  })
  const [known, unknown] = [counter(), counter()]
  const piles = await sampled(
    {
      known: () => guess(visitor(), `known${known()}`),
      unknown: () => guess(visitor(), `nobody${unknown()}`),
    },
    [401, 'invalid_credentials'],
    [few, 2],
  )
  const [found] = compared(piles)
  expect(found?.alike).toBe(false)
  expect(found?.auc).toBeGreaterThan(0.9)
})

/** In the suite there are too few samples to say anything of what is alike. */
if (campaign)
  test('F15: names known, unknown, disabled and at rest cannot be told apart by time', {
    timeout,
  }, async ({ annotate }) => {
    const { visitor, ada } = await peopled(repeats * (samples + discarded))
    for (let n = 0; n < 10; n++)
      for (let at = 0; at < 5; at++)
        for (const name of ['rests', 'restless']) await guess(visitor(), `${name}${at}`)
    // Somebody else's session, for a member to ask for.
    const member = visitor()
    await member.logIn('known0', 'correct horse battery staple')
    const { id } = (await ada.logIn()).json.session
    const [known, unknown, disabled, rests, restless] = Array.from({ length: 5 }, counter)
    const report: { repeat: number; group: string; pairs: Comparison[]; medians: object }[] = []
    const groups = {
      'sign-in': [
        {
          known: () => guess(visitor(), `known${known?.()}`),
          unknown: () => guess(visitor(), `nobody${unknown?.()}`),
          disabled: () => guess(visitor(), `disabled${disabled?.()}`),
        },
        [401, 'invalid_credentials'],
      ],
      'sign-in at rest': [
        {
          'known, resting': () => guess(visitor(), `rests${(rests?.() ?? 0) % 5}`),
          'unknown, resting': () => guess(visitor(), `restless${(restless?.() ?? 0) % 5}`),
        },
        [429, 'account_locked'],
      ],
      'a session to end': [
        {
          'somebody’s': () => member.send('DELETE', `/auth/sessions/${id}`),
          'nobody’s': () => member.send('DELETE', `/auth/sessions/${'A'.repeat(22)}`),
        },
        [404, 'not_found'],
      ],
    } as const
    mkdirSync('test-output', { recursive: true })
    for (let repeat = 1; repeat <= repeats; repeat++) {
      for (const [group, [classes, answer]] of Object.entries(groups)) {
        const piles = await sampled(classes, answer)
        const medians = Object.fromEntries(
          Object.entries(piles).map(([name, times]) => [name, medianOf(times)]),
        )
        report.push({ repeat, group, pairs: compared(piles), medians })
      }
      const told = { samples, discarded, report }
      writeFileSync('test-output/timing.json', `${JSON.stringify(told, null, 2)}\n`)
    }
    const rows = report.flatMap(({ repeat, pairs, medians }) =>
      pairs.map(({ one, other, auc, gap, bound }) => {
        const [a, b] = [one, other].map((name) =>
          Number((medians as Record<string, number>)[name]).toFixed(2),
        )
        const figures = [auc, gap, bound].map((figure) => figure.toFixed(3))
        return `| ${[repeat, one, other, a, b, ...figures].join(' | ')} |`
      }),
    )
    await annotate(
      [
        `${samples} samples a class`,
        '| repeat | one | other | median, ms | median, ms | AUC | gap, ms | bound, ms |',
        '| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: |',
        ...rows,
      ].join('\n'),
    )
    const apart = report.flatMap(({ repeat, pairs }) =>
      pairs.filter(({ alike }) => !alike).map((pair) => ({ repeat, ...pair })),
    )
    const all = report.flatMap(({ pairs }) => pairs)
    const furthest = Math.max(...all.map(({ auc }) => Math.abs(auc - 0.5)))
    reported('names and sessions by time', {
      counts: {
        repeats,
        'samples a class': samples,
        'AUC, furthest from 0.5': furthest.toFixed(3),
        'widest gap, ms': Math.max(...all.map(({ gap }) => Math.abs(gap))).toFixed(3),
      },
      violations: apart.map(({ repeat, one, other, auc }) => `${repeat}: ${one}, ${other}: ${auc}`),
    })
    expect(apart).toEqual([])
  })
