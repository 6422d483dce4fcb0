/**
 * Lockout through the whole gate: strangers who guess let a name rest, its owner gets in all the same
 * from a browser that is known, and an administrator sees it and may end it.
 *
 * @module
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import { logIn } from '../src/flows/log-in.ts'
import { proveAgain } from '../src/flows/prove.ts'
import { saidIn } from '../src/options.ts'
import { Unavailable, type World } from '../src/ports.ts'
import { openWorld } from '../src/world.ts'
import { databases, noLimits, openTestGate, origin, secret, setupToken } from './gate/gate.ts'
import { evaluated, expectResting, filling, guess, guesses, wrong } from './gate/guesses.ts'
import { addPerson } from './gate/people.ts'
import { expectRefused } from './gate/refusal.ts'
import { password, visitor } from './gate/visitor.ts'

const minute = 60_000
const day = 24 * 60 * minute

/** A world over the database of a gate, on a clock of its own. */
async function worldOf(database: string, now: () => number): Promise<World> {
  const written = { publicOrigin: origin, database, secret, setupToken, limits: noLimits }
  const { world, close } = await openWorld(saidIn(written), { now, elapsed: now })
  onTestFinished(close)
  return world
}

describe.each(databases)('on %s', (kind) => {
  test('Ten wrong passwords rest a name: the tenth is told, the eleventh is not looked at (C4, P2, R2.3, R5.2)', async () => {
    const { gate, pass, recorded } = await openTestGate(kind)
    const ada = await visitor(gate).setUp()
    await recorded()
    expect(await guesses(gate, 'ada', 10)).toEqual(filling())
    const who = { actor: 'anonymous', subject: `user:${ada.json.user.id}`, address: '203.0.113.9' }
    const said = await recorded()
    expect(said).toMatchObject([
      ...Array(9).fill({ ...who, type: 'auth.refused', reason: 'wrong_password' }),
      { ...who, type: 'auth.locked', reason: 'wrong_password', outcome: 'refused' },
    ])
    expect(JSON.parse(said[9]?.details ?? '')).toEqual({
      bucket: 'name',
      until: Date.UTC(2026, 0, 1, 12, 15),
    })

    // Right or wrong, nobody looks; what remains is told, and asking costs nothing.
    expectResting(await guess(gate, 'ada', { secret: password }), 900)
    pass(10 * minute + 1)
    expectResting(await guess(gate, 'ada'), 300)
    expect(await recorded()).toMatchObject(
      Array(2).fill({ ...who, type: 'auth.refused', reason: 'account_locked' }),
    )
    pass(5 * minute - 1)
    expect((await guess(gate, 'ada', { secret: password })).status).toBe(200)
  })

  test('The tenth that is right signs in and clears everything', async () => {
    const { gate, query } = await openTestGate(kind)
    await visitor(gate).setUp()
    for (let round = 0; round < 3; round++) {
      expect(await guesses(gate, 'ada', 9)).not.toContain('account_locked')
      expect((await guess(gate, 'ada', { secret: password })).status).toBe(200)
    }
    expect(await query(`select id from attempts where username = 'ada'`)).toEqual([])
    // Of the address only the charges that proved right were taken back.
    expect(await query(`select count from attempts where id = 'address:203.0.113.9'`)).toEqual([
      { count: 27 },
    ])
  })

  test('A node that starts in mid-rest keeps what remains (R4.7, R5.3, P8, L6)', async () => {
    const open = await openTestGate(kind)
    await visitor(open.gate).setUp()
    await guesses(open.gate, 'ada', 10)
    open.pass(7 * minute)
    const again = await open.another()
    expectResting(await guess(again, 'ada', { secret: password }), 8 * 60)
    open.pass(8 * minute)
    expect((await guess(again, 'ada', { secret: password })).status).toBe(200)
  })

  test('On a trusted device the owner signs in while strangers rest, and they go on resting', async () => {
    const { gate, pass, recorded } = await openTestGate(kind)
    const ada = visitor(gate)
    await ada.setUp()
    await ada.send('POST', '/auth/logout')
    expect([...ada.jar.keys()]).toEqual(['__Host-device'])
    await guesses(gate, 'ada', 10)
    await recorded()
    const signed = await ada.logIn('ada')
    expect(signed.status).toBe(200)
    const [line] = await recorded()
    expect([line?.type, line?.device]).toEqual(['auth.signed_in', expect.stringMatching(/^.{22}$/)])
    expectResting(await guess(gate, 'ada', { secret: password }), 900)
    // Neither its address nor its name is charged for what is wrong there.
    expect((await ada.logIn('ada', wrong)).json.code).toBe('invalid_credentials')
    pass(15 * minute)
    expect((await guess(gate, 'ada', { secret: password })).status).toBe(200)
  })

  test('Ten wrong ones on a device, and it is trusted no more', async () => {
    const open = await openTestGate(kind)
    const { gate, pass, recorded, query } = open
    const ada = visitor(gate)
    await ada.setUp()
    await recorded()
    for (let n = 0; n < 9; n++) {
      expect((await ada.logIn('ada', wrong)).json.code).toBe('invalid_credentials')
      pass(20 * minute)
    }
    expectResting(await ada.logIn('ada', wrong), 1)
    const said = await recorded()
    expect(said.map(({ type }) => type)).toEqual([...Array(9).fill('auth.refused'), 'auth.locked'])
    expect(new Set(said.map(({ device }) => device)).size).toBe(1)
    expect(await query('select id from devices')).toEqual([])
    // A stranger now, like any other: ten more, then the name rests.
    const codes: string[] = []
    for (let n = 0; n < 10; n++) codes.push((await ada.logIn('ada', wrong)).json.code)
    expect(codes).toEqual(filling())
    pass(15 * minute)
    expect((await ada.logIn('ada')).status).toBe(200)
    expect(await query('select id from devices')).toHaveLength(1)
  })

  test('A hundred failures in a row need a trusted device or an administrator (LOCK-16)', async () => {
    const open = await openTestGate(kind, { lockout: { threshold: 10, perAddress: 1_000 } })
    const { gate, pass } = open
    const ada = visitor(gate)
    await ada.setUp()
    await ada.send('POST', '/auth/logout')
    for (let n = 0; n < 10; n++) {
      expect(await guesses(gate, 'ada', 10)).toEqual(filling())
      pass(day)
    }
    for (const later of [0, day, 100 * day]) {
      pass(later)
      expectResting(await guess(gate, 'ada', { secret: password }), 3600)
    }
    expect((await ada.logIn('ada')).status).toBe(200)
    expect((await guess(gate, 'ada', { secret: password })).status).toBe(200)
  })

  test('A guess nobody had the time for is not charged', async () => {
    const open = await openTestGate(kind)
    await visitor(open.gate).setUp()
    const world = await worldOf(open.database, () => Date.UTC(2026, 0, 1, 12))
    const busy: World = {
      ...world,
      hasher: { ...world.hasher, verify: async () => ({ ok: false, code: 'busy' }) },
    }
    const from = { address: '192.0.2.1', bucket: '192.0.2.1', userAgent: '', came: undefined }
    for (let n = 0; n < 40; n++) {
      const asked = { username: 'ada', password: wrong, remember: false }
      expect(await logIn(busy, asked, from)).toMatchObject({ code: 'busy' })
    }
    expect(await guesses(open.gate, 'ada', 10, '192.0.2.1')).toEqual(filling())
  })

  test('When the store cannot answer, no password is looked at (R4.11, R5.9)', async () => {
    const open = await openTestGate(kind)
    await visitor(open.gate).setUp()
    const world = await worldOf(open.database, () => Date.UTC(2026, 0, 1, 12))
    let looked = 0
    const away: World = {
      ...world,
      hasher: {
        ...world.hasher,
        verify: (...asked) => {
          looked += 1
          return world.hasher.verify(...asked)
        },
      },
      store: {
        ...world.store,
        step: async () => {
          throw new Unavailable('away')
        },
      },
    }
    const from = { address: '192.0.2.1', bucket: '192.0.2.1', userAgent: '', came: undefined }
    const asked = { username: 'ada', password, remember: false }
    await expect(logIn(away, asked, from)).rejects.toThrow(Unavailable)
    expect(looked).toBe(0)
  })

  test('Shown once more, wherever that is, ten wrong ones rest the session and not the name', async () => {
    const open = await openTestGate(kind)
    const [ada, elsewhere] = [visitor(open.gate), visitor(open.gate)]
    await ada.setUp()
    await elsewhere.logIn('ada')
    const stepUp = (secret: string, who = ada) =>
      who.send('POST', '/auth/step-up', { json: { password: secret } })
    const change = (secret: string) =>
      ada.send('POST', '/auth/change-password', {
        json: { currentPassword: secret, newPassword: 'quite another correct horse' },
      })
    const codes: string[] = []
    for (let n = 0; n < 9; n++)
      codes.push((await (n % 2 === 0 ? stepUp(wrong) : change(wrong))).json.code)
    expect(codes).toEqual(Array(9).fill('wrong_password'))
    expectResting(await change(wrong), 15 * 60)
    open.pass(5 * minute)
    expectResting(await stepUp(password), 10 * 60)
    expectResting(await change(password), 10 * 60)
    expect((await ada.send('GET', '/auth/me')).status).toBe(200)
    expect((await stepUp(password, elsewhere)).status).toBe(200)
    expect((await guess(open.gate, 'ada', { secret: password })).status).toBe(200)
    open.pass(10 * minute)
    expect((await stepUp(password)).status).toBe(200)
  })

  test('Shown once more, a password is charged to the session alone', async () => {
    const open = await openTestGate(kind)
    const { gate, recorded } = open
    await visitor(gate).setUp()
    let now = Date.UTC(2026, 0, 1, 12)
    const world = await worldOf(open.database, () => now)
    const from = { address: '192.0.2.1', bucket: '192.0.2.1', userAgent: '', came: undefined }
    const signed = await logIn(world, { username: 'ada', password, remember: false }, from)
    if (!signed.ok) throw new Error(signed.code)
    await recorded()
    const show = async (secret: string) => {
      const told = await proveAgain(world, signed, secret, from)
      return told.ok ? 'ok' : told.code
    }
    for (let n = 0; n < 9; n++) expect(await show(wrong)).toBe('wrong_password')
    expect(await show(password)).toBe('ok')
    for (let n = 0; n < 9; n++) expect(await show(wrong)).toBe('wrong_password')
    expect(await proveAgain(world, signed, wrong, from)).toMatchObject({
      code: 'account_locked',
      retryAfter: 15 * minute,
    })
    now += 5 * minute
    expect(await proveAgain(world, signed, password, from)).toMatchObject({
      code: 'account_locked',
      retryAfter: 10 * minute,
    })
    const said = await recorded()
    expect(said.map(({ type }) => type)).toEqual([
      ...Array(18).fill('password.refused'),
      'auth.locked',
    ])
    expect(new Set(said.map(({ session }) => session))).toEqual(new Set([signed.session.id]))
    // Neither the name nor the address knows of it, and another session has a bucket of its own.
    expect((await guess(gate, 'ada', { address: '192.0.2.1', secret: password })).status).toBe(200)
    const other = await logIn(world, { username: 'ada', password, remember: false }, from)
    expect(other.ok && (await proveAgain(world, other, password, from)).ok).toBe(true)
    now += 10 * minute
    expect(await show(password)).toBe('ok')
  })
})

