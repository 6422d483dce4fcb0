/**
 * What is around a refresh: other pages, a root secret that is being rotated, a clock that is wrong.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { hour } from '../../src/rules/time.ts'
import { databases, openTestGate, secret } from '../gate/gate.ts'
import {
  claimed,
  csrf,
  expectLost,
  holding,
  options,
  refresh,
  renew,
  session,
} from '../gate/refreshing.ts'
import { expectRefused, unharmed } from '../gate/refusal.ts'
import { type Visitor, visitor } from '../gate/visitor.ts'
import { emptyFolder } from '../server/process.ts'

const sameOrigin = { 'Sec-Fetch-Site': 'same-origin' }

describe.each(databases)('on %s', (kind) => {
  test('RT-18: while the root is rotated node by node nobody is taken for a thief', async () => {
    const open = await claimed(kind)
    const { ada, another, gate, types, query } = open
    const next = randomBytes(32).toString('base64url')
    const folder = emptyFolder()
    const node = (name: string, ...roots: string[]) => {
      const secretFile = join(folder, name)
      writeFileSync(secretFile, roots.join('\n'), { mode: 0o600 })
      return another({ secret: undefined, secretFile })
    }
    const knowing = await node('old first', secret, next)
    const moved = await node('new first', next, secret)
    const clients = [new Map(ada.jar)]
    for (let n = 0; n < 4; n++) {
      const who = visitor(knowing)
      await who.logIn('ada')
      clients.push(new Map(who.jar))
    }
    await types()
    // Both nodes by the old root, then one of each, then both by the new one.
    for (const nodes of [
      [gate, knowing],
      [knowing, moved],
      [moved, knowing],
      [moved, moved],
    ]) {
      await Promise.all(
        clients.map(async (jar) => {
          const tabs = Array.from({ length: 10 }, (_, n) => holding(nodes[n % 2] ?? gate, jar))
          const answers = await Promise.all(tabs.map(renew))
          expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
          const [one, ...more] = new Set(tabs.map((tab) => tab.jar.get(refresh)))
          expect(more).toEqual([])
          jar.set(refresh, one ?? '')
          for (const tab of tabs) {
            expect(tab.jar.get(csrf)).toBe(jar.get(csrf))
            jar.set(session, tab.jar.get(session) ?? '')
          }
        }),
      )
    }
    expect(await types()).toEqual([])

    // A node that has never heard of the new root says that it cannot know.
    const [jar = new Map<string, string>()] = clients
    const said = await unharmed(open, async () => {
      expectRefused(await renew(holding(gate, jar)), 503, 'unavailable')
    })
    expect(said).toEqual([])
    expect((await renew(holding(moved, jar))).status).toBe(200)
    expect(await query('select id from sessions where "endedAt" is not null')).toEqual([])
  })

  test('CSRF-13: with the refresh cookie alone, another page renews nothing (R4.5)', async () => {
    const open = await claimed(kind)
    const { ada, gate } = open
    const only = new Map([[refresh, ada.jar.get(refresh) ?? '']])
    const both = new Map([...only, [csrf, ada.jar.get(csrf) ?? '']])
    const other = visitor(gate)
    await other.logIn('ada')
    const ofOther = new Map([...only, [csrf, other.jar.get(csrf) ?? '']])
    const elsewhere: Record<string, string | null>[] = [
      { Origin: 'https://evil.test', 'Sec-Fetch-Site': 'cross-site' },
      { Origin: 'https://sibling.example.test', 'Sec-Fetch-Site': 'same-site' },
      { Origin: null, 'Sec-Fetch-Site': 'cross-site' },
      { Origin: null, 'Sec-Fetch-Site': 'none' },
      { Origin: 'null', 'Sec-Fetch-Site': null },
      { Origin: null, 'Sec-Fetch-Site': null },
      { 'X-CSRF-Token': null },
      { 'X-CSRF-Token': '' },
      { 'X-CSRF-Token': 'AAAA' },
    ]
    const said = await unharmed(open, async () => {
      for (const headers of elsewhere) {
        for (const jar of [only, both]) {
          const got = await holding(gate, jar).send('POST', '/auth/refresh', { headers })
          expectRefused(got, 403, 'csrf_rejected', JSON.stringify(headers))
        }
      }
      for (const jar of [only, ofOther])
        expectRefused(await renew(holding(gate, jar)), 403, 'csrf_rejected')
    })
    expect(new Set(said.map(({ type }) => type))).toEqual(new Set(['csrf.rejected']))
    expect((await renew(holding(gate, both))).status).toBe(200)
  })

  test('CSRF-21: the token is had with the refresh cookie alone, from this origin only', async () => {
    const { ada, gate } = await claimed(kind)
    const only = new Map([[refresh, ada.jar.get(refresh) ?? '']])
    for (const site of ['cross-site', 'same-site', 'none']) {
      const got = await holding(gate, only).send('GET', '/auth/csrf', {
        headers: { 'Sec-Fetch-Site': site, Origin: 'https://sibling.example.test' },
      })
      expectRefused(got, 403, 'csrf_rejected')
      expect(got.headers.has('access-control-allow-origin')).toBe(false)
    }
    const who = holding(gate, only)
    const own = await who.send('GET', '/auth/csrf', { headers: sameOrigin })
    expect([own.status, own.headers.get('cache-control'), own.set.length]).toEqual([
      200,
      'no-store',
      1,
    ])
    expect((await renew(who)).status).toBe(200)
    for (const jar of [new Map(), new Map([[refresh, 'planted']])])
      expectRefused(
        await holding(gate, jar).send('GET', '/auth/csrf', { headers: sameOrigin }),
        401,
        'not_authenticated',
      )
  })
})

describe('a node whose clock is wrong, over the clock of PostgreSQL (RT-17)', () => {
  afterEach(() => void vi.useRealTimers())

  test.each([
    ['an hour behind', -hour],
    ['an hour ahead', hour],
  ])('%s judges no leeway and no limit otherwise', async (_, wrong) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const right = Date.now()
    const open = await openTestGate('postgres', { ...options, clock: undefined })
    const { gate, query, recorded } = open
    const ada = visitor(gate)
    await ada.setUp()
    await recorded()
    const astray = async (who: Visitor) => {
      vi.setSystemTime(right + wrong)
      const got = await renew(who)
      vi.setSystemTime(right)
      return got
    }
    const old = new Map(ada.jar)
    expect((await renew(ada)).status).toBe(200)
    const healed = holding(gate, old)
    expect((await astray(healed)).status).toBe(200)
    expect(healed.jar.get(refresh)).toBe(ada.jar.get(refresh))

    await query('update sessions set "idleUntil" = "idleUntil" - 890000')
    expect((await astray(ada)).status).toBe(200)
    expect(await recorded()).toEqual([])
    // Its access token may be from tomorrow; the refresh cookie still brings a good one.
    expect((await renew(ada)).status).toBe(200)
    expect((await ada.send('GET', '/auth/me')).status).toBe(200)

    const used = new Map(ada.jar)
    await renew(ada)
    await query('update sessions set "rotatedAt" = "rotatedAt" - 31000')
    expectLost(await astray(holding(gate, used)))
    expect((await recorded()).map(({ type }) => type)).toEqual(['refresh.replayed'])
  })
})
