/**
 * The audit through the gate, on both databases: looked through in pages, carried away as lines and
 * verified, by whoever may and by nobody else.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { macOf } from '../src/rules/audit.ts'
import { deriveKeys, rootOf } from '../src/rules/keys.ts'
import { minute } from '../src/rules/time.ts'
import type { AuditEvent, AuditVerification, ExportedEvent } from '../src/wire.ts'
import { databases, openTestGate, origin, secret, type TestGate } from './gate/gate.ts'
import { issue, program } from './gate/keys.ts'
import { addPerson } from './gate/people.ts'
import { expectRefused, unharmed } from './gate/refusal.ts'
import { type Got, type Visitor, visitor } from './gate/visitor.ts'

const items = ({ json }: Got) => json.items as AuditEvent[]
const list = (who: Visitor, query = '') => who.send('GET', `/audit${query}`)
const verified = async (who: Visitor) =>
  (await who.send('GET', '/audit/verify')).json as unknown as AuditVerification
const linesIn = ({ text }: Got): ExportedEvent[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

async function withOwner(kind: (typeof databases)[number]) {
  const open = await openTestGate(kind)
  const ada = visitor(open.gate)
  const { user } = (await ada.setUp()).json
  return { ...open, open, ada, adaId: user.id }
}

/** Fills the audit with copies of its first row, one a millisecond, as no chain has them. */
const manyRows = ({ query }: TestGate, count: number, at: number) =>
  query(`with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count})
    insert into audit (id, chain, seq, at, type, actor, subject, session, address, device, outcome,
      reason, details, mac)
    select 'row' || n, 'made by hand', n, ${at} + n, 'auth.refused', 'anonymous', null, null, null,
      null, 'refused', null, null, 'none' from numbers`)

