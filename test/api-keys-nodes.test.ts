/**
 * A key that is used on two real servers while it is revoked on one (KEY-09): once the revocation was
 * answered, no use that begins later succeeds, and noting a use brings nothing back. `npm run campaign --
 * keys` does it 500 times.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { held } from './campaigns/report.ts'
import { altered } from './server/altered.ts'
import { browser } from './server/browser.ts'
import { type Pair, pair, places } from './server/pair.ts'

const campaign = process.env.CAMPAIGN !== undefined
const rounds = campaign ? 500 : 12
const timeout = campaign ? 1_800_000 : 60_000
const day = 86_400_000
const env = { SALLYPORT_SESSION_ACCESS_LIFETIME: '2h', SALLYPORT_STEP_UP_WINDOW: '2h' }

interface Use {
  readonly status: number
  readonly began: number
  readonly ended: number
}

/** One use after another on a node, until told to stop. */
async function keepUsing({ nodes, tab }: Pair, node: 0 | 1, secret: string, stop: () => boolean) {
  const origin = nodes[0].origin
  const uses: Use[] = []
  const target = { port: nodes[node].port, origin }
  const headers = { authorization: `Bearer ${secret}` }
  expect(tab(node).jar.size).toBe(0)
  while (!stop()) {
    const began = performance.now()
    const { status } = await browser(target).send('GET', '/users', { headers })
    uses.push({ status, began, ended: performance.now() })
  }
  return uses
}

/** A key is made, used on both nodes at once, and revoked meanwhile. */
async function round(two: Pair, ada: ReturnType<Pair['tab']>, n: number) {
  const expiresAt = new Date(Date.now() + day).toISOString()
  const json = { name: `of round ${n}`, scopes: ['users:read'], expiresAt }
  const made = await ada.send('POST', '/auth/api-keys', { json })
  expect(made.status).toBe(201)
  const { key, secret } = made.json as unknown as { key: { id: string }; secret: string }
  let done = false
  // Four at a time on each: the first use of each is the one that is noted.
  const using = ([0, 1, 0, 1, 0, 1, 0, 1] as const).map((node) =>
    keepUsing(two, node, secret, () => done),
  )
  await new Promise((resolve) => setTimeout(resolve, (n * 7) % 23))
  const began = performance.now()
  expect((await ada.send('DELETE', `/auth/api-keys/${key.id}`)).status).toBe(204)
  const answered = performance.now()
  await new Promise((resolve) => setTimeout(resolve, 20))
  done = true
  const uses = (await Promise.all(using)).flat()
  const late = uses.filter((use) => use.began > answered)
  return {
    during: uses.filter((use) => use.began < answered && use.ended > began).length,
    late: late.length,
    accepted: late.filter(({ status }) => status !== 401).length,
    kept: (await two.query(`select id from keys where id = '${key.id}'`)).length,
  }
}

describe.each(Object.entries(places))('two servers over %s', (name, place) => {
  test(`KEY-09: ${rounds} keys revoked while they are used: not one use later`, {
    timeout,
  }, async ({ annotate }) => {
    const two = await pair(place, env)
    const ada = two.tab(0)
    await ada.setUp(two.nodes[0].setupToken)
    let [during, late] = [0, 0]
    for (let n = 0; n < rounds; n++) {
      const seen = await round(two, ada, n)
      expect([n, seen.accepted, seen.kept]).toEqual([n, 0, 0])
      during += seen.during
      late += seen.late
    }
    expect(during).toBeGreaterThan(rounds)
    expect(late).toBeGreaterThan(rounds)
    held(name, { rounds, 'uses during a revocation': during, 'uses after it': late })
    await annotate(`${rounds} rounds: ${during} uses during a revocation, ${late} after it`)
  })

  test('and it would not hold if a use were noted on what was read', { timeout }, async () => {
    const two = await pair(place, { ...env, ...altered('revives used keys') })
    const ada = two.tab(0)
    await ada.setUp(two.nodes[0].setupToken)
    let revived = 0
    for (let n = 0; revived === 0 && n < 300; n++) {
      const seen = await round(two, ada, n)
      revived += seen.accepted + seen.kept
    }
    expect(revived).toBeGreaterThan(0)
  })
})
