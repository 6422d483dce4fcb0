/**
 * What is open or held by programs when the root secret changes: a rotation touches none of it, an
 * emergency ends what hangs on sessions and leaves API keys, which are kept by a digest and not derived.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { minute } from '../src/rules/time.ts'
import { databases } from './gate/gate.ts'
import { issue, program } from './gate/keys.ts'
import { expectRefused } from './gate/refusal.ts'
import { openRing } from './gate/ring.ts'
import { dial, listening, ticketOf } from './gate/sockets.ts'
import { visitor } from './gate/visitor.ts'

describe.each(databases)('on %s', (kind) => {
  test('a socket stays open over a rotation, and is closed by an emergency', async () => {
    const { gate, rotate } = await openRing(kind)
    const ada = visitor(gate)
    await ada.setUp()
    const { port } = await listening(gate)
    const one = await dial(port, { ticket: await ticketOf(ada) })
    const pending = await ticketOf(ada)
    await rotate()
    const other = await dial(port, { ticket: pending })
    expect([one.status, other.status]).toEqual([101, 101])
    one.say({ action: 'subscribe', channels: ['nothing'] })
    await one.hears(({ action }) => action === 'subscribed')

    const late = await ticketOf(ada)
    await rotate(true)
    for (const { closed } of [one, other])
      expect(await closed).toMatchObject({ code: 4401, reason: 'restored' })
    expect((await dial(port, { ticket: late })).status).toBe(401)
  })

  test('an API key outlives rotation and emergency; the secret it is kept under is needed', async () => {
    const open = await openRing(kind)
    const { gate, another, operator, rotate, older, file, pass, now } = open
    const ada = visitor(gate)
    await ada.setUp()
    const { secret: idle } = await issue({ now }, ada)
    const { secret } = await issue({ now }, ada)
    const { met } = await operator.secretStatus()
    await rotate()
    await rotate(true)
    pass(2 * minute)
    await visitor(gate).logIn('ada')
    const use = program(gate, secret)
    expect((await use('GET', '/users')).status).toBe(200)
    // The one that was used is kept under the secret in use; the other waits for that.
    const needed = () =>
      older().then((all) => all.map(({ uses }) => [uses.keys.count, uses.passwords]))
    expect(await needed()).toEqual([
      [0, 0],
      [1, 0],
    ])
    await expect(operator.retireSecret(met ?? '')).rejects.toThrow('still needed')

    const lines = readFileSync(file, 'utf8').split('\n')
    writeFileSync(file, lines.slice(0, 2).join('\n'))
    await expect(another({ secretFile: file })).rejects.toThrow('API keys: 1')
    writeFileSync(file, lines.join('\n'))
    expect((await program(gate, idle)('GET', '/users')).status).toBe(200)
    await operator.retireSecret(met ?? '')
    await gate.lookAtSecret()
    expect((await program(gate, idle)('GET', '/users')).status).toBe(200)
    expectRefused(await program(gate, `${idle}x`)('GET', '/users'), 401, 'not_authenticated')
  })
})
