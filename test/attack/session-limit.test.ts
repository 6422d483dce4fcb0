/**
 * Sessions that were evicted, and sessions that do not count: the SESS cases of `security.md` that are
 * no race. Races are in `store-contract.test.ts`.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { hour, minute } from '../../src/rules/time.ts'
import { databases, openTestGate } from '../gate/gate.ts'
import { addPerson } from '../gate/people.ts'
import { expectLost, holding, renew } from '../gate/refreshing.ts'
import { expectRefused } from '../gate/refusal.ts'
import { type Visitor, visitor } from '../gate/visitor.ts'

const me = (who: Visitor) => who.send('GET', '/auth/me')
const sameOrigin = { 'Sec-Fetch-Site': 'same-origin' }

describe.each(databases)('on %s', (kind) => {
  test('SESS-04: nothing of an evicted session is good for anything, on any node', async () => {
    const open = await openTestGate(kind, { refresh: { enabled: true }, session: { limit: 1 } })
    const other = await open.another()
    const first = visitor(open.gate)
    await first.setUp()
    const jar = new Map(first.jar)
    await renew(first)
    const renewed = new Map(first.jar)
    for (const node of [open.gate, other]) await me(holding(node, renewed))
    const next = visitor(open.gate)
    await next.logIn('ada')
    for (const node of [open.gate, other]) {
      const evicted = holding(node, renewed)
      const gone = await me(evicted)
      expectRefused(gone, 401, 'session_revoked')
      expect(gone.json.reason).toBe('evicted')
      expectRefused(
        await evicted.send('GET', '/auth/csrf', { headers: sameOrigin }),
        401,
        'session_revoked',
      )
      expectRefused(
        await evicted.send('POST', '/auth/sessions/revoke-others'),
        401,
        'session_revoked',
      )
      // Not even as a replay: it is over, and ends nothing more.
      for (const one of [renewed, jar]) expectLost(await renew(holding(node, one)))
      expect((await me(holding(node, next.jar))).status).toBe(200)
    }
    const types = (await open.recorded()).map(({ type }) => type)
    expect(types.filter((type) => type === 'session.evicted')).toHaveLength(1)
    expect(types).not.toContain('refresh.replayed')
  })

  test('SESS-05: what is over does not count, what is restricted does', async () => {
    const open = await openTestGate(kind, { session: { limit: 3 } })
    const { gate, pass, query, recorded } = open
    const ada = visitor(gate)
    await ada.setUp()
    await addPerson(open, 'bob')
    const enter = async (name = 'bob') => {
      const who = visitor(gate)
      pass(1)
      return { who, id: (await who.logIn(name)).json.session.id }
    }
    const standing = await enter()
    // Three ways of being over, none of which makes room by evicting anybody.
    await (await enter()).who.send('POST', '/auth/logout')
    const void1 = await enter()
    await query(`update sessions set "userVersion" = 0 where id = '${void1.id}'`)
    const late = await enter()
    await query(`update sessions set "idleUntil" = "createdAt" where id = '${late.id}'`)
    const more = [await enter(), await enter()]
    for (const { who } of [standing, ...more]) expect((await me(who)).status).toBe(200)
    const evicted = async () =>
      (await recorded()).filter(({ type }) => type === 'session.evicted').map((one) => one.session)
    expect(await evicted()).toEqual([])

    // The next one evicts, and its owner is told where he looks.
    const fourth = await enter()
    expect(await evicted()).toEqual([standing.id])
    const { items } = (await fourth.who.send('GET', '/auth/activity')).json as {
      items?: { type: string; session: string }[]
    }
    expect(items).toContainEqual(
      expect.objectContaining({ type: 'session.evicted', session: standing.id }),
    )

    await addPerson(open, 'eve', { mustChange: true })
    const restricted = [await enter('eve'), await enter('eve'), await enter('eve')]
    await enter('eve')
    expect(await evicted()).toEqual([restricted[0]?.id])
    pass(13 * hour + minute)
    await enter()
    expect(await evicted()).toEqual([])
  })
})