describe('Devices', () => {
  test('are listed, forgotten, and know which of them is asking', async () => {
    const open = await openTestGate()
    const { gate, pass, recorded } = open
    const [one, two] = [visitor(gate), visitor(gate)]
    await one.setUp()
    pass(minute)
    await two.logIn('ada')
    await addPerson(open, 'bob')
    const bob = visitor(gate)
    await bob.logIn('bob')
    const bobs = (await bob.send('GET', '/auth/devices')).json.items as { id: string }[]

    const list = async () =>
      (await one.send('GET', '/auth/devices')).json.items as { id: string; current: boolean }[]
    const before = await list()
    expect(before).toEqual([
      {
        id: expect.any(String),
        browser: 'Firefox',
        os: 'Linux',
        kind: 'desktop',
        createdAt: '2026-01-01T12:01:00.000Z',
        lastUsedAt: '2026-01-01T12:01:00.000Z',
        current: false,
      },
      expect.objectContaining({ createdAt: '2026-01-01T12:00:00.000Z', current: true }),
    ])
    await recorded()
    for (const id of [bobs[0]?.id, 'A'.repeat(22)])
      expectRefused(await one.send('DELETE', `/auth/devices/${id}`), 404, 'not_found')
    expect(await recorded()).toEqual([])
    const [other] = before
    expect((await one.send('DELETE', `/auth/devices/${other?.id}`)).status).toBe(204)
    expect(await recorded()).toMatchObject([{ type: 'device.forgotten', outcome: 'success' }])
    expect(await list()).toEqual(before.slice(1))
    expectRefused(await one.send('DELETE', `/auth/devices/${other?.id}`), 404, 'not_found')

    // What was forgotten is a stranger; its session goes on, and a sign-in makes it another device.
    expect((await two.send('GET', '/auth/me')).status).toBe(200)
    await guesses(gate, 'ada', 10)
    expectResting(await two.logIn('ada'), 900)
    pass(15 * minute - 1)
    expect((await one.logIn('ada')).status).toBe(200)
    pass(1)
    await two.logIn('ada')
    expect((await list()).map(({ id }) => id)).not.toContain(other?.id)
  })

  test('go in pages', async () => {
    const { gate } = await openTestGate('sqlite', { session: { limit: 0 } })
    const ada = visitor(gate)
    await ada.setUp()
    for (let n = 0; n < 4; n++) await visitor(gate).logIn('ada')
    const seen: string[] = []
    let next: unknown = ''
    while (next !== null) {
      const query: string = next === '' ? '?limit=2' : `?limit=2&cursor=${next}`
      const page = await ada.send('GET', `/auth/devices${query}`)
      seen.push(...(page.json.items as { id: string }[]).map(({ id }) => id))
      next = page.json.nextCursor
    }
    expect([seen.length, new Set(seen).size]).toEqual([5, 5])
    expectRefused(await ada.send('GET', '/auth/devices?cursor=x'), 422, 'validation_failed')
  })

  test('are trusted for 180 days after their last sign-in, and not more than twenty', async () => {
    const { gate, pass, query } = await openTestGate('sqlite', { session: { limit: 0 } })
    const ada = visitor(gate)
    await ada.setUp()
    pass(179 * day)
    await ada.logIn('ada')
    pass(179 * day)
    await guesses(gate, 'ada', 10)
    expect((await ada.logIn('ada')).status).toBe(200)
    pass(180 * day)
    await guesses(gate, 'ada', 10)
    expectResting(await ada.logIn('ada'), 900)
    pass(day)
    for (let n = 0; n < 25; n++) await visitor(gate).logIn('ada')
    expect(await query('select id from devices')).toHaveLength(20)
  })

  test('are not made of a sign-in that must change its password first', async () => {
    const open = await openTestGate()
    await visitor(open.gate).setUp()
    await addPerson(open, 'eve', { mustChange: true })
    const eve = visitor(open.gate)
    expect((await eve.logIn('eve')).status).toBe(200)
    expect(eve.jar.has('__Host-device')).toBe(false)
    expectRefused(await eve.send('GET', '/auth/devices'), 403, 'password_change_required')
  })

  test('of somebody else trust nobody: the cookie is bound to its person', async () => {
    const open = await openTestGate()
    const ada = visitor(open.gate)
    await ada.setUp()
    await addPerson(open, 'bob')
    await visitor(open.gate).logIn('bob')
    await guesses(open.gate, 'bob', 10)
    expectResting(await ada.logIn('bob'), 900)
  })
})

