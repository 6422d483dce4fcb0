/**
 * Somebody else claims the instance, or two people do: the SETUP cases of `security.md`.
 *
 * @module
 */
import { expect, test } from 'vitest'
import type { Sallyport } from '../../src/index.ts'
import { databases, openTestGate, setupToken } from '../gate/gate.ts'
import { expectRefused, unharmed } from '../gate/refusal.ts'
import { type Got, password, visitor } from '../gate/visitor.ts'

/** `count` people claim at once, each from an address of its own. */
function claims(gate: Sallyport, count: number, from: string): Promise<Got>[] {
  return Array.from({ length: count }, (_, n) => visitor(gate, `192.0.2.${n}`).setUp(`${from}${n}`))
}

/** Expects one winner among the answers, and in the database exactly what he was told. */
async function oneOwner(open: Awaited<ReturnType<typeof openTestGate>>, answers: readonly Got[]) {
  const won = answers.filter(({ status }) => status === 201)
  expect(won).toHaveLength(1)
  // On a busy machine some may have waited too long for their hash; nobody else gets in.
  for (const lost of answers)
    if (lost.status === 503) expectRefused(lost, 503, 'busy')
    else if (lost.status !== 201) expectRefused(lost, 409, 'already_set_up')
  const { user, session } = won[0]?.json ?? {}
  expect(await open.query('select id, role from users')).toEqual([{ id: user?.id, role: 'owner' }])
  expect(await open.query('select id from sessions')).toEqual([{ id: session?.id }])
  const said = await open.recorded()
  expect(said.filter(({ outcome }) => outcome === 'success').map(({ type }) => type)).toEqual([
    'instance.claimed',
    'auth.signed_in',
  ])
  // Whoever lost is on record, and nobody else.
  expect(said.filter(({ outcome }) => outcome === 'refused').map(({ reason }) => reason)).toEqual(
    answers.filter(({ status }) => status === 409).map(() => 'already_set_up'),
  )
}

test.each(databases)('SETUP-01: of twenty claims at once one wins, on %s (L8)', async (kind) => {
  const open = await openTestGate(kind)
  await oneOwner(open, await Promise.all(claims(open.gate, 20, 'a')))
})

test.each(databases)(
  'SETUP-02: of ten claims at each of two nodes one wins, on %s (L8)',
  async (kind) => {
    for (let round = 0; round < 3; round++) {
      const open = await openTestGate(kind)
      const { database } = open
      const other = await openTestGate(kind, { database })
      const all = [...claims(open.gate, 10, 'a'), ...claims(other.gate, 10, 'b')]
      await oneOwner(open, await Promise.all(all))
      // Each node knows, and neither hands the token out any more.
      for (const { gate } of [open, other]) {
        expect(await gate.setupToken()).toBeUndefined()
        expectRefused(await visitor(gate).setUp('late'), 409, 'already_set_up')
      }
    }
  },
)

test('SETUP-03: only the token claims, and no answer tells anything of it', async () => {
  const open = await openTestGate()
  const { gate } = open
  const guesses: unknown[] = [
    undefined,
    null,
    '',
    0,
    true,
    {},
    [setupToken],
    { $ne: null },
    setupToken.slice(0, -1),
    `${setupToken}a`,
    ` ${setupToken}`,
    `${setupToken}\0`,
    setupToken.toUpperCase(),
    setupToken.normalize('NFD').replace(' ', '\u00a0'),
    Buffer.from(setupToken).toString('base64url'),
    'x'.repeat(60_000),
    ...Array.from({ length: 200 }, (_, n) => `${n}`.padStart(43, 'A')),
  ]
  const said = await unharmed(open, async () => {
    const stranger = visitor(gate)
    for (const guess of guesses) {
      const json = { setupToken: guess, username: 'eve', password }
      const got = await stranger.send('POST', '/auth/setup', { json })
      expectRefused(got, 403, 'forbidden', String(guess).slice(0, 20))
      expect(got.text).not.toContain(setupToken)
    }
    const query = await stranger.send('POST', `/auth/setup?setupToken=${setupToken}`, {
      json: { username: 'eve', password },
      headers: { 'X-Setup-Token': setupToken, Authorization: `Bearer ${setupToken}` },
    })
    expectRefused(query, 403, 'forbidden')
    const status = await stranger.send('GET', '/auth/setup')
    expect(Object.keys(status.json)).toEqual(['needsOwner', 'passwordPolicy'])
  })
  expect(said).toHaveLength(guesses.length + 1)
  expect(JSON.stringify(said)).not.toContain(setupToken)
  expect((await visitor(gate).setUp()).status).toBe(201)
})

