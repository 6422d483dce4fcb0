/**
 * API keys through the whole gate: made, seen, used, rotated, ended; and what each leaves behind.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { databases, secret as old, openTestGate, origin } from './gate/gate.ts'
import { issue, program } from './gate/keys.ts'
import { addPerson } from './gate/people.ts'
import { expectRefused, unharmed } from './gate/refusal.ts'
import { visitor } from './gate/visitor.ts'
import { freshFolder } from './store/bed.ts'

const [second, minute, day] = [1_000, 60_000, 86_400_000]

async function claimed(kind: (typeof databases)[number] = 'sqlite', options = {}) {
  const open = await openTestGate(kind, options)
  const ada = visitor(open.gate)
  const { user, session } = (await ada.setUp()).json
  await open.recorded()
  const iso = (after: number) => new Date(open.now() + after).toISOString()
  return { ...open, ada, adaId: user.id, sid: session.id, iso }
}

describe.each(databases)('on %s', (kind) => {
  test('made, seen, used, rotated and ended, each with its record', async () => {
    const { gate, ada, adaId, sid, recorded, pass, iso, ...open } = await claimed(kind)
    const created = iso(0)
    const { key, secret } = await issue(open, ada, { scopes: ['users:read', 'audit:read'] })
    expect(key).toEqual({
      id: expect.stringMatching(/^[\w-]{22}$/),
      name: 'ci',
      prefix: `sp_${key.id}`,
      lastFour: secret.slice(-4),
      scopes: ['audit:read', 'users:read'],
      createdAt: created,
      expiresAt: iso(30 * day),
      lastUsedAt: null,
      rotatesAt: null,
    })
    expect(secret).toMatch(/^sp_[\w-]{22}_[\w-]{43}_[\w-]{6}$/)
    const who = `user:${adaId}`
    const about = { actor: who, subject: who, session: sid, outcome: 'success', device: null }
    expect(await recorded()).toMatchObject([{ ...about, type: 'key.issued' }])

    const list = async () => (await ada.send('GET', '/auth/api-keys')).json
    expect(await list()).toEqual({ items: [key], nextCursor: null })

    pass(5 * minute)
    const use = program(gate, secret)
    const used = iso(0)
    expect((await use('GET', '/users')).json).toMatchObject({ items: [{ id: adaId }] })
    pass(59 * second)
    expect((await use('GET', '/users')).status).toBe(200)
    expect(await list()).toMatchObject({ items: [{ lastUsedAt: used }] })
    pass(second)
    expect((await use('GET', '/users')).status).toBe(200)
    expect(await list()).toMatchObject({ items: [{ lastUsedAt: iso(0) }] })
    expect(await recorded()).toEqual([])

    const rotated = await ada.send('POST', `/auth/api-keys/${key.id}/rotate`, {
      json: { overlap: 60 },
    })
    const next = rotated.json as unknown as Awaited<ReturnType<typeof issue>>
    expect([rotated.status, next.key]).toEqual([
      201,
      {
        ...key,
        lastFour: next.secret.slice(-4),
        lastUsedAt: iso(0),
        rotatesAt: iso(60 * second),
      },
    ])
    expect(next.secret.startsWith(next.key.prefix)).toBe(true)
    const both = async () =>
      Promise.all(
        [secret, next.secret].map(
          async (one) => (await program(gate, one)('GET', '/users')).status,
        ),
      )
    pass(59 * second)
    expect(await both()).toEqual([200, 200])
    pass(second)
    expect(await both()).toEqual([401, 200])
    expect(await list()).toMatchObject({ items: [{ rotatesAt: null }] })
    expect(await recorded()).toMatchObject([
      { ...about, type: 'key.rotated' },
      {
        type: 'key.refused',
        actor: 'anonymous',
        subject: who,
        reason: 'secret',
        outcome: 'refused',
      },
    ])

    const path = `/auth/api-keys/${key.id}`
    expect((await ada.send('DELETE', path)).status).toBe(204)
    expect(await both()).toEqual([401, 401])
    expect(await list()).toEqual({ items: [], nextCursor: null })
    const revoked = (await recorded()).filter(({ type }) => type === 'key.revoked')
    expect(revoked).toMatchObject([about])
    expectRefused(await ada.send('DELETE', path), 404, 'not_found')
    expectRefused(await ada.send('POST', `${path}/rotate`), 404, 'not_found')
  })

  test('fifty and no more, however many are made at once on two nodes', async () => {
    const open = await claimed(kind)
    const { gate, another, ada, iso, query } = open
    const other = visitor(await another())
    for (const [name, value] of ada.jar) other.jar.set(name, value)
    const json = { name: 'one of many', scopes: [], expiresAt: iso(day) }
    const got = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        (n % 2 ? ada : other).send('POST', '/auth/api-keys', { json }),
      ),
    )
    const count = (status: number) => got.filter((one) => one.status === status).length
    expect([count(201), count(409)]).toEqual([50, 10])
    expect(await query('select id from keys')).toHaveLength(50)
    const refused = got.find(({ status }) => status === 409)
    if (refused) expectRefused(refused, 409, 'conflict')
    const first = (await ada.send('GET', '/auth/api-keys?limit=30')).json
    const second = await ada.send('GET', `/auth/api-keys?limit=30&cursor=${first.nextCursor}`)
    const ids = [first, second.json].flatMap((page) => page.items as { id: string }[])
    expect(new Set(ids.map(({ id }) => id)).size).toBe(50)

    // An expired one makes room; it is still to be seen.
    await query(`update keys set "expiresAt" = 1 where id = '${ids[0]?.id}'`)
    expect((await ada.send('POST', '/auth/api-keys', { json })).status).toBe(201)
    expect(gate.basePath).toBe('/api/v1')
    expectRefused(await ada.send('POST', '/auth/api-keys', { json }), 409, 'conflict')
    expect(await query('select id from keys')).toHaveLength(51)
  })
})

test('what a key is made of is looked at field by field', async () => {
  const open = await claimed()
  const { ada, iso } = open
  const good = { name: 'ci', scopes: ['users:read'], expiresAt: iso(day) }
  const bad: [object, string][] = [
    [{ name: '' }, 'name'],
    [{ name: 'x'.repeat(129) }, 'name'],
    [{ name: 'a\u202eb' }, 'name'],
    [{ name: 7 }, 'name'],
    [{ scopes: ['users:everything'] }, 'scopes'],
    [{ scopes: ['owner'] }, 'scopes'],
    [{ scopes: 'users:read' }, 'scopes'],
    [{ expiresAt: iso(0) }, 'expiresAt'],
    [{ expiresAt: iso(-day) }, 'expiresAt'],
    [{ expiresAt: iso(366 * day) }, 'expiresAt'],
    [{ expiresAt: 'tomorrow' }, 'expiresAt'],
    [{ expiresAt: open.now() + day }, 'expiresAt'],
    [{ expiresAt: undefined }, 'expiresAt'],
    [{ userId: 'somebody' }, 'userId'],
    [{ secret: 'sp_mine' }, 'secret'],
  ]
  const said = await unharmed(open, async () => {
    for (const [more, name] of bad) {
      const got = await ada.send('POST', '/auth/api-keys', { json: { ...good, ...more } })
      expectRefused(got, 422, 'validation_failed', JSON.stringify(more))
      expect(got.json.fields).toMatchObject([{ name }])
    }
  })
  expect(said).toEqual([])
  const { key } = await issue(open, ada)
  for (const overlap of [-1, 604_801, 1.5, '60']) {
    const got = await ada.send('POST', `/auth/api-keys/${key.id}/rotate`, { json: { overlap } })
    expectRefused(got, 422, 'validation_failed')
  }
  // Nothing at all says the same as `{}`: a day.
  const rotated = await ada.send('POST', `/auth/api-keys/${key.id}/rotate`)
  expect(rotated.json.key).toMatchObject({ rotatesAt: iso(day) })
  await open.query('update keys set "expiresAt" = 1')
  expectRefused(await ada.send('POST', `/auth/api-keys/${key.id}/rotate`), 409, 'conflict')
})

test('nobody gives a key what he has not, and it never has more than he has now', async () => {
  const open = await claimed()
  const { gate, ada, iso } = open
  const eveId = await addPerson(open, 'eve', { role: 'admin' })
  const eve = visitor(gate)
  await eve.logIn('eve')
  const { secret } = await issue(open, eve, { scopes: ['users:read'] })
  const use = program(gate, secret)
  const role = (to: string) => ada.send('PATCH', `/users/${eveId}`, { json: { role: to } })
  expect((await use('GET', '/users')).status).toBe(200)
  await role('member')
  open.pass(second)
  expectRefused(await use('GET', '/users'), 403, 'forbidden')
  await eve.logIn('eve')
  const json = { name: 'more', scopes: ['users:read'], expiresAt: iso(day) }
  await open.recorded()
  expectRefused(await eve.send('POST', '/auth/api-keys', { json }), 403, 'forbidden')
  expect(await open.recorded()).toMatchObject([{ type: 'access.refused', reason: 'users:read' }])
  await role('admin')
  expect((await use('GET', '/users')).status).toBe(200)
})

test('a disabled owner’s keys rest with him; a new password leaves them alone; deleted is for ever', async () => {
  const open = await claimed()
  const { gate, ada } = open
  const bobId = await addPerson(open, 'bob', { role: 'admin' })
  const bob = visitor(gate)
  await bob.logIn('bob')
  const { secret } = await issue(open, bob)
  const status = async () => (await program(gate, secret)('GET', '/users')).status
  const disabled = (to: boolean) => ada.send('PATCH', `/users/${bobId}`, { json: { disabled: to } })
  await disabled(true)
  expect(await status()).toBe(401)
  await disabled(false)
  expect(await status()).toBe(200)
  await ada.send('POST', `/users/${bobId}/reset-password`)
  expect(await status()).toBe(200)
  await ada.send('DELETE', `/users/${bobId}`)
  expect(await status()).toBe(401)
})

test('a key unlocks names in its own record, and is refused by rank as its owner is', async () => {
  const open = await claimed()
  const { gate, ada, adaId } = open
  const eveId = await addPerson(open, 'eve')
  const bobId = await addPerson(open, 'bob', { role: 'admin' })
  for (let n = 0; n < 11; n++) await visitor(gate).logIn('eve', 'a password that is not the one')
  const bob = visitor(gate)
  await bob.logIn('bob')
  const { key, secret } = await issue(open, bob, { scopes: ['users:write'] })
  await open.recorded()
  const use = program(gate, secret)
  expect((await use('POST', `/users/${eveId}/unlock`)).status).toBe(204)
  expect(await open.recorded()).toMatchObject([
    {
      type: 'auth.unlocked',
      actor: `user:${bobId}`,
      subject: `user:${eveId}`,
      session: null,
      details: JSON.stringify({ key: key.id }),
    },
  ])
  expectRefused(await use('POST', `/users/${adaId}/unlock`), 403, 'forbidden')
  expect(ada.jar.size).toBeGreaterThan(0)
})

test('a host asks who calls its own route, and is told what the key may do', async () => {
  const open = await claimed()
  const { gate, ada, adaId } = open
  const { key, secret } = await issue(open, ada)
  const call = (headers: Record<string, string>, method = 'POST') =>
    gate.callerOf(new Request(`${origin}/mine`, { method, headers }))
  const caller = await call({ Authorization: `Bearer ${secret}` })
  expect(caller).toMatchObject({
    ok: true,
    user: { id: adaId, role: 'owner' },
    key: { id: key.id, scopes: ['users:read'] },
    permissions: ['users:read'],
  })
  expect(caller).not.toHaveProperty('session')
  const refused = await call({ Authorization: `Bearer ${secret.slice(0, -1)}` })
  expect(refused).toMatchObject({ ok: false, code: 'not_authenticated' })
  expect(!refused.ok && refused.response.headers.get('www-authenticate')).toBe('Bearer')
})

test('under a new root secret keys go on, and a node that is behind says so', async () => {
  const open = await claimed()
  const { ada, another, gate } = open
  const { secret } = await issue(open, ada)
  const newer = 'nQ7wE3rT9yU1iO5pA8sD2fG6hJ0kL4zXcV7bN1mQ3wE'
  const file = join(freshFolder(), 'secret')
  writeFileSync(file, `${newer}\n${old}\n`, { mode: 0o600 })
  const moved = await another({ secret: undefined, secretFile: file })
  expect((await program(moved, secret)('GET', '/users')).status).toBe(200)
  // By now it is kept under the new one.
  expectRefused(await program(gate, secret)('GET', '/users'), 503, 'unavailable')
  expect((await program(moved, secret)('GET', '/users')).status).toBe(200)
})

test('requests by key count towards their owner, and refused ones towards the address', async () => {
  const limits = { anonymous: 3, signedIn: 5 }
  const open = await claimed('sqlite', { limits: { floor: 0, login: 0, setup: 0, ...limits } })
  const { gate, ada } = open
  const { secret } = await issue(open, ada)
  const statuses = async (text: string, times: number) => {
    const got: number[] = []
    for (let n = 0; n < times; n++) got.push((await program(gate, text)('GET', '/users')).status)
    return got
  }
  expect(await statuses(secret, 5)).toEqual([200, 200, 200, 200, 429])
  await open.recorded()
  const wrong = `${secret.slice(0, 26)}_${'A'.repeat(43)}_AAAAAA`
  expect(await statuses(wrong, 5)).toEqual([401, 401, 401, 429, 429])
  expect(await open.recorded()).toEqual([])
})