describe.each(databases)('the records on %s', (kind) => {
  test('newest first, in pages without gap or repetition; of a type, a person, a time', async () => {
    const { open, ada, adaId, gate, pass, now } = await withOwner(kind)
    const bobId = await addPerson(open, 'bob')
    const bob = visitor(gate)
    for (let n = 0; n < 3; n++) {
      pass(1)
      await bob.logIn('bob', 'wrong'.repeat(4))
    }
    const before = now()
    pass(minute)
    await bob.logIn('bob')
    pass(1)
    await ada.send('POST', `/users/${bobId}/revoke-sessions`)
    await visitor(gate).logIn('nobody at all', 'wrong'.repeat(4))

    const all = items(await list(ada))
    const kept = await open.query('select id from audit order by at desc, chain desc, seq desc')
    expect(all.map(({ id }) => id)).toEqual(kept.map(({ id }) => id))
    expect(Object.keys(all[0] ?? {})).toEqual([
      ...['id', 'chain', 'seq', 'at', 'type', 'actor', 'subject', 'session', 'address', 'device'],
      ...['outcome', 'reason', 'details'],
    ])

    const inPages = async (query: string) => {
      const found: AuditEvent[] = []
      let cursor = ''
      do {
        const got = await list(ada, `?limit=2${query}${cursor}`)
        expect(items(got).length).toBeLessThanOrEqual(2)
        found.push(...items(got))
        cursor = got.json.nextCursor === null ? '' : `&cursor=${got.json.nextCursor}`
      } while (cursor)
      return found
    }
    const iso = new Date(before + 1).toISOString()
    const bobs = ({ actor, subject }: AuditEvent) => [actor, subject].includes(`user:${bobId}`)
    const adas = ({ actor, subject }: AuditEvent) => [actor, subject].includes(`user:${adaId}`)
    for (const [query, holds] of [
      ['', () => true],
      ['&type=auth.refused', ({ type }) => type === 'auth.refused'],
      ['&type=auth', ({ type }) => type.startsWith('auth.')],
      [`&user=${bobId}`, bobs],
      [`&user=${adaId}`, adas],
      [`&user=${bobId}&type=auth.refused`, (one) => bobs(one) && one.type === 'auth.refused'],
      [`&from=${iso}`, ({ at }) => at >= iso],
      [`&to=${iso}`, ({ at }) => at < iso],
      [`&user=${bobId}&from=${iso}`, (one) => bobs(one) && one.at >= iso],
      ['&user=nobody', () => false],
    ] as readonly (readonly [string, (one: AuditEvent) => boolean])[])
      expect([query, await inPages(query)]).toEqual([query, all.filter(holds)])
    // What she did to him stands under both.
    expect(all.filter((one) => bobs(one) && adas(one)).map(({ type }) => type)).toEqual([
      'session.revoked',
    ])
  })

  test('cursors are of this person and of what was asked; nonsense is 422', async () => {
    const { open, ada } = await withOwner(kind)
    await addPerson(open, 'eve', { role: 'admin' })
    const eve = visitor(open.gate)
    await eve.logIn('eve')
    const cursor = `&cursor=${(await list(ada, '?limit=1')).json.nextCursor}`
    expect((await list(ada, `?limit=1${cursor}`)).status).toBe(200)
    const said = await unharmed(open, async () => {
      for (const asked of [
        list(eve, `?limit=1${cursor}`),
        list(ada, `?type=auth${cursor}`),
        list(ada, '?cursor=nonsense'),
        list(ada, '?type=auth.nothing'),
        list(ada, '?type='),
        list(ada, '?type=au'),
        list(ada, '?from=yesterday'),
        list(ada, '?to=2026-01-01'),
        list(ada, '?limit=0'),
        list(ada, '?limit=201'),
        list(ada, '?who=ada'),
        ada.send('GET', '/audit/export?limit=1'),
        ada.send('GET', '/audit/export?type=nothing'),
        ada.send('GET', `/auth/activity?limit=1${cursor}`),
      ])
        expectRefused(await asked, 422, 'validation_failed')
    })
    expect(said).toEqual([])
  })

  test('for who may: a role or a key with audit:read; else 403, and that is recorded (AUTHZ-14)', async () => {
    const { open, ada, gate } = await withOwner(kind)
    await addPerson(open, 'bob')
    const bob = visitor(gate)
    await bob.logIn('bob')
    const reader = program(gate, (await issue(open, ada, { scopes: ['audit:read'] })).secret)
    const other = program(gate, (await issue(open, ada, { scopes: ['users:read'] })).secret)
    expect((await reader('GET', '/audit')).status).toBe(200)
    expect((await reader('GET', '/audit/verify')).json).toMatchObject({ intact: true })
    await open.recorded()
    const said = await unharmed(open, async () => {
      for (const path of ['/audit', '/audit/export', '/audit/verify']) {
        expectRefused(await bob.send('GET', path), 403, 'forbidden', path)
        expectRefused(await other('GET', path), 403, 'forbidden', path)
      }
      expectRefused(await reader('GET', '/audit/export'), 403, 'forbidden')
    })
    expect(new Set(said.map(({ type }) => type))).toEqual(new Set(['access.refused']))
    expect(said).toHaveLength(7)
  })

  test('carried away oldest first, each with what seals it, and that is recorded; with a fresh proof only', async () => {
    const { open, ada, adaId, pass, query } = await withOwner(kind)
    for (let n = 0; n < 30; n++) {
      pass(1)
      await visitor(open.gate).logIn('nobody', 'wrong'.repeat(4))
    }
    await open.recorded()
    const got = await ada.send('GET', '/audit/export')
    expect(got.status).toBe(200)
    expect(Object.fromEntries(got.headers)).toMatchObject({
      'content-type': 'application/x-ndjson',
      'content-disposition': 'attachment; filename="sallyport-audit-2026-01-01.jsonl"',
      'cache-control': 'no-store',
    })
    expect(await open.recorded()).toMatchObject([
      { type: 'audit.exported', actor: `user:${adaId}`, details: '{}' },
    ])
    const kept = await query('select * from audit order by at, chain, seq')
    const lines = linesIn(got)
    expect(lines.map(({ id, mac }) => [id, mac])).toEqual(kept.map(({ id, mac }) => [id, mac]))
    // Whoever has the secret can verify the copy by itself.
    const [row] = await query('select "instanceId" from instance')
    const root = rootOf(Buffer.from(secret))
    const key = deriveKeys({ active: root, verify: [] }, String(row?.instanceId)).active(
      'audit',
    ).key
    const ends = new Map<string, string>()
    for (const { mac, ...one } of lines) {
      const details = one.details && JSON.stringify(one.details)
      const again = macOf(key, ends.get(one.chain) ?? '', {
        ...one,
        at: Date.parse(one.at),
        type: one.type as 'auth.refused',
        details,
      })
      expect(again).toBe(mac)
      ends.set(one.chain, mac)
    }
    const some = linesIn(await ada.send('GET', '/audit/export?type=instance'))
    expect(some.map(({ type }) => type)).toEqual(['instance.claimed'])
    await open.recorded()

    pass(10 * minute)
    await ada.send('GET', '/auth/me')
    const said = await unharmed(open, async () => {
      expectRefused(await ada.send('GET', '/audit/export'), 403, 'step_up_required')
    })
    expect(said).toEqual([])
  })

  test('a copy is broken off when the session ends, and does not look whole', async () => {
    const { open, ada, gate, now } = await withOwner(kind)
    await manyRows(open, 5_000, now() - minute)
    const cookie = [...ada.jar].map((pair) => pair.join('=')).join('; ')
    const asked = new Request(`${origin}/api/v1/audit/export`, { headers: { Cookie: cookie } })
    const answer = await gate.handle(asked, { address: '198.51.100.7' })
    const reader = answer.body?.getReader()
    expect((await reader?.read())?.done).toBe(false)
    expect((await ada.send('POST', '/auth/logout')).status).toBe(204)
    const rest = async () => {
      while (!(await reader?.read())?.done);
    }
    await expect(rest()).rejects.toThrow('the session is over')
  })

  test('what is rare is looked for a part at a time, and found', async () => {
    const { open, ada, now, query } = await withOwner(kind)
    const claimed = `select id from audit where type = 'instance.claimed'`
    const [first] = await query(claimed)
    await manyRows(open, 51_500, now() - minute)
    const pages: Got[] = [await list(ada, '?type=user')]
    for (let next = pages[0]?.json.nextCursor; next; next = pages.at(-1)?.json.nextCursor)
      pages.push(await list(ada, `?type=user&cursor=${next}`))
    expect(pages.map((page) => items(page))).toEqual([[], []])
    const got = await ada.send('GET', '/audit/export?type=instance')
    expect(linesIn(got).map(({ id }) => id)).toEqual([first?.id])
  })

  test('what somebody wrote into them is shown as it stands, and verification names it', async () => {
    const { ada, query } = await withOwner(kind)
    expect(await verified(ada)).toMatchObject({ intact: true, rows: 2, chains: 1, faults: [] })
    await query(`update audit set details = '{"not": json' where seq = 2`)
    const [bent] = items(await list(ada)).filter(({ seq }) => seq === 2)
    expect(bent?.details).toEqual({ unreadable: '{"not": json' })
    expect(await verified(ada)).toEqual({
      intact: false,
      at: '2026-01-01T12:00:00.000Z',
      rows: 1,
      chains: 1,
      checkpoints: 0,
      knownUntil: null,
      faults: [
        {
          what: 'changed',
          chain: bent?.chain,
          seq: 2,
          id: bent?.id,
          at: bent?.at,
          detail: expect.stringMatching(/^The record is not what was sealed/),
        },
      ],
    })
  })
})