test('SETUP-03: a token nobody chose is long, the same on every node, and another elsewhere', async () => {
  const open = await openTestGate('sqlite', { setupToken: undefined })
  const { database } = open
  const second = await openTestGate('sqlite', { database, setupToken: undefined })
  const elsewhere = await openTestGate('sqlite', { setupToken: undefined })
  const token = await open.gate.setupToken()
  expect(token).toMatch(/^[\w-]{43}$/)
  expect(await second.gate.setupToken()).toBe(token)
  expect(await elsewhere.gate.setupToken()).not.toBe(token)
  const json = { setupToken: token, username: 'eve', password }
  expectRefused(
    await visitor(elsewhere.gate).send('POST', '/auth/setup', { json }),
    403,
    'forbidden',
  )
  expect((await visitor(second.gate).send('POST', '/auth/setup', { json })).status).toBe(201)
  expect(await open.gate.setupToken()).toBeUndefined()
})

test('SETUP-06: once claimed, every way in is the same 409, whatever is sent', async () => {
  const open = await openTestGate()
  const { gate } = open
  const ada = visitor(gate)
  await ada.setUp()
  const before = (await visitor(gate).send('GET', '/auth/setup')).text
  await unharmed(open, async () => {
    const bodies = [
      { setupToken, username: 'eve', password },
      { setupToken, username: 'ada', password },
      { setupToken: 'wrong', username: 'eve', password },
      { setupToken, isOwner: true },
      {},
    ]
    const told = new Set<string>()
    for (const json of bodies)
      for (const who of [ada, visitor(gate)]) {
        const got = await who.send('POST', '/auth/setup', { json })
        expectRefused(got, 409, 'already_set_up')
        told.add(got.text.replace(got.json.instance, ''))
      }
    expect(told.size).toBe(1)
    for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      expectRefused(await ada.send(method, '/auth/setup'), 405, 'method_not_allowed')
    // The token opens nothing else either.
    const logIn = await visitor(gate).logIn('ada', setupToken)
    expectRefused(logIn, 401, 'invalid_credentials')
  })
  expect(JSON.parse(before)).toMatchObject({ needsOwner: false })
  // Not even when there is nobody left.
  await open.query('delete from sessions')
  await open.query('delete from users')
  expectRefused(await visitor(gate).setUp('eve'), 409, 'already_set_up')
  expect((await visitor(gate).send('GET', '/auth/setup')).text).toBe(before)
})

test.each(databases)(
  'SETUP-08: who was there before the claim is no owner, and stands in nobody’s way, on %s (L8)',
  async (kind) => {
    const open = await openTestGate(kind)
    const { gate, query } = open
    await query(`
      insert into users (id, username, "displayName", role, scopes, "passwordHash",
        "mustChangePassword", version, "createdAt", "lastLoginAt", "disabledAt", revision)
      values ('${'bob'.padEnd(22, '0')}', 'bob', null, 'member', '[]', null, 0, 1, 0, null, null, 'x')`)
    const stranger = visitor(gate)
    expect((await stranger.send('GET', '/auth/setup')).json.needsOwner).toBe(true)
    // Nobody makes people before there is an owner, with the token or without.
    for (const headers of [{}, { Authorization: `Bearer ${setupToken}` }])
      expectRefused(
        await stranger.send('POST', '/users', {
          json: { username: 'eve', role: 'owner' },
          headers,
        }),
        401,
        'not_authenticated',
      )
    expectRefused(await stranger.setUp('bob'), 409, 'username_taken')
    expect((await stranger.send('GET', '/auth/setup')).json.needsOwner).toBe(true)
    expect((await stranger.setUp()).status).toBe(201)
    expect(await query('select username, role from users order by username')).toEqual([
      { username: 'ada', role: 'owner' },
      { username: 'bob', role: 'member' },
    ])
  },
)

test('AUTHZ-03: no field makes more of a person than the form says', async () => {
  const open = await openTestGate()
  const { gate } = open
  const extra = [
    'role',
    'isOwner',
    'id',
    'createdAt',
    'passwordHash',
    'scopes',
    'disabled',
    'version',
  ]
  await unharmed(open, async () => {
    for (const name of extra) {
      const json = { setupToken, username: 'eve', password, [name]: 'owner' }
      const got = await visitor(gate).send('POST', '/auth/setup', { json })
      expectRefused(got, 422, 'validation_failed', name)
      expect(got.json.fields).toEqual([
        { name, code: 'unknown_field', detail: 'This field is not known here.' },
      ])
    }
  })
  await visitor(gate).setUp()
  await unharmed(open, async () => {
    for (const name of [...extra, 'userId', 'mustChangePassword', 'sessionId']) {
      const json = { username: 'ada', password, [name]: 'owner' }
      const got = await visitor(gate).send('POST', '/auth/login', { json })
      expectRefused(got, 422, 'validation_failed', name)
    }
  })
})
