/**
 * Guesses over rotations of the root secret: no rest begins anew, no count is forgotten, and what was
 * charged under a root that has gone out of use is not looked at.
 *
 * @module
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { logIn } from '../src/flows/log-in.ts'
import { openOperator, saidIn } from '../src/index.ts'
import type { World } from '../src/ports.ts'
import { deriveKeys, rootOf } from '../src/rules/keys.ts'
import { parseSecret } from '../src/rules/root-secret.ts'
import { day, minute } from '../src/rules/time.ts'
import { openWorld } from '../src/world.ts'
import { databases, noLimits, openTestGate, origin, secret } from './gate/gate.ts'
import { expectResting, filling, guess, guesses } from './gate/guesses.ts'
import { addPerson } from './gate/people.ts'
import { expectRefused } from './gate/refusal.ts'
import { openRing } from './gate/ring.ts'
import { password, visitor } from './gate/visitor.ts'

describe.each(databases)('on %s', (kind) => {
  test.each([
    ['a rotation', false],
    ['an emergency', true],
  ])('a rest goes on after %s, of a known name and of an unknown one', async (_, leaked) => {
    const { gate, pass, rotate, query } = await openRing(kind, { lockout: { perAddress: 100 } })
    const ada = visitor(gate)
    await ada.setUp()
    const device = ada.jar.get('__Host-device') ?? ''
    for (const name of ['ada', 'nobody']) expect(await guesses(gate, name, 10)).toEqual(filling())
    expect(await guesses(gate, 'eve', 4)).toEqual(Array(4).fill('invalid_credentials'))
    pass(5 * minute)
    await rotate(leaked)

    for (const name of ['ada', 'nobody'])
      expectResting(await guess(gate, name, { secret: password }), 10 * 60)
    // A half-filled one is filled by what is missing.
    expect(await guesses(gate, 'eve', 6)).toEqual(filling(6))
    const buckets = await query("select count from attempts where id like 'name:%'")
    expect(buckets.map(({ count }) => count)).toEqual([10, 10, 10])

    // The trusted device still is one, unless the secret it was made under has leaked.
    const known = visitor(gate)
    known.jar.set('__Host-device', device)
    const signed = await known.logIn('ada')
    expect(signed.status).toBe(leaked ? 429 : 200)
    if (!leaked) expect(known.jar.get('__Host-device')).not.toBe(device)

    // The rest after it is the second one, twice as long.
    pass(15 * minute)
    expect((await guesses(gate, 'nobody', 10)).at(-1)).toBe('account_locked')
    expectResting(await guess(gate, 'nobody'), 30 * 60)
  })

  test('an administrator unlocks a name that rested before a rotation', async () => {
    const { gate, rotate, query } = await openRing(kind)
    const ada = visitor(gate)
    await ada.setUp()
    const eve = await addPerson({ query }, 'eve')
    await guesses(gate, 'eve', 10)
    await rotate()
    expect((await ada.send('GET', '/lockouts')).json.items).toHaveLength(1)
    expect((await ada.send('POST', `/users/${eve}/unlock`)).status).toBe(204)
    expect((await guess(gate, 'eve', { secret: password })).status).toBe(200)
  })

  test('failures in a row are counted on when the secret they were counted under is retired', async () => {
    const { gate, operator, pass, rotate, query, file } = await openRing(kind)
    await visitor(gate).setUp()
    await addPerson({ query }, 'eve', { passwordless: true })
    // As many as are remembered until nothing is left that the secret is needed for.
    for (let n = 0; n < 3; n++) {
      await guesses(gate, 'eve', 9)
      pass(31 * minute)
    }
    const { met } = await operator.secretStatus()
    await rotate()
    const ada = visitor(gate)
    await ada.logIn('ada')
    pass(181 * day)
    await operator.retireSecret(met ?? '')
    expect(readFileSync(file, 'utf8')).toContain('audit-only')
    await gate.lookAtSecret()
    await guess(gate, 'eve')
    const kept = await query("select count, failures from attempts where username = 'eve'")
    expect(kept).toEqual([{ count: 1, failures: 28 }])
  })

  test('a node that is behind looks at no guess and leaves none charged', async () => {
    const { gate, another, otherFile, file, rotate, query } = await openRing(kind)
    const late = await another({ secretFile: otherFile })
    await visitor(gate).setUp()
    await guesses(gate, 'ada', 9)
    await rotate()
    await guess(gate, 'nobody')
    for (let n = 0; n < 3; n++) expectRefused(await guess(late, 'ada'), 503, 'unavailable')
    expect(await guesses(gate, 'ada', 1)).toEqual(['account_locked'])
    for (let n = 0; n < 12; n++)
      expectRefused(await guess(late, 'ada', { secret: password }), 503, 'unavailable')
    copyFileSync(file, otherFile)
    await late.lookAtSecret()
    expectResting(await guess(late, 'ada', { secret: password }), 15 * 60)
    expect(await query("select id from attempts where username = 'ada'")).toHaveLength(1)
  })

  test('a guess between whose charge and whose look the secret changed is not looked at', async () => {
    const { gate, database, query } = await openTestGate(kind)
    await visitor(gate).setUp()
    const said = saidIn({ publicOrigin: origin, database, secret, limits: noLimits })
    const { world, close } = await openWorld(said, undefined)
    onTestFinished(close)
    const before = parseSecret(secret)
    if (!before.ok) throw new Error(before.complaint)
    const verify = [rootOf(before.secret)]
    const active = rootOf(Buffer.alloc(32, 'another'))
    const rotated = deriveKeys({ active, verify }, world.instanceId)
    let { keys } = world
    expect(rotated.ids).toContain(keys.ids[0])
    let looked = 0
    const turning: World = Object.create(world, {
      keys: { get: () => keys },
      store: {
        value: {
          ...world.store,
          async step(...asked: Parameters<World['store']['step']>) {
            const done = await world.store.step(...asked)
            keys = rotated
            return done
          },
        },
      },
      hasher: {
        value: {
          ...world.hasher,
          async verify(...asked: Parameters<World['hasher']['verify']>) {
            looked += 1
            return world.hasher.verify(...asked)
          },
        },
      },
    })
    const from = { address: '192.0.2.1', bucket: '192.0.2.1', userAgent: '', came: undefined }
    const asked = { username: 'ada', password: 'wrong', remember: false }
    const done = await logIn(turning, asked, from)
    expect(done).toMatchObject({ ok: false, code: 'unavailable' })
    expect(looked).toBe(0)
    expect(await query("select count from attempts where id like 'name:%'")).toEqual([{ count: 0 }])
  })

  test('a temporary password outlives a rotation, and is void after an emergency', async () => {
    const { gate, rotate } = await openRing(kind)
    const ada = visitor(gate)
    await ada.setUp()
    const added = await ada.send('POST', '/users', { json: { username: 'eve', role: 'member' } })
    const given = String(added.json.temporaryPassword)
    await rotate()
    const signed = await visitor(gate).logIn('eve', given)
    expect([signed.status, signed.json.user.mustChangePassword]).toEqual([200, true])
    await rotate(true)
    expectRefused(await visitor(gate).logIn('eve', given), 401, 'invalid_credentials')
    const again = visitor(gate)
    expect((await again.logIn('ada')).status).toBe(200)
    const { id } = added.json.user as { id: string }
    const anew = await again.send('POST', `/users/${id}/reset-password`)
    const other = String(anew.json.temporaryPassword)
    expect((await visitor(gate).logIn('eve', other)).status).toBe(200)
  })

  test('a secret that passwords need cannot be left out; one that is lost is given up in words', async () => {
    const { gate, another, operator, database, query, rotate, file, told, recorded, pass } =
      await openRing(kind)
    await visitor(gate).setUp()
    const eve = await addPerson({ query }, 'eve')
    const { met: first } = await operator.secretStatus()
    await rotate()
    pass(minute)
    // Of two who have one password, one has signed in since.
    await visitor(gate).logIn('ada')
    const whole = readFileSync(file, 'utf8')
    const [active = ''] = whole.split('\n')

    for (const left of [active, `${active}\naudit-only: ${secret}`]) {
      writeFileSync(file, `${left}\n`)
      const missing = `root secret ${first} is not there, and still needed: passwords kept under it: 1; API`
      await expect(another({ secretFile: file })).rejects.toThrow(missing)
      told.length = 0
      await gate.lookAtSecret()
      expect(told).toEqual([
        { chore: 'secret', is: 'refused', complaints: [expect.stringContaining(missing)] },
      ])
      // It goes on with the ring it has.
      expect((await visitor(gate).logIn('ada')).status).toBe(200)
    }
    writeFileSync(file, `${active}\npasswords-only: ${secret}\n`)
    await another({ secretFile: file })
    await expect(operator.giveUpSecret(first ?? '')).rejects.toThrow('is not lost')

    writeFileSync(file, `${active}\n`)
    await expect(operator.giveUpSecret('whatever')).rejects.toThrow('no secret whatever')
    await recorded()
    expect((await operator.giveUpSecret(first ?? '')).uses.passwords).toBe(1)
    expect(await recorded()).toMatchObject([
      {
        type: 'secret.retired',
        actor: 'operator:grace',
        subject: `secret:${first}`,
        reason: 'lost',
        details: '{"passwords":1,"keys":0}',
      },
    ])
    const node = await another({ secretFile: file })
    expectRefused(await visitor(node).logIn('eve'), 401, 'invalid_credentials')
    const ada = visitor(node)
    await ada.logIn('ada')
    const anew = await ada.send('POST', `/users/${eve}/reset-password`)
    const given = String(anew.json.temporaryPassword)
    expect((await visitor(node).logIn('eve', given)).status).toBe(200)
    const said = saidIn({ publicOrigin: origin, database, secretFile: file })
    const later = await openOperator(said, 'operator:grace')
    onTestFinished(() => later.close())
    await expect(later.giveUpSecret(first ?? '')).rejects.toThrow('retired already')
  })

  test('a page that was begun before a rotation is read on after it', async () => {
    const { gate, rotate, query } = await openRing(kind)
    const ada = visitor(gate)
    await ada.setUp()
    for (const name of ['eve', 'mallory']) await addPerson({ query }, name)
    const first = await ada.send('GET', '/users?limit=2')
    await rotate()
    const next = await ada.send('GET', `/users?limit=2&cursor=${first.json.nextCursor}`)
    expect([next.status, (next.json.items as unknown[]).length]).toEqual([200, 1])
  })
})