describe.each(databases)('Administrators, on %s,', (kind) => {
  /** An owner, an administrator and a member, each signed in. */
  async function peopled() {
    const open = await openTestGate(kind, { lockout: { perAddress: 1_000 } })
    const owner = visitor(open.gate)
    const { id } = (await owner.setUp()).json.user
    const adminId = await addPerson(open, 'root', { role: 'admin' })
    const memberId = await addPerson(open, 'bob')
    const [admin, member] = [visitor(open.gate), visitor(open.gate)]
    await admin.logIn('root')
    await member.logIn('bob')
    await open.recorded()
    return { ...open, owner, admin, member, ids: { owner: id, admin: adminId, member: memberId } }
  }

  test('see which names rest, until when, how often and from how many addresses', async () => {
    const { gate, admin, member, pass } = await peopled()
    expect((await admin.send('GET', '/lockouts')).json).toEqual({ items: [], nextCursor: null })
    for (let n = 0; n < 10; n++) await guess(gate, 'bob', { address: `203.0.113.${n % 4}` })
    pass(minute)
    await guesses(gate, 'ada', 10)
    await guesses(gate, 'nobody', 10)
    await guesses(gate, 'root', 9)
    const at = (name: string, until: string, addresses: number) => ({
      username: name,
      until,
      count: 10,
      addresses,
    })
    const [ada, bob] = [
      at('ada', '2026-01-01T12:16:00.000Z', 1),
      at('bob', '2026-01-01T12:15:00.000Z', 4),
    ]
    expect((await admin.send('GET', '/lockouts')).json).toEqual({
      items: [ada, bob],
      nextCursor: null,
    })
    const first = await admin.send('GET', '/lockouts?limit=1')
    expect(first.json.items).toEqual([ada])
    const second = await admin.send('GET', `/lockouts?limit=1&cursor=${first.json.nextCursor}`)
    expect(second.json).toEqual({ items: [bob], nextCursor: null })
    expectRefused(await member.send('GET', '/lockouts'), 403, 'forbidden')
    expectRefused(await visitor(gate).send('GET', '/lockouts'), 401, 'not_authenticated')
    pass(15 * minute)
    await admin.logIn('root')
    expect((await admin.send('GET', '/lockouts')).json.items).toEqual([])
  })

  test('a name rests for whoever it is: not for its next one, and listed from his first day', async () => {
    const { gate, owner, ids } = await peopled()
    const names = async () => {
      const { items } = (await owner.send('GET', '/lockouts')).json
      return (items as { username: string }[]).map(({ username }) => username)
    }
    await guesses(gate, 'bob', 10)
    await guesses(gate, 'nobody', 10)
    expect(await names()).toEqual(['bob'])
    expect((await owner.send('DELETE', `/users/${ids.member}`)).status).toBe(204)
    expect(await names()).toEqual([])
    for (const username of ['bob', 'nobody']) {
      const json = { username, role: 'member', password: 'nine green lanterns over the harbour' }
      expect((await owner.send('POST', '/users', { json })).status).toBe(201)
    }
    expect(await names()).toEqual(['nobody'])
    const secret = 'nine green lanterns over the harbour'
    expect((await guess(gate, 'bob', { secret })).status).toBe(200)
    expectResting(await guess(gate, 'nobody', { secret }), 900)
  })

  test('unlock a name, of nobody above them', async () => {
    const { gate, admin, member, ids, recorded, pass } = await peopled()
    await guesses(gate, 'bob', 10)
    await recorded()
    expectRefused(await member.send('POST', `/users/${ids.member}/unlock`), 403, 'forbidden')
    expectRefused(await admin.send('POST', `/users/${ids.owner}/unlock`), 403, 'forbidden')
    expectRefused(await admin.send('POST', `/users/${'A'.repeat(22)}/unlock`), 404, 'not_found')
    expect((await recorded()).map(({ type, actor }) => [type, actor])).toEqual([
      ['access.refused', `user:${ids.member}`],
      ['access.refused', `user:${ids.admin}`],
    ])
    expect((await admin.send('POST', `/users/${ids.member}/unlock`)).status).toBe(204)
    expect(await recorded()).toMatchObject([
      { type: 'auth.unlocked', actor: `user:${ids.admin}`, subject: `user:${ids.member}` },
    ])
    expect((await guess(gate, 'bob', { secret: password })).status).toBe(200)
    // There is nothing to lift, and nothing to tell of it.
    await recorded()
    expect((await admin.send('POST', `/users/${ids.member}/unlock`)).status).toBe(204)
    expect(await recorded()).toEqual([])
    // The doubling is over as well.
    await guesses(gate, 'bob', 10)
    expectResting(await guess(gate, 'bob'), 900)
    pass(15 * minute)
    await guesses(gate, 'bob', 10)
    expectResting(await guess(gate, 'bob'), 1800)
  })

  test('end what a hundred failures began', async () => {
    const { gate, admin, ids, pass, recorded } = await peopled()
    for (let n = 0; n < 10; n++) {
      await guesses(gate, 'bob', 10)
      pass(61 * minute)
    }
    expect(evaluated(await recorded())).toBe(100)
    await admin.logIn('root')
    expect((await admin.send('GET', '/lockouts')).json.items).toEqual([
      { username: 'bob', until: null, count: 100, addresses: 1 },
    ])
    expectResting(await guess(gate, 'bob', { secret: password }), 3600)
    expect((await admin.send('POST', `/users/${ids.member}/unlock`)).status).toBe(204)
    expect((await guess(gate, 'bob', { secret: password })).status).toBe(200)
  })
})
